// One connection of a partner: reads no faster than the partner's share of time allows, serves one
// request after the other, and drops what comes behind a last answer.
import { IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Fault } from '@seg/core'
import type { ReceiverLimits } from '../limits.ts'
import { costs, type Reader, type Share, type Turns } from '../shares/turns.ts'
import { countRecords, stopParser } from './node-internals.ts'

type Exchange = readonly [request: IncomingMessage, response: ServerResponse]
type Bounds = Pick<ReceiverLimits, 'pipelinedRequests' | 'keyUpdates' | 'lingerTime' | 'discardedBytes' | 'answerTime'>

const MEBIBYTE = 1024 ** 2
/** A piece costs as much as so many bytes. */
const BYTES_OF_PIECE = (costs.piece / costs.kibibyte) * 1024

const connections = new WeakMap<Duplex, Connection>()

/** The connection behind a socket whose handshake is done. */
export function connectionOf(socket: Duplex): Connection | undefined {
  return connections.get(socket)
}

export class Connection implements Reader {
  cost = 0
  readonly #socket: TLSSocket
  readonly #serve: RequestListener
  readonly #bounds: Bounds
  readonly #share: Share
  /** Refuses the body of the current request; undefined while none is being read in pieces. */
  #refuseBody: ((fault: Fault) => void) | undefined
  #stopped: Fault | undefined
  /** Begins HTTP; undefined once that has happened. */
  #open: (() => void) | undefined
  #isHeld = true
  #current: Exchange | undefined
  /**
   * Pipelined: they came before the answer to the one before them, and wait for it (RFC 9112
   * 9.3.2).
   */
  readonly #waiting: Exchange[] = []
  /** All bytes that came: headers, bodies, and the framing of chunks. */
  #received = 0
  /**
   * How many of them may come at the most, less what dropped pieces cost: what comes behind the
   * last answer is dropped. Undefined as long as there is none.
   */
  #discardable: number | undefined
  #keyUpdates = 0
  #answers = 0
  #unread: { readonly answers: number; readonly since: number } | undefined

  /**
   * The handshake is done. `open` begins HTTP, in the first turn: what came together with the end
   * of the handshake waits for it in the socket. `serve` gets one request at a time.
   */
  constructor(
    socket: TLSSocket,
    partner: string,
    turns: Turns,
    open: () => void,
    serve: RequestListener,
    bounds: Bounds,
  ) {
    this.#socket = socket
    this.#open = open
    this.#serve = serve
    this.#bounds = bounds
    this.#share = turns.join(partner, this)
    connections.set(socket, this)
    socket.once('close', () => turns.leave(this.#share, this))
    // Until HTTP begins, it has no other listener.
    socket.on('error', () => {})
    countRecords(socket, () => this.#takeRecord())
    this.#spend(costs.handshake)
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  get #isStopped(): boolean {
    return this.#isHeld || this.#waiting.length > 0
  }

  /** Of requests that are not answered yet, in the order in which they came. */
  get answersDue(): ServerResponse[] {
    const exchanges = this.#current === undefined ? [] : [this.#current, ...this.#waiting]
    return exchanges.map(([, response]) => response)
  }

  /** Whether it had no answer yet. */
  get isNew(): boolean {
    return this.#answers === 0
  }

  hold(): void {
    this.#isHeld = true
    this.#socket.pause()
  }

  release(): void {
    this.#isHeld = false
    this.cost = 0
    this.#beginHttp()
    this.#goOn()
  }

  /** A request whose headers are here. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    this.#spend(costs.request)
    // What follows a last answer gets none.
    if (this.isDiscarding || this.#stopped !== undefined || this.#socket.destroyed) return void this.#dropFlood()
    if (this.#current === undefined) return void this.#start([request, response])
    // Nobody needs so many: they would cost memory for as long as the first takes.
    if (this.#waiting.length >= this.#bounds.pipelinedRequests) return void this.#dropFlood()
    this.#waiting.push([request, response])
    this.#socket.pause()
  }

  /** Work for a request that few need, or none. */
  charge(microseconds: number): void {
    this.#spend(microseconds)
  }

  /**
   * The client renewed its key. Without a bound a flood of that, which is no data and wakes none of
   * our code, would hold the event loop. False: the connection has ended for it.
   */
  renewKey(): boolean {
    if (this.#socket.destroyed) return true
    this.#spend(costs.keyUpdate)
    if (++this.#keyUpdates <= this.#bounds.keyUpdates + this.#socket.bytesRead / MEBIBYTE) return true
    this.#drop()
    return false
  }

  /** A piece of a body. Says whether it is still wanted. */
  take(): boolean {
    this.#spend(costs.piece)
    if (!this.isDiscarding) return true
    this.#dropPiece()
    return false
  }

  /** Whether a request may have more of its body read. */
  get mayRead(): boolean {
    return !this.#isStopped
  }

  /**
   * From here on, all that comes is dropped, for a bounded time and amount: a client that writes
   * all of its request before it reads would otherwise never see the answer, for a connection that
   * is closed while there are unread bytes is reset (RFC 9112 9.6).
   */
  discard(): void {
    if (this.isDiscarding) return
    this.#discardable = this.#socket.bytesRead + this.#bounds.discardedBytes
    const timer = setTimeout(() => this.#drop(), this.#bounds.lingerTime)
    this.#socket.once('close', () => clearTimeout(timer))
    this.#goOn()
  }

  get isDiscarding(): boolean {
    return this.#discardable !== undefined
  }

  /** To be called now and then: ends a connection whose client does not read an answer. */
  checkAnswers(now: number): boolean {
    if (this.#socket.writableLength === 0) this.#unread = undefined
    else if (this.#unread?.answers !== this.#answers) this.#unread = { answers: this.#answers, since: now }
    else if (now - this.#unread.since > this.#bounds.answerTime) {
      this.#drop()
      return false
    }
    return true
  }

  /** `refuse` is called when the receiver stops before the body of the current request is here. */
  refuseWhenStopped(refuse: (fault: Fault) => void): void {
    this.#refuseBody = refuse
    if (this.#stopped !== undefined) refuse(this.#stopped)
  }

  /**
   * Nothing begins any more, and a body that is not all here is refused with `fault`. What is all
   * here is answered.
   */
  stop(fault: Fault): void {
    this.#stopped = fault
    this.#waiting.length = 0
    if (this.#current === undefined) this.#drop()
    else if (!this.#current[0].complete) this.#refuseBody?.(fault)
  }

  #beginHttp(): void {
    if (this.#open === undefined || this.#socket.destroyed) return
    const socket = this.#socket
    this.#open()
    this.#open = undefined
    // Node's HTTP server starts reading with this event and stops with the other. It comes a tick
    // late, perhaps after we stopped again, or because a request before had the rest of its body
    // dropped. The stream's own state must agree with what we do here: `resume` does nothing for a
    // stream that calls itself flowing.
    socket.on('resume', () => {
      if (!this.#isStopped) return
      if (socket.readableFlowing === true) socket.pause()
      else socket.emit('pause')
    })
  }

  #start(exchange: Exchange): void {
    const [request, response] = exchange
    this.#current = exchange
    response.once('close', () => this.#end())
    this.#serve(request, response)
  }

  #end(): void {
    this.#answers++
    this.#current = undefined
    this.#refuseBody = undefined
    const next = this.#waiting.shift()
    if (next === undefined || !this.#socket.writable) return
    if (this.#waiting.length === 0) this.#goOn()
    this.#start(next)
  }

  #goOn(): void {
    if (this.#isStopped || this.#socket.destroyed) return
    const body = this.#current?.[0]
    const isFull = body !== undefined && !body.complete && body.readableLength >= body.readableHighWaterMark
    if (!isFull || this.isDiscarding) this.#socket.resume()
  }

  #takeRecord(): void {
    const before = this.#received
    this.#received = this.#socket.bytesRead
    this.#spend(costs.piece + ((this.#received - before) / 1024) * costs.kibibyte)
    if (this.isDiscarding) this.#dropPiece()
  }

  /** Bytes alone are no bound: in pieces of one they cost hundreds of times as much. */
  #dropPiece(): void {
    this.#discardable! -= BYTES_OF_PIECE
    if (this.#received > this.#discardable!) this.#dropFlood()
  }

  #spend(microseconds: number): void {
    this.cost += microseconds
    this.#share.spend(microseconds)
  }

  /** The rest of a record may hold thousands of pieces: the parser makes none of them any more. */
  #dropFlood(): void {
    stopParser(this.#socket)
    this.#drop()
  }

  #drop(): void {
    this.#socket.destroy()
  }
}

/**
 * A request whose body is read when its connection has its turn, and is charged for by the piece.
 */
export class ExchangeRequest extends IncomingMessage {
  readonly #connection: Connection | undefined

  constructor(socket: TLSSocket) {
    super(socket)
    this.#connection = connections.get(socket)
  }

  override push(chunk: Buffer | null): boolean {
    if (chunk !== null && this.#connection?.take() === false) return true
    return super.push(chunk)
  }

  override _read(size: number): void {
    if (this.#connection === undefined || this.#connection.mayRead) super._read(size)
  }
}
