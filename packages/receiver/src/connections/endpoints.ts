// The client of a connection: its other end as the system shows it, or as a balancer states it.
import type { Socket } from 'node:net'

export type Endpoint = { readonly address: string; readonly port: number }
export type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>

/** By `endsOf` the connection. */
const stated = new Map<string, Endpoint>()
/** Of sockets that were asked about: a closed one no longer has its addresses. */
const known = new WeakMap<object, Endpoint>()

/** The statement of a balancer, kept until the connection closes. */
export function stateEndpoint(socket: Socket, endpoint: Endpoint): void {
  const key = endsOf(socket)
  stated.set(key, endpoint)
  known.set(socket, endpoint)
  socket.once('close', () => {
    // Another connection may have the same ends by now.
    if (stated.get(key) === endpoint) stated.delete(key)
  })
}

export function endpointOf(socket: Ends): Partial<Endpoint> {
  const found = known.get(socket) ?? stated.get(endsOf(socket))
  if (found !== undefined) {
    known.set(socket, found)
    return found
  }
  const { remoteAddress: address, remotePort: port } = socket
  return { ...(address !== undefined && { address }), ...(port !== undefined && { port }) }
}

/**
 * The four that no other open connection has, and that its TLS socket has, too: a client may come
 * from one port to two addresses of ours.
 */
export function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
