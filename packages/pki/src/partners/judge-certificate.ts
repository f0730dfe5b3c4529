// What a certificate that somebody sends is, and whether it would be taken as a partner's: each
// check by itself, so that all that is wrong shows at once.
import type { X509Certificate } from 'node:crypto'
import { advice, asFault, Fault, quote } from '@seg/core'
import { findWeakKey } from '../certificate/certificate-algorithms.ts'
import { readGatewayCertificate } from '../certificate/certificate-form.ts'
import { gatewayId } from '../certificate/gateway-id.ts'
import { type CertificateBundle, readBundle } from '../certificate/read-bundle.ts'
import type { PathPurpose } from '../path/purposes.ts'
import { validatePath } from '../path/validate-path.ts'
import { shownName } from '../path/verdict.ts'
import { recognize } from './recognize.ts'
import type { TrustPolicy } from './trust-policy.ts'

export type CertificateCheck = {
  readonly name: string
  readonly isPassed: boolean
  /** What was found. */
  readonly detail: string
  /** Of one that failed: what to do. */
  readonly remedy: string | undefined
}

export type JudgedCertificate = CertificateBundle & {
  /** The one that is no CA of another. */
  readonly leaf: X509Certificate
  readonly checks: readonly CertificateCheck[]
  /** Who it would be recognized as, on a connection, now. */
  readonly partner: string | undefined
  /** A rule of seg.yaml that would recognize it. */
  readonly rule: Readonly<Record<string, unknown>> | undefined
}

/** Throws the Fault `certificate-invalid` for what holds no certificate. */
export function judgeCertificate(octets: Buffer, policy: TrustPolicy, now: Date): JudgedCertificate {
  const bundle = readBundle(octets)
  const { certificates } = bundle
  const leaf = certificates.find(one => !certificates.some(other => other !== one && other.checkIssued(one)))
  if (leaf === undefined) throw new Fault('certificate-invalid', 'each of the certificates is that of a CA of another')
  const presented = certificates.filter(one => one !== leaf)
  const chain = { leaf, presented }
  const found = recognize(chain, 'tls', policy, now)
  const checks = [
    check('dates', () => describeDates(leaf, now)),
    check('key', () => describeKey(leaf)),
    check('name', () => `it names ${quote(gatewayId(leaf))}`),
    check('form', () => {
      readGatewayCertificate(leaf, 'sender')
      return 'a certificate that a partner may connect with'
    }),
    check('chain', () => describeChain(leaf, presented)),
    pathCheck('authority', chain, 'client', policy, now),
    pathCheck('signing', chain, 'sign', policy, now),
    check('partner', () => {
      if (found.kind !== 'partner') throw found.fault
      return `it is recognized as ${quote(found.id)}`
    }),
  ]
  return {
    ...{ ...bundle, leaf, checks },
    partner: found.kind === 'partner' ? found.id : undefined,
    rule: suggestRule(chain, policy, now),
  }
}

function check(name: string, describe: () => string): CertificateCheck {
  try {
    return { name, isPassed: true, detail: describe(), remedy: undefined }
  } catch (error) {
    const { code, detail } = asFault(error)
    return { name, isPassed: false, detail, remedy: advice[code] }
  }
}

type Chain = { readonly leaf: X509Certificate; readonly presented: readonly X509Certificate[] }

function pathCheck(name: string, chain: Chain, purpose: PathPurpose, policy: TrustPolicy, now: Date): CertificateCheck {
  const { anchors, revocation } = policy
  const verdict = validatePath({ ...chain, anchors, purpose, at: now, revocation })
  if (verdict.ok) {
    const detail = `it leads to ${verdict.authorities.join(', ')}, until ${verdict.notAfter.toISOString()}`
    return { name, isPassed: true, detail, remedy: undefined }
  }
  const { certificate, check: failed, expected, found, remedy } = verdict
  const detail = `${quote(certificate.subject)}: ${failed}: expected ${expected}, found ${found}`
  return { name, isPassed: false, detail, remedy }
}

function describeDates({ validFromDate, validToDate }: X509Certificate, now: Date): string {
  const period = `from ${validFromDate.toISOString()} to ${validToDate.toISOString()}`
  if (now < validFromDate || now > validToDate)
    throw new Fault('certificate-expired', `expected one that counts at ${now.toISOString()}, found one ${period}`)
  return period
}

function describeKey(leaf: X509Certificate): string {
  const key = leaf.publicKey
  const weak = findWeakKey(key)
  if (weak !== undefined) throw new Fault('certificate-invalid', `expected a key that is strong enough, found ${weak}`)
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  return [key.asymmetricKeyType, modulusLength ?? namedCurve].filter(part => part !== undefined).join(' ')
}

function describeChain(leaf: X509Certificate, presented: readonly X509Certificate[]): string {
  const all = [leaf, ...presented]
  const foreign = presented.find(ca => !all.some(one => one !== ca && one.checkIssued(ca)))
  if (foreign !== undefined)
    throw new Fault(
      'certificate-invalid',
      `expected CAs of the certificate only, found ${quote(shownName(foreign.subject))}, which issued none of them`,
    )
  return presented.length === 0 ? 'it came alone' : `it came with ${presented.length} of its CAs`
}

/** By its authority and CN where one of ours issued it, else by its digest. */
function suggestRule(chain: Chain, policy: TrustPolicy, now: Date): JudgedCertificate['rule'] {
  if (policy.mode === 'ca') return undefined
  const { anchors, revocation } = policy
  const verdict = validatePath({ ...chain, anchors, purpose: 'client', at: now, revocation })
  const use = { for: ['tls', 'sign'] }
  try {
    if (verdict.ok) return { ...use, authority: verdict.authority, subject: { CN: gatewayId(chain.leaf) } }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
  return { ...use, sha256: chain.leaf.fingerprint256 }
}
