// Connections that are not authenticated yet. They have places of their own, so that they never
// take a partner's; the oldest give way to newer ones; and their handshakes are bounded by address,
// in number and in each turn of the event loop.
import type { Socket } from 'node:net'
import type { ReceiverLimits } from '../limits.ts'
import type { Arrivals } from '../shares/arrivals.ts'
import { FirstRecord, offersHybrid } from './client-hello.ts'
import { type Ends, endpointOf, endsOf } from './endpoints.ts'
import type { FailedConnections } from './failed-connections.ts'

type Bounds = Pick<
  ReceiverLimits,
  'strangers' | 'strangersOfOne' | 'handshakeTime' | 'handshakesPerSecond' | 'handshakesAtOnce'
>

/** A handshake takes about a millisecond of the processor. */
const HANDSHAKES_IN_A_TURN = 4
/** How often those who wait for their address's allowance are looked at, in milliseconds. */
const WAIT = 20

type Stranger = {
  readonly socket: Socket
  readonly address: string
  readonly network: string
  /** Those of the connection itself, also where a balancer states another. */
  readonly ends: string
  /** The hybrid key agreement, which it then gets. */
  offersHybrid: boolean
}

/** For one server. */
export class Strangers {
  readonly #bounds: Bounds
  readonly #begin: (socket: Socket) => void
  readonly #failed: Pick<FailedConnections, 'report'>
  readonly #arrivals: Arrivals
  /** Sets keep the order in which they came. */
  readonly #all = new Map<string, Stranger>()
  readonly #byNetwork = new Map<string, Set<Stranger>>()
  /** Those who have said something and wait for their handshake, of each network in turn. */
  readonly #waiting = new Map<string, Set<Stranger>>()
  readonly #handshakes: Allowance
  readonly #handshakesOfPartners: Allowance
  #isArmed = false

  /** `begin` starts the handshake. */
  constructor(
    bounds: Bounds,
    begin: (socket: Socket) => void,
    failed: Pick<FailedConnections, 'report'>,
    arrivals: Arrivals,
  ) {
    this.#arrivals = arrivals
    this.#bounds = bounds
    this.#begin = begin
    this.#failed = failed
    this.#handshakes = new Allowance(bounds.handshakesPerSecond, bounds.handshakesAtOnce)
    this.#handshakesOfPartners = new Allowance(bounds.handshakesPerSecond, bounds.handshakesAtOnce)
  }

  /** A connection that has just come. */
  take(socket: Socket): void {
    this.#arrivals.note()
    const { address } = endpointOf(socket)
    if (address === undefined) return void socket.destroy()
    const stranger = { socket, address, network: networkOf(address), ends: endsOf(socket), offersHybrid: false }
    // Of a client that came back from its port before the end of its former connection was seen.
    this.#end(this.#all.get(stranger.ends))
    this.#makeRoom(stranger.network)
    this.#all.set(stranger.ends, stranger)
    setOf(this.#byNetwork, stranger.network).add(stranger)
    socket.once('close', () => this.#forget(stranger))
    this.#awaitHello(stranger)
  }

  /** Of a handshake that is done. */
  hasHybrid(socket: Ends): boolean {
    return this.#all.get(endsOf(socket))?.offersHybrid === true
  }

  /** A handshake that led to a partner is no stranger's. */
  recognize(socket: Ends, partner: string): void {
    const stranger = this.#all.get(endsOf(socket))
    if (stranger === undefined) return
    this.#forget(stranger)
    // It has an allowance by its name instead.
    if (this.#handshakesOfPartners.take(partner, performance.now())) this.#handshakes.giveBack(stranger.network)
  }

  /** A silent client takes an entry, and no handshake. */
  #awaitHello(stranger: Stranger): void {
    const { socket, address } = stranger
    const hello = new FirstRecord()
    const stop = () => {
      clearTimeout(timer)
      socket.off('readable', onReadable).off('end', onEnd)
    }
    const onReadable = () => {
      const piece: Buffer | null = socket.read()
      if (piece === null || !hello.take(piece)) return
      stop()
      const { octets } = hello
      stranger.offersHybrid = offersHybrid(octets)
      socket.unshift(octets)
      this.#wait(stranger)
    }
    const onEnd = () => {
      stop()
      this.#report('the client went away', address)
      socket.destroy()
    }
    const timer = setTimeout(() => {
      this.#report('the client took too long', address)
      socket.destroy()
    }, this.#bounds.handshakeTime)
    socket.on('readable', onReadable).once('end', onEnd).once('close', stop)
    socket.on('error', () => {})
  }

  #wait(stranger: Stranger): void {
    setOf(this.#waiting, stranger.network).add(stranger)
    this.#arm(HANDSHAKES_IN_A_TURN)
  }

  #arm(startable: number): void {
    if (this.#isArmed) return
    this.#isArmed = true
    const go = () => {
      this.#isArmed = false
      this.#startSome()
    }
    if (startable > 0) this.#arrivals.schedule(go)
    else setTimeout(go, WAIT)
  }

  #startSome(): void {
    let started = 0
    const now = performance.now()
    // One of each network in turn. The iteration of a map continues with keys that are set again,
    // behind all others.
    for (const [network, strangers] of this.#waiting) {
      if (started === HANDSHAKES_IN_A_TURN) break
      const [first] = strangers
      if (first === undefined || !this.#handshakes.take(network, now)) continue
      this.#waiting.delete(network)
      strangers.delete(first)
      if (strangers.size > 0) this.#waiting.set(network, strangers)
      started++
      this.#begin(first.socket)
    }
    if (this.#waiting.size > 0) this.#arm(started)
  }

  #makeRoom(network: string): void {
    const own = this.#byNetwork.get(network)
    if (own !== undefined && own.size >= this.#bounds.strangersOfOne) this.#evict(own)
    else if (this.#all.size >= this.#bounds.strangers) this.#evict(largest(this.#byNetwork))
  }

  #end(stranger: Stranger | undefined): void {
    if (stranger === undefined) return
    this.#forget(stranger)
    stranger.socket.destroy()
  }

  #evict([oldest]: Iterable<Stranger>): void {
    if (oldest === undefined) return
    this.#end(oldest)
    const reason = 'newer connections took its place before it was authenticated'
    const { address } = oldest
    this.#failed.report({ reason, line: `connection from ${address} closed: ${reason}`, address })
  }

  #forget(stranger: Stranger): void {
    if (this.#all.get(stranger.ends) !== stranger) return
    this.#all.delete(stranger.ends)
    deleteFrom(this.#byNetwork, stranger)
    deleteFrom(this.#waiting, stranger)
  }

  #report(reason: string, address: string): void {
    this.#failed.report({ reason, line: `TLS handshake with ${address} failed: ${reason}`, address })
  }
}

/** What one holder of addresses has: an IPv4 address, or 64 bits of IPv6 (RFC 6177). */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail] = address.replace(/%.*/, '').split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  return [...first, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4).join(':')
}

/** So many a second for each key, and some at once. */
class Allowance {
  readonly #perSecond: number
  readonly #atOnce: number
  readonly #spent = new Map<string, { count: number; at: number }>()

  constructor(perSecond: number, atOnce: number) {
    this.#perSecond = perSecond
    this.#atOnce = atOnce
  }

  take(key: string, now: number): boolean {
    const before = this.#spent.get(key)
    const count = before === undefined ? 0 : this.#left(before, now)
    if (count + 1 > this.#atOnce) return false
    // Behind all others: those in front have been away longest.
    this.#spent.delete(key)
    this.#spent.set(key, { count: count + 1, at: now })
    const [oldest] = this.#spent
    if (oldest !== undefined && this.#left(oldest[1], now) === 0) this.#spent.delete(oldest[0])
    return true
  }

  giveBack(key: string): void {
    const entry = this.#spent.get(key)
    if (entry !== undefined) entry.count = Math.max(0, entry.count - 1)
  }

  #left({ count, at }: { count: number; at: number }, now: number): number {
    return Math.max(0, count - ((now - at) / 1000) * this.#perSecond)
  }
}

function setOf(map: Map<string, Set<Stranger>>, key: string): Set<Stranger> {
  const set = map.get(key) ?? new Set()
  map.set(key, set)
  return set
}

function deleteFrom(map: Map<string, Set<Stranger>>, stranger: Stranger): void {
  const set = map.get(stranger.network)
  set?.delete(stranger)
  if (set?.size === 0) map.delete(stranger.network)
}

function largest(map: ReadonlyMap<string, Set<Stranger>>): Set<Stranger> {
  let found = new Set<Stranger>()
  for (const set of map.values()) if (set.size > found.size) found = set
  return found
}
