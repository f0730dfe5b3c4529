// Input in pieces of any size: encoding checked, cut-off tokens kept for the next piece, refusals
// given their place.
//
// A token cut off by the end of a piece is tried again when the kept bytes have doubled, so that
// the work stays linear however small the pieces.
import { isUtf8 } from 'node:buffer'
import { Fault, type FaultCode } from '@seg/core'
import type { Limits } from '../limits.ts'
import type { NamespaceScope } from './namespaces.ts'
import { Refusal } from './refusal.ts'
import { NOTHING } from './skip.ts'
import type { TokenHandler } from './token-handler.ts'
import { Tokenizer } from './tokenizer.ts'
import { incompleteTail, invalidAt } from './utf8.ts'
import { WINDOW_BYTES, WINDOW_CAPACITY, window } from './window.ts'

/** There is one window: documents may take turns, but none is read while a piece of another is. */
let isReading = false

export class DocumentInput {
  /** Bytes taken so far. */
  total = 0
  readonly tokenizer: Tokenizer
  readonly #handler: TokenHandler
  readonly #limits: Limits
  #kept = NOTHING
  #keptLength = 0
  #retryAt = 0
  /** Bytes of the document consumed before the input under way. */
  #consumed = 0

  constructor(handler: TokenHandler, limits: Limits, scope?: NamespaceScope) {
    this.#handler = handler
    this.#limits = limits
    this.tokenizer = new Tokenizer(handler, limits, scope)
  }

  /** Takes the next piece. Throws a Fault as soon as the document is certain to be refused. */
  write(chunk: Uint8Array): void {
    this.total += chunk.length
    if (this.total > this.#limits.documentBytes) {
      throw new Fault('document-too-large', `the document is longer than ${this.#limits.documentBytes} bytes`)
    }
    const source = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    if (source.length <= WINDOW_BYTES) this.#take(source)
    else for (let i = 0; i < source.length; i += WINDOW_BYTES) this.#take(source.subarray(i, i + WINDOW_BYTES))
  }

  /** The document is complete: no token that is kept may be incomplete. */
  end(): void {
    const rest = this.#kept.subarray(0, this.#keptLength)
    const consumed = this.#process(rest, rest.length)
    const missing = rest.subarray(consumed)
    if (incompleteTail(missing, missing.length) > 0)
      this.#refuseAt('xml-encoding', missing, 'the document ends inside a UTF-8 sequence')
    if (missing.length > 0 || !this.tokenizer.isComplete) {
      this.#refuseAt('xml-malformed', missing, 'the document ends before its document element does')
    }
  }

  #take(piece: Buffer): void {
    const length = this.#keptLength + piece.length
    const isWindow = length >= this.#retryAt && length <= WINDOW_CAPACITY
    const source = isWindow ? this.#fillWindow(piece) : this.#keep(piece)
    if (length < this.#retryAt) return
    const consumed = this.#process(source, length)
    const rest = source.subarray(consumed, length)
    this.#keptLength = 0
    this.#retryAt = 2 * rest.length
    if (rest.length > this.#limits.tokenBytes)
      this.#refuseAt('xml-limit', rest, `a token is longer than ${this.#limits.tokenBytes} bytes`)
    if (rest.length > 0) this.#keep(rest)
  }

  #fillWindow(piece: Buffer): Buffer {
    if (this.#keptLength > 0) this.#kept.copy(window, 0, 0, this.#keptLength)
    window.set(piece, this.#keptLength)
    return window
  }

  /** Appends to the kept bytes; `piece` may be their own end. */
  #keep(piece: Buffer): Buffer {
    const length = this.#keptLength + piece.length
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * length, 1024))
      this.#kept.copy(larger, 0, 0, this.#keptLength)
      this.#kept = larger
    }
    piece.copy(this.#kept, this.#keptLength)
    this.#keptLength = length
    return this.#kept.subarray(0, length)
  }

  /** Gives the tokenizer what is whole in `source`; returns how many bytes that was. */
  #process(source: Buffer, length: number): number {
    if (isReading) throw new TypeError('a document is being read: what takes its octets must not read another')
    isReading = true
    let consumed = 0
    try {
      consumed = this.#read(source, length)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new Fault(error.code, `${error.detail} (${this.tokenizer.describePlace(source, error.at)})`)
    } finally {
      isReading = false
    }
    this.#consumed += consumed
    return consumed
  }

  #read(source: Buffer, length: number): number {
    const end = length - incompleteTail(source, length)
    const whole = end === source.length ? source : source.subarray(0, end)
    const valid = isUtf8(whole) ? end : invalidAt(whole)
    const consumed = this.tokenizer.run(source, valid, this.#consumed)
    if (valid < end) throw new Refusal('xml-encoding', valid, 'a byte is not part of valid UTF-8')
    this.#handler.pause(source, consumed)
    return consumed
  }

  #refuseAt(code: FaultCode, rest: Buffer, detail: string): never {
    // An empty run moves the start of the tokenizer's input behind the consumed bytes.
    this.tokenizer.run(rest, 0, this.#consumed)
    throw new Fault(code, `${detail} (${this.tokenizer.describePlace(rest, rest.length)})`)
  }
}
