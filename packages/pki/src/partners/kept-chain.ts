// A chain that was kept with what it verified, looked at again: as it was at that time, under an
// authority that is relied on now (docs/decisions/0009).
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { gatewayId } from '../certificate/gateway-id.ts'
import { type Authority, makeTrustAnchors, type TrustAnchors } from '../path/authority.ts'
import { validatePath } from '../path/validate-path.ts'
import { faultOfPath } from '../path/verdict.ts'
import { meetsRule } from './match-partner.ts'
import type { CertificateUse } from './partner.ts'
import type { TrustPolicy } from './trust-policy.ts'

/** Of a kept anchor: the authority of that name and key, with the kept certificate alone. */
const keptAnchors = new WeakMap<TrustPolicy, Map<string, TrustAnchors>>()

/**
 * That `chain`, from the certificate of a signature to the anchor, spoke for `sender` at the time
 * `at`. Whether the partner is suspended or its rule has ended since does not matter. Throws a
 * Fault.
 */
export function checkKeptChain(chain: readonly X509Certificate[], sender: string, policy: TrustPolicy, at: Date): void {
  const [leaf, ...issuers] = chain
  if (leaf === undefined) throw new Fault('certificate-invalid', 'expected a certificate, found none')
  const anchor = issuers.at(-1)
  const record = policy.partnerOf.get(sender)
  const usesOf = (authorities: readonly string[]) =>
    record?.certificates.filter(rule => meetsRule(leaf, authorities, rule)).flatMap(({ uses }) => uses) ?? []
  if (anchor === undefined) {
    checkListed(leaf, usesOf([]), sender)
    return
  }
  const anchors = anchorsOf(anchor, policy)
  const uses = usesOf(anchors.authorities.map(({ name }) => name))
  if (uses.length > 0) checkListed(leaf, uses, sender)
  const purpose = uses.length > 0 ? 'sign' : 'client'
  const presented = issuers.slice(0, -1)
  const verdict = validatePath({ leaf, presented, anchors, purpose, at, isPast: true })
  if (!verdict.ok) throw faultOfPath(verdict)
  if (verdict.path.length !== chain.length || !chain.every((one, i) => one.raw.equals(verdict.path[i]!.raw)))
    throw new Fault(
      'certificate-invalid',
      `expected the ${verdict.path.length} certificates of the path and no others, found ${chain.length}`,
    )
  if (uses.length > 0) return
  const found = gatewayId(leaf)
  if (found !== sender)
    throw new Fault(
      'log-invalid',
      `the CN of the sender's certificate is ${quote(found)}, the entry says ${quote(sender)}`,
    )
}

/** `uses`: what the record of the sender names the certificate for. */
function checkListed({ subject }: X509Certificate, uses: readonly CertificateUse[], sender: string): void {
  if (uses.includes('sign')) return
  const detail =
    uses.length === 0
      ? `the pinned certificate ${quote(subject)} is in no record of ${quote(sender)} now`
      : `the record of ${quote(sender)} names ${quote(subject)} for tls alone; ` +
        'keep the rule that it signed under, with `until`'
  throw new Fault('certificate-invalid', detail)
}

function anchorsOf(kept: X509Certificate, policy: TrustPolicy): TrustAnchors {
  const known = keptAnchors.get(policy) ?? new Map<string, TrustAnchors>()
  keptAnchors.set(policy, known)
  const anchors = known.get(kept.fingerprint256) ?? makeTrustAnchors(findAuthorities(kept, policy))
  known.set(kept.fingerprint256, anchors)
  return anchors
}

/** One that renewed its certificate is the same authority. */
function findAuthorities(kept: X509Certificate, { anchors }: TrustPolicy): Authority[] {
  const found = anchors.authorities.filter(authority =>
    authority.anchors.some(({ subject, publicKey }) => subject === kept.subject && publicKey.equals(kept.publicKey)),
  )
  if (found.length === 0)
    throw new Fault(
      'certificate-invalid',
      `it was issued by ${quote(kept.subject)} with a key that is not that of a CA in ca.crt, ` +
        'or of an authority that is listed',
    )
  return found.map(({ name }) => ({
    name,
    anchors: [kept],
    intermediates: [],
    revocation: { need: 'none', grace: 0 },
  }))
}
