// The one checker of every certificate that is relied on: of a peer, of a seal, our own. Issued by
// a CA that is listed, made for its use, in date at the time that counts, naming one gateway (RFC
// 5280 6.1, for a path of one certificate under the CA).
import type { X509Certificate } from 'node:crypto'
import { Fault, type FaultCode, quote } from '@seg/core'
import { type GatewayProfile, profiles } from '../issuing/profiles.ts'
import type { Trust } from '../trust.ts'
import { checkConstraints, type GatewayAuthority, readGatewayCertificate } from './certificate-form.ts'

/** Milliseconds since 1970; both ends belong to it. */
type Period = { readonly name: string; readonly from: number; readonly to: number }

/**
 * What does not change with the time: a certificate's own dates and those of the CA certificates
 * that issued it, or why it never counts.
 */
type Verdict =
  | { readonly own: Period; readonly issuers: readonly Period[] }
  | { readonly code: FaultCode; readonly detail: string }

type Known = { readonly profile: GatewayProfile; readonly trust: Trust; readonly verdict: Verdict }

/**
 * With each request of a connection the same object is asked about; with each receipt, another of
 * the same octets.
 */
const latest = new WeakMap<X509Certificate, Known>()
const byFingerprint = new WeakMap<Trust, Map<string, Verdict>>()
const REMEMBERED = 1024

/**
 * Whether a certificate may be relied on now: for a connection, and for what is sealed or signed
 * while we watch. Throws the Faults `certificate-invalid` (issuer, dates, form) and
 * `certificate-purpose`.
 */
export function checkCertificate(certificate: X509Certificate, profile: GatewayProfile, trust: Trust, now: Date): void {
  const { own, issuers } = verdictOf(certificate, profile, trust)
  const time = now.getTime()
  checkPeriod(own, time)
  if (!issuers.some(issuer => isWithin(issuer, time))) checkPeriod(issuers[0]!, time)
}

/**
 * Whether a certificate could be relied on at a time that is over: for what was signed then. A CA
 * certificate counts up to its end, and before its start as well: one that was renewed with the
 * same name and key is the same authority (docs/decisions/0009). Throws as `checkCertificate` does.
 */
export function checkCertificateAt(
  certificate: X509Certificate,
  profile: GatewayProfile,
  trust: Trust,
  at: Date,
): void {
  const { own, issuers } = verdictOf(certificate, profile, trust)
  const time = at.getTime()
  checkPeriod(own, time)
  if (!issuers.some(({ to }) => time <= to)) checkPeriod(issuers[0]!, time)
}

/** An end or a time that is no date lies within nothing. */
function isWithin({ from, to }: Pick<Period, 'from' | 'to'>, time: number): boolean {
  return from <= time && time <= to
}

function checkPeriod(period: Period, time: number): void {
  if (isWithin(period, time)) return
  const { name, from, to } = period
  throw new Fault('certificate-invalid', `${name} is valid from ${show(from)} to ${show(to)}; it is ${show(time)}`)
}

function show(time: number): string {
  return Number.isNaN(time) ? 'no date' : new Date(time).toISOString()
}

function verdictOf(certificate: X509Certificate, profile: GatewayProfile, trust: Trust) {
  const known = latest.get(certificate)
  const isKnown = known?.profile === profile && known.trust === trust
  const verdict = isKnown ? known.verdict : recall(certificate, profile, trust)
  if (!isKnown) latest.set(certificate, { profile, trust, verdict })
  if ('code' in verdict) throw new Fault(verdict.code, verdict.detail)
  return verdict
}

/** The oldest of those that are remembered gives way. */
function recall(certificate: X509Certificate, profile: GatewayProfile, trust: Trust): Verdict {
  const verdicts = byFingerprint.get(trust) ?? new Map<string, Verdict>()
  byFingerprint.set(trust, verdicts)
  const key = `${profile} ${certificate.fingerprint256}`
  const found = verdicts.get(key)
  if (found !== undefined) return found
  const verdict = judge(certificate, profile, trust)
  verdicts.set(key, verdict)
  if (verdicts.size > REMEMBERED) verdicts.delete(verdicts.keys().next().value!)
  return verdict
}

function judge(certificate: X509Certificate, profile: GatewayProfile, trust: Trust): Verdict {
  try {
    // First: for a malformed one, OpenSSL reports only that it has no issuer.
    const { from, to } = readGatewayCertificate(certificate, profile)
    const issuers = findIssuers(certificate, profile, trust)
    return {
      own: { name: `the certificate ${quote(certificate.subject)}`, from, to },
      issuers: issuers.map(({ certificate: ca, fields }) => ({
        name: `the CA certificate ${quote(ca.subject)}`,
        from: fields.from,
        to: fields.to,
      })),
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { code: error.code, detail: error.detail }
  }
}

/**
 * The CA certificates that this one was issued under: of one key and name there may be several,
 * each with its dates. Latest end first.
 */
function findIssuers(
  certificate: X509Certificate,
  profile: GatewayProfile,
  { authorities }: Trust,
): GatewayAuthority[] {
  const issuers = authorities.filter(({ certificate: ca }) => isIssuedBy(certificate, ca))
  const name = `the certificate ${quote(certificate.subject)}`
  if (issuers.length === 0) {
    const listed = authorities.map(({ certificate: ca }) => quote(ca.subject)).join(' or ')
    throw new Fault(
      'certificate-invalid',
      `${name}: issuer: expected one issued by ${listed} and signed with its key, ` +
        `found one of ${quote(certificate.issuer)}`,
    )
  }
  const { purpose, title } = profiles[profile]
  const fitting = issuers.filter(({ purposes }) => purposes === undefined || purposes.includes(purpose))
  if (fitting.length === 0)
    throw new Fault(
      'certificate-purpose',
      `${name}: extended key usage of its CA (RFC 5280 4.2.1.12): ` +
        `expected ${purpose} for a ${title}, found ${issuers[0]!.purposes?.join(', ')}`,
    )
  const naming = fitting.filter(issuer => mayName(issuer, certificate))
  if (naming.length === 0) checkConstraints(certificate, fitting[0]!)
  return naming.sort((a, b) => b.fields.to - a.fields.to)
}

/** The CA in `ca.crt` that issued it; of several, any: they have one name and one key. */
export function findIssuer(certificate: X509Certificate, { authorities }: Trust): X509Certificate | undefined {
  return authorities.map(({ certificate: ca }) => ca).find(ca => isIssuedBy(certificate, ca))
}

function mayName(issuer: GatewayAuthority, certificate: X509Certificate): boolean {
  try {
    checkConstraints(certificate, issuer)
    return true
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return false
  }
}

/** Names, key identifiers and the signature. */
function isIssuedBy(certificate: X509Certificate, ca: X509Certificate): boolean {
  try {
    return certificate.checkIssued(ca) && certificate.verify(ca.publicKey)
  } catch {
    // A key that cannot be read has signed nothing.
    return false
  }
}
