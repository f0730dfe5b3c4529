// Results on standard output: all of them, in their order, at the pace of their reader.
import { fstatSync, write } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Fault } from './fault.ts'
import { isDeserted } from './line-output.ts'

/**
 * Milliseconds between two tries to write to a pipe that another process has made non-blocking:
 * doubled from the first to the last.
 */
const FIRST_RETRY = 1
const LAST_RETRY = 64
/** Octets written at a time, when they come in smaller pieces. */
const PIECE = 64 * 1024

const writeSome = promisify(write)

/** Thrown when the reader has ended: the command ends, too, without a fault. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone'
}

export class ResultOutput {
  readonly #descriptor: number
  readonly #name: string
  #tail: Promise<void> = Promise.resolve()
  #failure: Fault | ReaderGone | undefined

  /** `name` is that of errors. */
  constructor(descriptor: number, name = 'standard output') {
    this.#descriptor = descriptor
    this.#name = name
  }

  /** Writes `text` after what was written before. `failure` says what came of it. */
  write(text: string): void {
    this.#tail = this.#tail.then(() => this.#writeAll(Buffer.from(text))).catch(() => {})
  }

  /**
   * Writes all pieces. Throws ReaderGone, the Fault `file-unreadable`, and every error of
   * `pieces`.
   */
  async writePieces(pieces: AsyncIterable<Uint8Array | string>): Promise<void> {
    await this.#tail
    for await (const octets of gather(pieces)) await this.#writeAll(octets)
  }

  /** Resolves when all is written, or `failure` says why it is not. */
  async end(): Promise<void> {
    await this.#tail
  }

  get failure(): Fault | ReaderGone | undefined {
    return this.#failure
  }

  async #writeAll(octets: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    let retryTime = FIRST_RETRY
    for (let rest = octets; rest.length > 0; ) {
      try {
        const { bytesWritten } = await writeSome(this.#descriptor, rest)
        rest = rest.subarray(bytesWritten)
        retryTime = FIRST_RETRY
      } catch (error) {
        if (Object(error).code !== 'EAGAIN') throw this.#fail(error as Error)
        await pause(retryTime)
        retryTime = Math.min(2 * retryTime, LAST_RETRY)
      }
    }
  }

  #fail(cause: Error): Fault | ReaderGone {
    this.#failure = this.#isGone(cause)
      ? new ReaderGone(`nobody reads ${this.#name} any more`)
      : new Fault('file-unreadable', `${this.#name} was not written to its end: ${cause.message}`, { cause })
    return this.#failure
  }

  /** EIO is a terminal that was closed, or a disk that fails. */
  #isGone(error: Error): boolean {
    return isDeserted(error) && !fstatSync(this.#descriptor).isFile()
  }
}

/** Small pieces together; a piece is good only until the next one is asked for. */
async function* gather(pieces: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  let gathered: Buffer[] = []
  let length = 0
  for await (const piece of pieces) {
    if (typeof piece !== 'string' && piece.length >= PIECE && length === 0) {
      yield piece
      continue
    }
    gathered.push(Buffer.from(piece))
    length += piece.length
    if (length < PIECE) continue
    yield Buffer.concat(gathered)
    gathered = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(gathered)
}
