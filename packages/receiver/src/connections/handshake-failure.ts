// The reason of a failed TLS handshake, for the operator.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { quote } from '@seg/core'
import { endpointOf } from './endpoints.ts'

const reasons: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the client sent no certificate',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client does not offer TLS 1.3',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the client does not trust our CA (it needs our ca.crt)',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the client does not take TLS 1.3',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    'the client does not accept our certificate (another CA, or another host name)',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the client does not accept our certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the client finds our certificate out of date',
  ERR_SSL_HTTP_REQUEST: 'the client spoke plain HTTP',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the client did not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the client did not speak TLS',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the client took too long',
  ECONNRESET: 'the client went away',
  CERT_HAS_EXPIRED: "the client's certificate is out of date",
  CERT_NOT_YET_VALID: "the client's certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the client's certificate is self-signed, not from our CA",
  SELF_SIGNED_CERT_IN_CHAIN: "the client's certificate is from another CA",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the client's certificate is from another CA",
  UNABLE_TO_GET_ISSUER_CERT: "the client's certificate is from another CA",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the client's certificate is from another CA",
  CERT_SIGNATURE_FAILURE: "the client's certificate is not signed by our CA",
  INVALID_PURPOSE: "the client's certificate is not made for clients",
}

export function describeHandshakeFailure(
  error: NodeJS.ErrnoException,
  socket: TLSSocket,
): { readonly address: string; readonly reason: string } {
  // Node destroys the socket of a certificate that does not verify, and then reports only that the
  // connection is gone.
  const verdict = socket.authorizationError as unknown as string | null | undefined
  const code = verdict || error.code || ''
  return { address: addressOf(socket), reason: reasons[code] ?? quote(`${code} ${error.message}`) }
}

/**
 * A destroyed TLS socket has forgotten its address; the connection below it, which no public name
 * leads to, has not if it was asked before.
 */
function addressOf(socket: TLSSocket & { _parent?: Socket | null }): string {
  const below = socket._parent
  return endpointOf(socket).address ?? (below && endpointOf(below).address) ?? 'a client that is gone'
}
