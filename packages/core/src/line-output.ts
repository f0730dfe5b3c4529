// Lines for the operator of a process: gathered for a turn of the event loop, written without
// waiting, dropped with a count when there is no room.
import { setTimeout as pause } from 'node:timers/promises'
import { type FileSink, openFileSink, openSink, type Sink } from './sink.ts'

/** Octets that wait for a reader, at the most. */
export const LONGEST_BACKLOG = 1024 * 1024
/** Octets of one call: more could not be taken back from a stream that queues. */
const PIECE = 64 * 1024
/**
 * Milliseconds until what could not be written is tried again: doubled from the first to the last.
 */
const FIRST_RETRY = 10
const LAST_RETRY = 1_000
/** Milliseconds that the end of a process waits for a reader. */
const CLOSING_TIME = 1_000
const LINE_END = 0x0a

export type LineOutput = {
  /** Whole lines, each with its end. Never throws, never waits. */
  write(lines: string): void
  /**
   * Writes what waits, for a bounded time. What is written afterwards is written at once, or
   * dropped.
   */
  close(milliseconds?: number): Promise<void>
}

/** `describeLoss`: the line, with its end, that takes the place of `lines` lines. */
export function openLineOutput(descriptor: 1 | 2, describeLoss: (lines: number) => string): LineOutput {
  return new BoundedLines(() => openSink(descriptor), describeLoss)
}

export type LineFile = LineOutput & {
  /**
   * Continues in the file that has the name now, with whole lines. Throws the Fault `configuration`
   * when there can be none; the former one stays in use.
   */
  reopen(): void
}

/** Lines at the end of a file. Throws the Fault `configuration` when it cannot be written. */
export function openLineFile(path: string, describeLoss: (lines: number) => string): LineFile {
  let file: FileSink = openFileSink(path)
  const lines = new BoundedLines(() => octets => file.write(octets), describeLoss)
  return {
    write: text => lines.write(text),
    close: milliseconds => lines.close(milliseconds),
    reopen() {
      const next = openFileSink(path)
      file.close()
      file = next
      lines.beginLine()
    },
  }
}

class BoundedLines implements LineOutput {
  readonly #open: () => Sink
  readonly #describeLoss: (lines: number) => string
  #sink: Sink | undefined
  /** Of this turn of the event loop. */
  #gathered = ''
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Octets of the first one that are written. */
  #written = 0
  #lost = 0
  #retryTime = FIRST_RETRY
  #retry: NodeJS.Timeout | undefined
  /** Whether the last write failed because there is no reader any more. */
  #isDeserted = false

  constructor(open: () => Sink, describeLoss: (lines: number) => string) {
    this.#open = open
    this.#describeLoss = describeLoss
  }

  write(lines: string): void {
    // A character is at least one octet: what is gathered is bounded, too, roughly.
    if (this.#waitingBytes + this.#gathered.length + lines.length > LONGEST_BACKLOG) {
      this.#lost += countLines(lines)
      return
    }
    if (this.#gathered === '') setImmediate(this.#flush)
    if (this.#lost > 0) this.#gathered += this.#takeLoss()
    this.#gathered += lines
  }

  async close(milliseconds = CLOSING_TIME): Promise<void> {
    const end = performance.now() + milliseconds
    for (this.#flush(); this.#waiting.length > 0; this.#writeAll()) {
      if (this.#isDeserted || performance.now() >= end) return
      await pause(FIRST_RETRY)
    }
  }

  /** Writes a line that has begun from its beginning, once more: the sink is another one. */
  beginLine(): void {
    const [first] = this.#waiting
    if (first === undefined || this.#written === 0) return
    const begin = first.lastIndexOf(LINE_END, this.#written - 1) + 1
    this.#waitingBytes += this.#written - begin
    this.#written = begin
  }

  readonly #flush = (): void => {
    if (this.#gathered === '') return
    const octets = Buffer.from(this.#gathered)
    this.#gathered = ''
    this.#waiting.push(octets)
    this.#waitingBytes += octets.length
    if (this.#retry === undefined) this.#writeWaiting()
  }

  /** What a write finds lost is written with it. */
  #writeAll(): void {
    this.#writeWaiting()
    this.#flush()
  }

  #writeWaiting(): void {
    clearTimeout(this.#retry)
    this.#retry = undefined
    try {
      while (this.#waiting.length > 0 && this.#writeFirst()) this.#retryTime = FIRST_RETRY
      this.#isDeserted = false
    } catch (error) {
      this.#isDeserted = isDeserted(error)
    }
    if (this.#waiting.length > 0) this.#tryAgainLater()
    else if (this.#lost > 0) this.write('')
  }

  /**
   * Whether there was room for any of it. What has begun to be written is never dropped: the end of
   * a line would be missing.
   */
  #writeFirst(): boolean {
    this.#sink ??= this.#openSink()
    const first = this.#waiting[0] as Buffer
    const written = this.#sink(first.subarray(this.#written, this.#written + PIECE))
    this.#waitingBytes -= written
    this.#written += written
    if (this.#written === first.length) {
      this.#waiting.shift()
      this.#written = 0
    }
    return written > 0
  }

  #openSink(): Sink {
    // However the process ends, there is one last try.
    process.once('exit', () => {
      this.#flush()
      this.#writeAll()
    })
    return this.#open()
  }

  #tryAgainLater(): void {
    this.#retry = setTimeout(() => this.#writeWaiting(), this.#retryTime).unref()
    this.#retryTime = Math.min(2 * this.#retryTime, LAST_RETRY)
  }

  #takeLoss(): string {
    const line = this.#describeLoss(this.#lost)
    this.#lost = 0
    return line
  }
}

/** The reader of a pipe or terminal has closed it. */
export function isDeserted(error: unknown): boolean {
  return ['EPIPE', 'ECONNRESET', 'EIO'].includes(Object(error).code)
}

function countLines(text: string): number {
  return text.split('\n').length - 1
}
