// What a document was verified with, as the ledger keeps it: the sender's certificate, and the
// authority's behind it.
import type { X509Certificate } from 'node:crypto'
import { type CertificateChain, makeCertificateChain } from '@seg/ledger'

/** Octets and digests are made once a path, not for each document. */
const chains = new WeakMap<readonly X509Certificate[], CertificateChain>()

/** `path`: from the sender's certificate to the anchor; a pinned one stands alone. */
export function chainOf(path: readonly X509Certificate[]): CertificateChain {
  const known = chains.get(path)
  if (known !== undefined) return known
  const chain = makeCertificateChain(path.map(({ raw }) => raw))
  chains.set(path, chain)
  return chain
}
