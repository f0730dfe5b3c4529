// Who is at the other end of a connection, by the certificate that TLS 1.3 proved the key of. TLS
// itself judges nothing: we do, on every request, since a connection may outlive what its handshake
// showed.
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Fault, quote } from '@seg/core'
import { type PresentedChain, type Recognition, type RecognizedPartner, readPresentedChain, recognize } from '@seg/pki'
import type { Credentials, LiveCredentials } from '../credentials/live-credentials.ts'

export type Peer = {
  readonly id: string
  readonly certificate: X509Certificate
  readonly recognized: RecognizedPartner
  /** By which it was recognized. */
  readonly credentials: Credentials
}

/**
 * Chains by the fingerprints of their certificates: what was found out about one holds for each
 * connection that shows it. The oldest gives way.
 */
const chains = new Map<string, PresentedChain>()
const REMEMBERED = 1024
/** What the handshake of a connection showed. */
type Handshake = { readonly chain: PresentedChain; readonly hasHybrid: boolean }
const bySocket = new WeakMap<Socket, Handshake>()
const peers = new WeakMap<Socket, Peer>()

/**
 * Reads what the client showed: to be called once, before anything else asks for it. Undefined: it
 * has no certificate.
 */
export function readChain(socket: TLSSocket, hasHybrid: boolean): PresentedChain | undefined {
  const shown = readPresentedChain(socket)
  if (shown === undefined) return undefined
  const chain = remember(shown)
  bySocket.set(socket, { chain, hasHybrid })
  return chain
}

function remember(shown: PresentedChain): PresentedChain {
  const key = [shown.leaf, ...shown.presented].map(({ fingerprint512 }) => fingerprint512).join()
  const chain = chains.get(key) ?? shown
  chains.delete(key)
  chains.set(key, chain)
  if (chains.size > REMEMBERED) chains.delete(chains.keys().next().value!)
  return chain
}

/** The group of the handshake's key agreement, where it is the hybrid one. */
export function knownGroup(socket: Socket): string | undefined {
  return bySocket.get(socket)?.hasHybrid === true ? 'X25519MLKEM768' : undefined
}

/** The fingerprint of the certificate that a client showed. */
export function shownCertificate(socket: Socket): string | undefined {
  return bySocket.get(socket)?.chain.leaf.fingerprint256
}

/** What a connection is now. */
export function recognizeConnection(socket: Socket, { current }: LiveCredentials, now: Date): Recognition {
  const shown = bySocket.get(socket)
  if (shown === undefined)
    return { kind: 'stranger', fault: new Fault('certificate-untrusted', 'the connection has no client certificate') }
  const found = recognize(shown.chain, 'tls', current.policy, now)
  if (found.kind !== 'partner' || shown.hasHybrid || found.partner?.requiresHybrid !== true) return found
  const detail =
    `the record of ${quote(found.id)} requires the hybrid key agreement X25519MLKEM768, ` +
    'and its client does not offer it'
  return { kind: 'refused', fault: new Fault('key-agreement', detail) }
}

/**
 * Identifies the peer again for each request. Throws the Faults `certificate-expired`,
 * `certificate-revoked`, `certificate-purpose`, `certificate-invalid`, `certificate-untrusted`,
 * `revocation-unknown`, `partner-unknown`, `partner-suspended` and `key-agreement`.
 */
export function identifyPeer(socket: Socket, live: LiveCredentials, now: Date): Peer {
  const known = peers.get(socket)
  if (known !== undefined && isCurrent(known, live, now)) return known
  const found = recognizeConnection(socket, live, now)
  if (found.kind !== 'partner') {
    peers.delete(socket)
    throw found.fault
  }
  const certificate = found.path[0]!
  const peer = { id: found.id, certificate, recognized: found, credentials: live.current }
  peers.set(socket, peer)
  return peer
}

/**
 * That a request under way would still be admitted, as the same partner: what it was admitted with
 * may have been replaced since, or be out of date. Throws as `identifyPeer` does.
 */
export function confirmPeer(socket: Socket, peer: Peer, live: LiveCredentials, now: Date): Peer {
  if (isCurrent(peer, live, now)) return peer
  const found = identifyPeer(socket, live, now)
  if (found.id !== peer.id)
    throw new Fault(
      'partner-unknown',
      `the certificate is that of ${quote(found.id)} now, no more of ${quote(peer.id)}`,
    )
  return found
}

function isCurrent({ credentials, recognized }: Peer, { current }: LiveCredentials, now: Date): boolean {
  const time = now.getTime()
  return credentials === current && recognized.from <= time && time <= recognized.to
}
