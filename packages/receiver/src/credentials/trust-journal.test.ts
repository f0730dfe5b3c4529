// Each change of seg.yaml that decides about trust is one entry of the log.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadTrust, loadTrustPolicy } from '@seg/pki'
import t from 'tap'
import { makeCerts, makeFolder, openTestLedger, senderId } from '../testing/gateway.ts'
import { readTrust } from './read-trust.ts'
import { recordTrustChanges } from './trust-journal.ts'

const authority = (more = '') => `
trust:
  mode: listed
  authorities:
    gov: { anchors: ca.crt${more} }
`
const partner = (more = '') => `
partners:
  - id: ${senderId}${more}
    certificates: [{ for: [tls, sign], authority: gov, subject: { CN: "${senderId}" } }]
`

/** The file, as it is changed step by step, and what the log has of each. */
const steps = [
  ['', []],
  [authority() + partner(), ['trust-mode listed', 'authority-added gov', `partner-added ${senderId}`]],
  [authority() + partner(), []],
  [authority() + partner('\n    name: Ministry 1'), [`partner-changed ${senderId}`]],
  [authority() + partner('\n    state: suspended'), [`partner-changed ${senderId}`, `partner-suspended ${senderId}`]],
  [authority() + partner(), [`partner-resumed ${senderId}`]],
  [authority(', until: 2099-01-01') + partner(), ['authority-changed gov']],
  [authority(), ['authority-changed gov', `partner-removed ${senderId}`]],
  [authority() + partner('\n    state: suspended'), [`partner-added ${senderId}`, `partner-suspended ${senderId}`]],
  ['', ['trust-mode ca', 'authority-removed gov', `partner-removed ${senderId}`]],
] as const

t.test('each change of trust is an entry of the log, and nothing else is', async t => {
  const [certs, data] = [await makeCerts(t), await makeFolder(t)]
  const ledger = await openTestLedger(certs, data)
  t.teardown(() => ledger.close())
  const trust = await loadTrust(certs)
  const file = join(certs, 'seg.yaml')
  for (const [text, expected] of steps) {
    await writeFile(file, `# a comment\n${text}`)
    const { record } = await readTrust(file)
    const policy = await loadTrustPolicy(record, trust, { certs, file })
    const acts = await recordTrustChanges(ledger, data, { record, policy }, new Date(), 'operator')
    t.same(acts.map(({ action, subject }) => `${action} ${subject}`).sort(), [...expected].sort())
  }
  const size = await ledger.log.size()
  const events = await Promise.all(Array.from({ length: size }, (_, index) => ledger.event(index)))
  const actions = events.flatMap(event => (event?.type === 'admin' ? [`${event.action} ${event.subject}`] : []))
  t.same(actions.toSorted(), steps.flatMap(([, expected]) => expected).toSorted())
})
