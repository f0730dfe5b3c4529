import t from 'tap'
import type { Gate } from '../gate.ts'
import {
  type AddressedDocument,
  checkParties,
  checkTimestamp,
  findEarlier,
  type RetrySafeDocument,
  type SignedDocument,
  type TimelyDocument,
} from './admission.ts'
import { confirmDocument } from './confirm-document.ts'
import type { ReceivedDocument } from './receive-document.ts'
import { recordDocument } from './record-document.ts'

/** Never called: it is the compiler that this tests. */
export function skipChecks(
  received: ReceivedDocument,
  signed: SignedDocument,
  addressed: AddressedDocument,
  fresh: RetrySafeDocument,
  timely: TimelyDocument,
  gate: Gate,
): void {
  // @ts-expect-error the signature is not verified
  checkParties({ received, facts: signed.facts }, 'us')
  // @ts-expect-error the parties are not checked
  findEarlier(signed, gate)
  // @ts-expect-error the store is not asked
  checkTimestamp(addressed, new Date(), 300)
  // @ts-expect-error the timestamp is not checked
  confirmDocument(fresh, gate)
  // @ts-expect-error the second opinion is not asked
  recordDocument(timely, gate)
}

t.test('names the times it compared, in the log only', async t => {
  const now = new Date('2026-01-01T00:10:00Z')
  const facts = { timestamp: '2026-01-01T00:00:00Z', signedAt: Date.parse('2026-01-01T00:00:00Z') }
  const document = { facts } as RetrySafeDocument
  t.throws(() => checkTimestamp(document, now, 300), {
    code: 'timestamp-stale',
    detail: 'expected a time within 300 s of 2026-01-01T00:10:00.000Z, found 2026-01-01T00:00:00Z, 600 s before',
  })
})
