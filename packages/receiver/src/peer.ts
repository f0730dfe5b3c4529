// Who is at the other end of a connection, by the certificate that TLS 1.3 proved the key of.
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Fault } from '@seg/core'
import { checkCertificate, gatewayId, type Trust } from '@seg/pki'

export type Peer = {
  readonly id: string
  readonly certificate: X509Certificate
}

/**
 * Identifies the peer anew for each request: a resumed session or a long connection may outlive what its handshake checked. Throws the Fault
 * `certificate-purpose`, or `partner-unknown` for a certificate that is not valid here and now.
 */
export function identifyPeer(socket: Socket, trust: Trust, now: Date): Peer {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  if (certificate === undefined) throw new Fault('partner-unknown', 'the connection has no client certificate')
  try {
    checkCertificate(certificate, 'sender', trust, now)
    return { id: gatewayId(certificate), certificate }
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code !== 'certificate-invalid') throw fault
    throw new Fault('partner-unknown', fault.detail, { cause: fault })
  }
}
