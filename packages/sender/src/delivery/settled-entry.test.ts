import t from 'tap'
import { faultOf } from './settled-entry.ts'

type Entry = Parameters<typeof faultOf>[0]
const entry = (rest: object) => ({ number: 7, tries: 2, ...rest }) as Entry
const reason = { code: 'overloaded', detail: 'busy', at: 0 }

t.test('an entry that ended without a receipt says how, and what the last try met', async t => {
  t.match(faultOf(entry({ state: 'cancelled' })), { code: 'delivery-cancelled', detail: /^number 7 .* was cancelled$/ })
  t.match(faultOf(entry({ state: 'expired', reason })), {
    code: 'delivery-expired',
    detail: /expired; the last of 2 tries: overloaded: busy$/,
  })
  t.match(faultOf(entry({ state: 'refused', reason: { ...reason, code: 'sender-mismatch' } })), {
    code: 'delivery-refused',
    problem: { code: 'sender-mismatch', sentence: 'busy' },
  })
  t.match(faultOf(entry({ state: 'refused' })), { problem: { code: 'delivery-refused' } })
})
