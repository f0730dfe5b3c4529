// Whose connection it is: the other end as the system shows it, or as a load balancer states it.
import type { Socket } from 'node:net'

export type Endpoint = { readonly address: string; readonly port: number }
type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localPort'>

/** By the ends of the connection, which its TLS socket has, too. */
const stated = new Map<string, Endpoint>()
/** Of sockets that were asked about: they may have forgotten their ends. */
const known = new WeakMap<object, Endpoint>()

/** What a balancer states holds until the connection closes. */
export function stateEndpoint(socket: Socket, endpoint: Endpoint): void {
  const key = keyOf(socket)
  stated.set(key, endpoint)
  known.set(socket, endpoint)
  socket.once('close', () => stated.delete(key))
}

export function endpointOf(socket: Ends): Partial<Endpoint> {
  const found = known.get(socket) ?? stated.get(keyOf(socket))
  if (found !== undefined) {
    known.set(socket, found)
    return found
  }
  const { remoteAddress: address, remotePort: port } = socket
  return { ...(address !== undefined && { address }), ...(port !== undefined && { port }) }
}

function keyOf({ remoteAddress, remotePort, localPort }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localPort}`
}
