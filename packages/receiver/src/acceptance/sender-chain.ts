// What a document was verified with, as the ledger keeps it: the sender's certificate, and the CA's
// that issued it.
import type { X509Certificate } from 'node:crypto'
import { type CertificateChain, makeCertificateChain } from '@seg/ledger'
import { issuerOf, type Trust } from '@seg/pki'

type IssuedChain = { readonly trust: Trust; readonly to: number; readonly chain: CertificateChain }

/** Octets and digests are made once a certificate, not for each document. */
const chains = new WeakMap<X509Certificate, IssuedChain>()

/** `certificate` passed the check of a sender's. */
export function chainOf(certificate: X509Certificate, trust: Trust, now: Date): CertificateChain {
  const known = chains.get(certificate)
  if (known?.trust === trust && now.getTime() <= known.to) return known.chain
  const { certificate: ca, to } = issuerOf(certificate, 'sender', trust, now)
  const chain = makeCertificateChain([certificate.raw, ca.raw])
  chains.set(certificate, { trust, to, chain })
  return chain
}
