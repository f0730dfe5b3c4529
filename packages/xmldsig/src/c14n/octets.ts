// Where canonical octets go: ranges of the input are joined while they touch, small pieces are
// gathered, large ranges are passed on without a copy.
import { createHash, type Hash, hash } from 'node:crypto'
import { copyWords, type ShortOctets } from '../xml/octet-words.ts'
import { copyShort } from '../xml/skip.ts'
import { window, windowWords } from '../xml/window.ts'

export type DigestName = 'sha256' | 'sha384' | 'sha512'

/**
 * Takes canonical octets in order; the bytes are valid only during the call. `isAll`: none came
 * before, and none follow.
 */
export type OctetSink = (octets: Uint8Array, isAll?: boolean) => void

export const GATHER_BYTES = 64 * 1024
/** Below this a copy costs less than a call of the sink. */
const COPY_BELOW = 4096
/** Up to this a loop costs less than a call out of JavaScript. */
const LOOP_UP_TO = 320
const SHORT = 32
/**
 * Gathering buffers of finished writers, for the next ones: a small document costs no allocation of
 * this size.
 */
const spare: { bytes: Buffer; words: DataView }[] = []
const SPARE_BUFFERS = 8

function makeSpare() {
  const bytes = Buffer.allocUnsafeSlow(GATHER_BYTES)
  return { bytes, words: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
}

/** Canonical octets on their way to `sink`; `length` counts them. */
export class OctetWriter {
  length = 0
  readonly #sink: OctetSink
  /** Small pieces, one behind the other; see `begin`. */
  readonly #spare = spare.pop() ?? makeSpare()
  readonly gathered = this.#spare.bytes
  readonly words = this.#spare.words
  #gatheredLength = 0
  // The pending range: canonical octets that still stand in the input.
  #source: Buffer = this.gathered
  #from = 0
  #to = 0

  constructor(sink: OctetSink) {
    this.#sink = sink
  }

  /** Octets [from, to) of `source`, which stays unchanged until `settle`. */
  range(source: Buffer, from: number, to: number): void {
    if (from === this.#to && source === this.#source) {
      this.#to = to
      return
    }
    this.settle()
    this.#source = source
    this.#from = from
    this.#to = to
  }

  /** A piece that does not stand in the input as it must be written. */
  piece(octets: Buffer): void {
    this.settle()
    this.#append(octets, 0, octets.length)
  }

  /** Octets [from, to) of the window, then a piece. */
  pieceBehind(from: number, to: number, { words, length }: ShortOctets): void {
    this.end(copyWords(words, 0, length, this.words, this.beginBehind(from, to, length)))
  }

  /** Octets [from, to) of the window, then as `begin`. */
  beginBehind(from: number, to: number, bytes: number): number {
    const length = to - from
    if (length > LOOP_UP_TO) {
      this.range(window, from, to)
      return this.begin(bytes)
    }
    const at = this.begin(length + bytes)
    return copyWords(windowWords, from, length, this.words, at)
  }

  /**
   * Where in `gathered` the caller may write up to `bytes` octets, at most GATHER_BYTES; then it
   * calls `end`.
   */
  begin(bytes: number): number {
    this.settle()
    if (this.#gatheredLength + bytes > GATHER_BYTES) this.#handOnGathered()
    return this.#gatheredLength
  }

  /** The caller has written octets into `gathered` up to `to`. */
  end(to: number): void {
    this.length += to - this.#gatheredLength
    this.#gatheredLength = to
  }

  /** Copies or passes on the pending range: the input may change after this. */
  settle(): void {
    if (this.#to > this.#from) this.#append(this.#source, this.#from, this.#to)
    this.#from = 0
    this.#to = 0
    this.#source = this.gathered
  }

  /** Passes on what is left. Ends the writer. */
  finish(): void {
    this.settle()
    this.#handOnGathered(true)
    if (spare.length < SPARE_BUFFERS) spare.push(this.#spare)
  }

  #append(source: Buffer, from: number, to: number): void {
    const size = to - from
    this.length += size
    if (size >= COPY_BELOW || this.#gatheredLength + size > GATHER_BYTES) this.#handOnGathered()
    if (size >= COPY_BELOW) {
      this.#sink(source.subarray(from, to))
      return
    }
    if (size <= LOOP_UP_TO && source === window) copyWords(windowWords, from, size, this.words, this.#gatheredLength)
    else if (size <= SHORT) copyShort(source, from, to, this.gathered, this.#gatheredLength)
    else source.copy(this.gathered, this.#gatheredLength, from, to)
    this.#gatheredLength += size
  }

  #handOnGathered(isLast = false): void {
    const isAll = isLast && this.length === this.#gatheredLength
    if (this.#gatheredLength > 0) this.#sink(this.gathered.subarray(0, this.#gatheredLength), isAll)
    this.#gatheredLength = 0
  }
}

/** A digest over octets as they come. */
export class StreamingDigest {
  readonly #algorithm: DigestName
  #hash: Hash | undefined
  #digestOfAll: Buffer | undefined

  constructor(algorithm: DigestName) {
    this.#algorithm = algorithm
  }

  readonly take: OctetSink = (octets, isAll = false) => {
    // A small document comes as one piece, and one call of `hash` costs half as much; octets of it
    // would cost twice what text does (Node 24).
    if (isAll) this.#digestOfAll = Buffer.from(hash(this.#algorithm, octets, 'binary'), 'binary')
    else this.#hashSoFar.update(octets)
  }

  digest(): Buffer {
    return this.#digestOfAll ?? this.#hashSoFar.digest()
  }

  get #hashSoFar(): Hash {
    this.#hash ??= createHash(this.#algorithm)
    return this.#hash
  }
}
