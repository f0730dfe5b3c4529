// An announced certificate goes into the partner's record in the configuration file, which a
// running receiver follows.
import {
  type ConfigurationFile,
  changeConfigurationFile,
  changeRecord,
  Fault,
  findRecord,
  parseConfiguration,
  quote,
} from '@seg/core'
import { type CertificateRule, recognize, type TrustPolicy, withPartner } from '@seg/pki'
import { parseTrust } from '../credentials/read-trust.ts'
import type { Received } from './announcements.ts'
import { type ChangedRule, checkTimes, planRollover } from './plan-rollover.ts'

/**
 * Judged once more, by the record as it stands there. Throws the Faults of `planRollover` and
 * `checkTimes`, those of a partner or certificate that is not good any more, and
 * `configuration` and `file-unreadable`.
 */
export async function takeCertificate(file: string, received: Received, policy: TrustPolicy, now: Date): Promise<void> {
  await changeConfigurationFile(file, before => {
    const { sender, announcement, present } = received
    const { record } = parseTrust(before)
    const known = record.partners.find(({ id }) => id === sender)
    const asWritten = known === undefined ? policy : withPartner(policy, known)
    checkPresent(received, asWritten, now)
    checkTimes(announcement, now)
    const plan = planRollover(announcement, sender, present, asWritten, now)
    if (plan === undefined) return before.text
    const text = writeRules(before, sender, plan)
    parseTrust(parseConfiguration(before.path, text))
    return text
  })
}

/** What announced it must still be good: not suspended, revoked or replaced. */
function checkPresent({ sender, announcement, present }: Received, policy: TrustPolicy, now: Date): void {
  for (const use of announcement.uses) {
    const [leaf, ...presented] = present[use]
    const found = recognize({ leaf: leaf!, presented }, use, policy, now)
    if (found.kind !== 'partner') throw found.fault
    if (found.id !== sender)
      throw new Fault('sender-mismatch', `the present certificate is that of ${quote(found.id)} now`)
  }
}

type Value = Record<string, unknown>

function writeRules({ path, text }: ConfigurationFile, id: string, plan: readonly ChangedRule[]): string {
  const record = findRecord(parseConfiguration(path, text), 'partners', id) as Value
  const written = record.certificates as readonly Value[]
  const certificates = plan.map(({ of, rule }) => writeRule(written[of]!, rule))
  return changeRecord(text, { list: ['partners'], id, record: { ...record, certificates } })
}

/** What has not changed stays as it is written. */
function writeRule({ spki, until, from, ...written }: Value, rule: CertificateRule): Value {
  const time = (value: number) => new Date(value).toISOString()
  return {
    ...written,
    for: [...rule.uses],
    ...(rule.sha256 !== undefined && { sha256: rule.sha256 }),
    ...(rule.spki !== undefined && { spki }),
    ...(Number.isFinite(rule.from) && { from: time(rule.from) }),
    ...(Number.isFinite(rule.until) && { until: time(rule.until) }),
  }
}
