// Connections of load balancers begin with a header that states the client: it is read first. From
// other addresses no header is read, so one from there is no TLS, and the handshake fails.
import { BlockList, isIPv6, type Socket } from 'node:net'
import type { ReceiverLimits } from '../limits.ts'
import { stateEndpoint } from './endpoints.ts'
import type { FailedConnections } from './failed-connections.ts'
import { readProxyHeader } from './proxy-header.ts'

type Bounds = Pick<ReceiverLimits, 'strangers' | 'handshakeTime'>

/** Of one server. `take` gets each connection once its client is known. */
export class Balancers {
  readonly #addresses = new BlockList()
  readonly #bounds: Bounds
  readonly #take: (socket: Socket) => void
  readonly #failed: Pick<FailedConnections, 'report'>
  /** Those without a whole header, in the order in which they came. */
  readonly #waiting = new Set<Socket>()

  constructor(
    addresses: readonly string[],
    bounds: Bounds,
    take: (socket: Socket) => void,
    failed: Pick<FailedConnections, 'report'>,
  ) {
    for (const each of addresses) {
      const [address = '', bits] = each.split('/')
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#addresses.addAddress(address, family)
      else this.#addresses.addSubnet(address, Number(bits), family)
    }
    this.#bounds = bounds
    this.#take = take
    this.#failed = failed
  }

  /** A connection that has just come. */
  take(socket: Socket): void {
    const { remoteAddress: address } = socket
    if (address === undefined) return void socket.destroy()
    if (!this.#addresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) {
      this.#take(socket)
      return
    }
    const [oldest] = this.#waiting
    if (oldest !== undefined && this.#waiting.size >= this.#bounds.strangers)
      this.#refuse(oldest, 'newer connections took its place before it had a PROXY header')
    this.#awaitHeader(socket)
  }

  #awaitHeader(socket: Socket): void {
    let gathered: Buffer = Buffer.alloc(0)
    const stop = () => {
      clearTimeout(timer)
      this.#waiting.delete(socket)
      socket.off('readable', onReadable).off('end', onEnd).off('close', stop)
    }
    const onReadable = () => {
      const piece: Buffer | null = socket.read()
      if (piece === null) return
      gathered = gathered.length === 0 ? piece : Buffer.concat([gathered, piece])
      const header = readProxyHeader(gathered)
      if (header === undefined) return
      stop()
      if ('refused' in header) {
        this.#refuse(socket, 'it began with no PROXY header of version 2', header.refused)
        return
      }
      if (header.source !== undefined) stateEndpoint(socket, header.source)
      if (gathered.length > header.length) socket.unshift(gathered.subarray(header.length))
      this.#take(socket)
    }
    // A balancer that only checks whether the port is open.
    const onEnd = () => {
      stop()
      socket.destroy()
    }
    const timer = setTimeout(() => {
      stop()
      this.#refuse(socket, 'no PROXY header came in time')
    }, this.#bounds.handshakeTime)
    this.#waiting.add(socket)
    socket.on('readable', onReadable).once('end', onEnd).once('close', stop)
    socket.on('error', () => {})
  }

  /** `found`: what its octets say, which are no reason to count by. */
  #refuse(socket: Socket, reason: string, found = reason): void {
    this.#waiting.delete(socket)
    const { remoteAddress: address } = socket
    this.#failed.report({ reason, line: `connection from the balancer ${address} closed: ${found}`, address })
    socket.destroy()
  }
}
