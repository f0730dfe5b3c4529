// Whom a certificate identifies: a partner; a client that one of our authorities certified and that
// is refused, with the reason; or a stranger.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { gatewayId } from '../certificate/gateway-id.ts'
import { checkAlone } from '../path/check-alone.ts'
import type { PresentedChain } from '../path/presented-chain.ts'
import { openDecisions } from '../path/validate-path.ts'
import { faultOfPath } from '../path/verdict.ts'
import { matchPartner, type PartnerMatch } from './match-partner.ts'
import type { CertificateUse, Partner } from './partner.ts'
import type { TrustPolicy } from './trust-policy.ts'

export type RecognizedPartner = {
  readonly kind: 'partner'
  readonly id: string
  /** Undefined in the mode `ca` for one that has no record. */
  readonly partner: Partner | undefined
  /** Whether what it signs with this certificate's key is accepted. */
  readonly maySign: boolean
  /** From its certificate to the anchor; of a pinned one, itself alone. */
  readonly path: readonly X509Certificate[]
  /** How long this holds, in milliseconds since 1970, both ends included. */
  readonly from: number
  readonly to: number
}

export type Recognition =
  | RecognizedPartner
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** No authority of ours, and no pin, stands behind it. */
  | { readonly kind: 'stranger'; readonly fault: Fault }

const decisions = openDecisions()
const purposes = { tls: 'client', sign: 'sign' } as const

export function recognize(chain: PresentedChain, use: CertificateUse, policy: TrustPolicy, now: Date): Recognition {
  const { leaf, presented } = chain
  const { anchors, revocation, board } = policy
  const at = now.getTime()
  const verdict = decisions.validate({ leaf, presented, anchors, purpose: purposes[use], at: now, revocation })
  if (!verdict.ok) {
    if (verdict.missing !== undefined) board?.see(verdict.missing)
    const pinned = findPinned(leaf, use, policy, at)
    if (pinned !== undefined) return judgePinned(leaf, use, pinned, policy, at)
    return { kind: verdict.standsBehind ? 'refused' : 'stranger', fault: faultOfPath(verdict) }
  }
  const [, issuer] = verdict.path
  if (issuer !== undefined) board?.see({ authority: verdict.authority, leaf, issuer })
  const to = Math.min(verdict.notAfter.getTime(), nextChange(policy, at))
  const found =
    policy.mode === 'ca' ? readOwn(leaf, policy) : matchPartner(leaf, verdict.authorities, use, policy.partners, at)
  if (found instanceof Fault) return { kind: 'refused', fault: found }
  if (found.partner === undefined && !('id' in found))
    return { kind: 'refused', fault: unknown(leaf, `${found.detail}; it leads to ${verdict.authorities.join(', ')}`) }
  const id = 'id' in found ? found.id : found.partner.id
  const maySign = !('rules' in found) || isForSigning(found)
  return admit({ kind: 'partner', id, partner: found.partner, maySign, path: verdict.path, from: at, to })
}

/** In the mode `ca` its one CN is the partner. */
function readOwn(leaf: X509Certificate, policy: TrustPolicy): { id: string; partner: Partner | undefined } | Fault {
  try {
    const id = gatewayId(leaf)
    return { id, partner: policy.partnerOf.get(id) }
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

function admit(found: RecognizedPartner): Recognition {
  if (found.partner?.state !== 'suspended') return found
  return {
    kind: 'refused',
    fault: new Fault(
      'partner-suspended',
      `${quote(found.id)} is suspended; \`pnpm --filter receiver partners resume ${quote(found.id)}\` ends that`,
    ),
  }
}

/** Recognized by a pin that names no authority: its issuer does not matter. */
function findPinned(
  leaf: X509Certificate,
  use: CertificateUse,
  policy: TrustPolicy,
  at: number,
): PartnerMatch | undefined {
  if (policy.mode === 'ca') return undefined
  const match = matchPartner(leaf, [], use, policy.partners, at)
  return match.partner === undefined ? undefined : match
}

function isForSigning({ rules }: PartnerMatch): boolean {
  return rules.some(({ uses }) => uses.includes('sign'))
}

function judgePinned(
  leaf: X509Certificate,
  use: CertificateUse,
  match: PartnerMatch,
  policy: TrustPolicy,
  at: number,
): Recognition {
  const { partner } = match
  const name = `the pinned certificate of ${quote(partner.id)} (SHA-256 ${leaf.fingerprint256})`
  let to: Date
  try {
    to = checkAlone(leaf, purposes[use], new Date(at), name)
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    return { kind: 'refused', fault }
  }
  return admit({
    kind: 'partner',
    id: partner.id,
    partner,
    maySign: isForSigning(match),
    path: [leaf],
    from: at,
    to: Math.min(to.getTime(), nextChange(policy, at)),
  })
}

function unknown(leaf: X509Certificate, detail: string): Fault {
  const name = `the certificate ${quote(leaf.subject)} (SHA-256 ${leaf.fingerprint256})`
  return new Fault(
    'partner-unknown',
    `${name}: ${detail}; \`pnpm --filter receiver partners add ID --certificate FILE\` lists a partner`,
  )
}

/** The last moment before the next rule begins or ends. */
function nextChange({ changes }: TrustPolicy, at: number): number {
  let [low, high] = [0, changes.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (changes[middle]! <= at) low = middle + 1
    else high = middle
  }
  return low === changes.length ? Number.POSITIVE_INFINITY : changes[low]! - 1
}
