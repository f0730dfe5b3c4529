// Whose signatures a certificate in a document makes: the record of the document's sender names it,
// or it is refused.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { meetsRule } from './match-partner.ts'
import type { Partner } from './partner.ts'
import { type RecognizedPartner, recognize } from './recognize.ts'
import type { TrustPolicy } from './trust-policy.ts'

/**
 * `presented`: CAs that the sender showed besides. Throws the Faults `signature-key` for a
 * certificate that is none of `partner`'s for signatures, `certificate-expired`,
 * `certificate-revoked`, `certificate-purpose`, `certificate-invalid`, `revocation-unknown` and
 * `partner-suspended`.
 */
export function recognizeSigner(
  leaf: X509Certificate,
  presented: readonly X509Certificate[],
  partner: Partner,
  policy: TrustPolicy,
  now: Date,
): RecognizedPartner {
  // First, because it is cheap: every client can put any certificate there.
  if (!isListed(leaf, partner)) throw foreign(leaf, partner, 'it names it for none')
  const found = recognize({ leaf, presented }, 'sign', policy, now)
  if (found.kind === 'partner') {
    if (found.id === partner.id) return found
    throw foreign(leaf, partner, `it is that of ${quote(found.id)}`)
  }
  if (found.kind === 'stranger' || found.fault.code === 'partner-unknown')
    throw foreign(leaf, partner, found.fault.detail)
  throw found.fault
}

/** Whether a rule for signatures names it, if it leads to the authority of the rule. */
function isListed(leaf: X509Certificate, { certificates }: Partner): boolean {
  return certificates.some(
    rule => rule.uses.includes('sign') && meetsRule(leaf, rule.authority === undefined ? [] : [rule.authority], rule),
  )
}

function foreign({ subject, fingerprint256 }: X509Certificate, { id }: Partner, reason: string): Fault {
  return new Fault(
    'signature-key',
    `expected in KeyInfo a certificate that the record of ${quote(id)} names for signatures, ` +
      `found ${quote(subject)} (SHA-256 ${fingerprint256}): ${reason}`,
  )
}
