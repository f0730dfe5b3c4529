// What is known of a connection, read once: for the facts of all that comes on it.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { knownGroup } from '../http/peer.ts'
import { endpointOf } from './endpoints.ts'

/** `group`: where it is the hybrid one; others Node shows to clients only. */
export type ConnectionFacts = {
  readonly address: string | undefined
  readonly tlsVersion: string | undefined
  readonly cipher: string | undefined
  readonly group: string | undefined
}

const known = new WeakMap<object, ConnectionFacts>()

export function connectionFacts(connection: Socket): ConnectionFacts {
  const socket = connection as TLSSocket
  const found = known.get(socket)
  if (found !== undefined) return found
  const { address } = endpointOf(socket)
  const facts = {
    address,
    tlsVersion: socket.getProtocol() ?? undefined,
    cipher: socket.getCipher()?.name,
    group: knownGroup(socket),
  }
  known.set(socket, facts)
  return facts
}
