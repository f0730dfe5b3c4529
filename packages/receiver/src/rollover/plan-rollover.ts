// Whether an announced certificate may follow the present one, and what that makes of the partner's
// record. It must lead where the present one does: to the same authority, or to none where the
// record pins it without one.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import {
  type CertificateRule,
  type CertificateUse,
  meetsRule,
  type Partner,
  recognize,
  type TrustPolicy,
  withPartner,
} from '@seg/pki'
import type { Announcement } from '@seg/xmldsig'

/** By what the announcing partner is known now, for each use. */
export type Present = Readonly<Record<CertificateUse, readonly X509Certificate[]>>

/** The rules of the record as they become; each as the one at `of` in the present record. */
export type ChangedRule = { readonly of: number; readonly rule: CertificateRule }

/** Undefined: the record as it is recognizes the certificate. */
export type RolloverPlan = readonly ChangedRule[] | undefined

const DAY = 86_400_000
/** Milliseconds ahead of the present, and of overlap. */
const [FARTHEST, LONGEST] = [90 * DAY, 400 * DAY]
const MOST_RULES = 16

/** Throws the Fault `rollover-malformed` for times that do not hold. */
export function checkTimes({ from, until, certificate }: Announcement, now: Date): void {
  const [at, notAfter] = [now.getTime(), certificate.validToDate.getTime()]
  const show = (time: number) => new Date(time).toISOString()
  const fail = (detail: string): never => {
    throw new Fault('rollover-malformed', detail)
  }
  if (!(until > at)) fail(`expected an Until after ${show(at)}, found ${show(until)}`)
  if (!(from < until)) fail(`expected a From before Until, ${show(until)}, found ${show(from)}`)
  if (from > at + FARTHEST) fail(`expected a From within 90 days of ${show(at)}, found ${show(from)}`)
  if (until - Math.max(from, at) > LONGEST) fail(`expected an overlap of 400 days at the most, until ${show(until)}`)
  if (!(notAfter > until)) fail(`expected a certificate that is valid beyond Until, ${show(until)}`)
}

/**
 * Throws the Faults `rollover-certificate`, and `revocation-unknown` when its authority has not
 * said yet whether it is revoked.
 */
export function planRollover(
  announcement: Announcement,
  id: string,
  present: Present,
  policy: TrustPolicy,
  now: Date,
): RolloverPlan {
  const { certificate, uses } = announcement
  for (const use of uses)
    if (present[use][0]!.raw.equals(certificate.raw)) throw unfit(certificate, `it is the present one for ${use}`)
  if (uses.every(use => isRecognized(announcement, use, id, present, policy, now).ok)) return undefined
  const record = policy.partnerOf.get(id)
  if (policy.mode === 'ca' || record === undefined) throw notRecognized(announcement, id, present, policy, now)
  const changed = replacePins(announcement, record, present, now)
  const rules = changed.map(({ rule }) => rule)
  if (rules.length > MOST_RULES)
    throw unfit(certificate, `the record of ${quote(id)} would have ${rules.length} certificates, more than 16`)
  const after: Partner = { ...record, certificates: rules }
  throwUnless(announcement, id, present, withPartner(policy, after), now)
  return changed
}

/** Pins of the present certificate end, and the same with the next one's digest begin. */
function replacePins({ uses, from, until, certificate }: Announcement, record: Partner, present: Present, now: Date) {
  const at = now.getTime()
  return record.certificates.flatMap((rule, of): ChangedRule[] => {
    const named = rule.uses.filter(use => uses.includes(use))
    const authorities = rule.authority === undefined ? [] : [rule.authority]
    const isPin = rule.sha256 !== undefined || rule.spki !== undefined
    const isPresent = named.some(use => meetsRule(present[use][0]!, authorities, rule))
    // One that ends was replaced before: a thief of its key must not outlive it.
    const isLast = rule.from <= at && rule.until === Number.POSITIVE_INFINITY
    if (!isPin || !isPresent || !isLast) return [{ of, rule }]
    const others = rule.uses.filter(use => !uses.includes(use))
    return [
      ...(others.length > 0 ? [{ of, rule: { ...rule, uses: others } }] : []),
      { of, rule: { ...rule, uses: named, until } },
      {
        of,
        rule: { ...rule, uses: named, sha256: certificate.fingerprint256, spki: undefined, from, until: Infinity },
      },
    ]
  })
}

function throwUnless(announcement: Announcement, id: string, present: Present, policy: TrustPolicy, now: Date): void {
  if (announcement.uses.every(use => isRecognized(announcement, use, id, present, policy, now).ok)) return
  throw notRecognized(announcement, id, present, policy, now)
}

type Judged = { readonly ok: true } | { readonly ok: false; readonly fault: Fault }

/** When it begins to count; one that is valid later is judged as of then. */
function isRecognized(
  { certificate, from }: Announcement,
  use: CertificateUse,
  id: string,
  present: Present,
  policy: TrustPolicy,
  now: Date,
): Judged {
  const at = new Date(Math.max(now.getTime(), from, certificate.validFromDate.getTime()))
  const found = recognize({ leaf: certificate, presented: present[use].slice(1) }, use, policy, at)
  if (found.kind !== 'partner') return { ok: false, fault: found.fault }
  if (found.id !== id) return { ok: false, fault: unfit(certificate, `it is that of ${quote(found.id)}`) }
  if (use === 'sign' && !found.maySign) return { ok: false, fault: unfit(certificate, 'it is for tls alone') }
  return { ok: true }
}

function notRecognized(
  announcement: Announcement,
  id: string,
  present: Present,
  policy: TrustPolicy,
  now: Date,
): Fault {
  for (const use of announcement.uses) {
    const found = isRecognized(announcement, use, id, present, policy, now)
    if (found.ok) continue
    const { fault } = found
    if (fault.code === 'revocation-unknown' || fault.code === 'rollover-certificate') return fault
    return new Fault('rollover-certificate', `for ${use}: ${fault.code}: ${fault.detail}`, { cause: fault })
  }
  throw new TypeError('a certificate that is recognized was refused')
}

function unfit({ subject, fingerprint256 }: X509Certificate, reason: string): Fault {
  return new Fault('rollover-certificate', `${quote(subject)} (SHA-256 ${fingerprint256}): ${reason}`)
}
