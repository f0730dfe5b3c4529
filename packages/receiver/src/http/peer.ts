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
 * Whose share a connection counts in: its partner's id, whatever else the subject says; '' for all
 * who have none, whom every request refuses.
 */
export function partnerOf(socket: Socket): string {
  const certificate = readCertificate(socket)
  try {
    return certificate === undefined ? '' : gatewayId(certificate)
  } catch {
    return ''
  }
}

/**
 * Certificates by fingerprint: what was found out about one holds for each connection that shows
 * it. The oldest gives way.
 */
const certificates = new Map<string, X509Certificate>()
const REMEMBERED = 1024
const bySocket = new WeakMap<Socket, X509Certificate>()

/**
 * Identifies the peer anew for each request: a resumed session or a long connection may outlive
 * what its handshake checked. Throws the Fault `certificate-purpose`, or `partner-unknown` for a
 * certificate that is not valid here and now.
 */
export function identifyPeer(socket: Socket, trust: Trust, now: Date): Peer {
  const certificate = bySocket.get(socket) ?? readCertificate(socket)
  if (certificate === undefined) throw new Fault('partner-unknown', 'the connection has no client certificate')
  try {
    checkCertificate(certificate, 'sender', trust, now)
    return { id: gatewayId(certificate), certificate }
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code !== 'certificate-invalid') throw fault
    throw new Fault('partner-unknown', fault.detail, { cause: fault })
  }
}

function readCertificate(socket: Socket): X509Certificate | undefined {
  const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  if (shown === undefined) return undefined
  const certificate = certificates.get(shown.fingerprint512) ?? shown
  certificates.set(shown.fingerprint512, certificate)
  if (certificates.size > REMEMBERED) certificates.delete(certificates.keys().next().value!)
  bySocket.set(socket, certificate)
  return certificate
}
