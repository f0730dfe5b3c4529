// A chain that was kept with what it verified, looked at again: as it was at that time, under an
// authority that is relied on now (docs/decisions/0009).
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { gatewayId } from '../certificate/gateway-id.ts'
import { type Authority, makeTrustAnchors, type TrustAnchors } from '../path/authority.ts'
import { validatePath } from '../path/validate-path.ts'
import { faultOfPath } from '../path/verdict.ts'
import { meetsRule } from './match-partner.ts'
import type { TrustPolicy } from './trust-policy.ts'

/** Of a kept anchor: the authority of that name and key, with the kept certificate alone. */
const keptAnchors = new WeakMap<TrustPolicy, Map<string, TrustAnchors>>()

/**
 * That `chain`, from the sender's certificate to the anchor, spoke for `sender` at the time `at`.
 * Whether the partner is suspended or its rule has ended since does not matter. Throws a Fault.
 */
export function checkKeptChain(chain: readonly X509Certificate[], sender: string, policy: TrustPolicy, at: Date): void {
  const [leaf, ...issuers] = chain
  if (leaf === undefined) throw new Fault('certificate-invalid', 'expected a certificate, found none')
  const anchor = issuers.at(-1)
  const partner = policy.partnerOf.get(sender)
  const isNamed = (authorities: readonly string[]) =>
    partner?.certificates.some(rule => meetsRule(leaf, authorities, rule)) === true
  if (anchor === undefined) {
    if (!isNamed([]))
      throw new Fault(
        'certificate-invalid',
        `the pinned certificate ${quote(leaf.subject)} is in no record of ${quote(sender)} now`,
      )
    return
  }
  const anchors = anchorsOf(anchor, policy)
  const presented = issuers.slice(0, -1)
  const verdict = validatePath({ leaf, presented, anchors, purpose: 'client', at, isPast: true })
  if (!verdict.ok) throw faultOfPath(verdict)
  if (verdict.path.length !== chain.length || !chain.every((one, i) => one.raw.equals(verdict.path[i]!.raw)))
    throw new Fault(
      'certificate-invalid',
      `expected the ${verdict.path.length} certificates of the path and no others, found ${chain.length}`,
    )
  if (isNamed(verdict.authorities)) return
  const found = gatewayId(leaf)
  if (found !== sender)
    throw new Fault(
      'log-invalid',
      `the CN of the sender's certificate is ${quote(found)}, the entry says ${quote(sender)}`,
    )
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
      `it was issued by ${quote(kept.subject)} with a key that is not that of a CA in ca.crt, or of an authority that is listed`,
    )
  return found.map(({ name }) => ({
    name,
    anchors: [kept],
    intermediates: [],
    revocation: { need: 'none', grace: 0 },
  }))
}
