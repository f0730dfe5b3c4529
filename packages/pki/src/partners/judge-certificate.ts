// What a certificate that somebody sends is, and whether it would be taken as a partner's: each
// check by itself, so that all that is wrong shows at once.
import type { X509Certificate } from 'node:crypto'
import { advice, asFault, Fault, type FaultCode, quote } from '@seg/core'
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
  /** What was found, and of a check that passed the values in it. */
  readonly detail: string
  readonly values: Readonly<Record<string, string>>
  /** Of one that failed: its fault, and what to do. */
  readonly code: FaultCode | undefined
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
  const recognized = recognize(chain, 'tls', policy, now)
  const checks = [
    check('dates', () => describeDates(leaf, now)),
    check('key', () => describeKey(leaf)),
    check('name', () => {
      const name = gatewayId(leaf)
      return found(`it names ${quote(name)}`, { name })
    }),
    check('form', () => {
      readGatewayCertificate(leaf, 'sender')
      return found('a certificate that a partner may connect with')
    }),
    check('chain', () => describeChain(leaf, presented)),
    pathCheck('authority', chain, 'client', policy, now),
    pathCheck('signing', chain, 'sign', policy, now),
    check('partner', () => {
      if (recognized.kind !== 'partner') throw recognized.fault
      return found(`it is recognized as ${quote(recognized.id)}`, { partner: recognized.id })
    }),
  ]
  return {
    ...{ ...bundle, leaf, checks },
    partner: recognized.kind === 'partner' ? recognized.id : undefined,
    rule: suggestRule(chain, policy, now),
  }
}

type Found = Pick<CertificateCheck, 'detail' | 'values'>

function found(detail: string, values: Found['values'] = {}): Found {
  return { detail, values }
}

function check(name: string, describe: () => Found): CertificateCheck {
  try {
    return passed(name, describe())
  } catch (error) {
    const { code, detail } = asFault(error)
    return { name, isPassed: false, detail, values: {}, code, remedy: advice[code] }
  }
}

type Chain = { readonly leaf: X509Certificate; readonly presented: readonly X509Certificate[] }

function pathCheck(name: string, chain: Chain, purpose: PathPurpose, policy: TrustPolicy, now: Date): CertificateCheck {
  const { anchors, revocation } = policy
  const verdict = validatePath({ ...chain, anchors, purpose, at: now, revocation })
  if (verdict.ok) {
    const authorities = verdict.authorities.join(', ')
    const until = verdict.notAfter.toISOString()
    return passed(name, found(`it leads to ${authorities}, until ${until}`, { authorities, until }))
  }
  const { certificate, check: failed, expected, code, remedy } = verdict
  const detail = `${quote(certificate.subject)}: ${failed}: expected ${expected}, found ${verdict.found}`
  return { name, isPassed: false, detail, values: {}, code, remedy }
}

function passed(name: string, { detail, values }: Found): CertificateCheck {
  return { name, isPassed: true, detail, values, code: undefined, remedy: undefined }
}

function describeDates({ validFromDate, validToDate }: X509Certificate, now: Date): Found {
  const from = validFromDate.toISOString()
  const to = validToDate.toISOString()
  const period = `from ${from} to ${to}`
  if (now < validFromDate || now > validToDate)
    throw new Fault('certificate-expired', `expected one that counts at ${now.toISOString()}, found one ${period}`)
  return found(period, { from, to })
}

function describeKey(leaf: X509Certificate): Found {
  const key = leaf.publicKey
  const weak = findWeakKey(key)
  if (weak !== undefined) throw new Fault('certificate-invalid', `expected a key that is strong enough, found ${weak}`)
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  const kind = [key.asymmetricKeyType, modulusLength ?? namedCurve].filter(part => part !== undefined).join(' ')
  return found(kind, { key: kind })
}

function describeChain(leaf: X509Certificate, presented: readonly X509Certificate[]): Found {
  const all = [leaf, ...presented]
  const foreign = presented.find(ca => !all.some(one => one !== ca && one.checkIssued(ca)))
  if (foreign !== undefined)
    throw new Fault(
      'certificate-invalid',
      `expected CAs of the certificate only, found ${quote(shownName(foreign.subject))}, which issued none of them`,
    )
  const text = presented.length === 0 ? 'it came alone' : `it came with ${presented.length} of its CAs`
  return found(text, { count: String(presented.length) })
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
