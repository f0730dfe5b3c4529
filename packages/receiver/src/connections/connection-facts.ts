// What is known of a connection, read once: for the facts of all that comes on it.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** The group of the key exchange is not among them: Node gives it to clients only. */
export type ConnectionFacts = {
  readonly address: string | undefined
  readonly tlsVersion: string | undefined
  readonly cipher: string | undefined
}

const known = new WeakMap<object, ConnectionFacts>()

export function connectionFacts(connection: Socket): ConnectionFacts {
  const socket = connection as TLSSocket
  const found = known.get(socket)
  if (found !== undefined) return found
  const { remoteAddress: address } = socket
  const facts = { address, tlsVersion: socket.getProtocol() ?? undefined, cipher: socket.getCipher()?.name }
  known.set(socket, facts)
  return facts
}
