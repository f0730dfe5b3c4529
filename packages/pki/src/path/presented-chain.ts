// What a peer showed in its TLS handshake: its certificate, and those of the CAs that it sent with
// it.
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** What a peer proved to hold, and what it presented with it. One object for each connection. */
export type PresentedChain = { readonly leaf: X509Certificate; readonly presented: readonly X509Certificate[] }

/** Certificates beside its own that a peer may present; those that follow are not looked at. */
const PRESENTED = 16

/**
 * To be called once, before anything else asks the socket for it: Node hands the chain out with the
 * first call only. Undefined: the peer has no certificate.
 */
export function readPresentedChain(socket: TLSSocket): PresentedChain | undefined {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return undefined
  const presented: X509Certificate[] = []
  for (
    let next = leaf.issuerCertificate;
    next !== undefined && presented.length < PRESENTED;
    next = next.issuerCertificate
  )
    presented.push(next)
  return { leaf, presented }
}
