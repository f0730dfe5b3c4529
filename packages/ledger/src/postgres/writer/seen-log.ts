// The end of the log that this node has acknowledged last: a server that does not have it has lost
// what was acknowledged, or shows another history. Nothing is written there.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { amount, Fault, writeDurableFile } from '@seg/core'

/** `timeline` is that of the server, which each promotion of a standby makes higher. */
export type SeenLog = { readonly size: number; readonly note: string; readonly timeline: number }

const SEEN_FILE = 'ledger-seen.json'
/** Milliseconds between two writes of the file, which only a start reads. */
const INTERVAL = 1000

export class SeenLogFile {
  readonly #path: string
  #seen: SeenLog | undefined
  #written: SeenLog | undefined
  #writing: Promise<void> | undefined
  /** Why the file is older than what was acknowledged. */
  #unwritten: Error | undefined

  constructor(folder: string) {
    this.#path = join(folder, SEEN_FILE)
    if (existsSync(this.#path)) this.#seen = readSeen(this.#path)
    this.#written = this.#seen
  }

  get seen(): SeenLog | undefined {
    return this.#seen
  }

  /** After a commit was acknowledged. Crash before the file is written: an earlier end is known. */
  keep(seen: SeenLog): void {
    this.#seen = seen
    this.#writeSoon()
  }

  #writeSoon(): void {
    this.#writing ??= new Promise<void>(resolve => setTimeout(resolve, INTERVAL).unref())
      .then(() => this.write())
      .catch(() => {})
      .finally(() => {
        this.#writing = undefined
      })
  }

  async write(): Promise<void> {
    const seen = this.#seen
    if (seen === undefined || seen === this.#written) return
    try {
      await writeDurableFile(this.#path, `${JSON.stringify(seen)}\n`, { mode: 0o600, replace: true })
    } catch (error) {
      this.#unwritten = error as Error
      throw error
    }
    this.#unwritten = undefined
    this.#written = seen
  }

  /**
   * That the log of `size` entries, whose checkpoint at our size is `note`, has all that was
   * acknowledged here, and that no later timeline than the server's was seen; and that a start will
   * know it. Throws the Fault `storage-unavailable`.
   */
  check(size: number, note: unknown, timeline: number): void {
    const seen = this.#seen
    if (seen === undefined) return
    if (this.#unwritten !== undefined) {
      this.#writeSoon()
      throw new Fault('storage-unavailable', `cannot keep the end of the log: ${this.#unwritten.message}`)
    }
    if (timeline < seen.timeline)
      throw refusal(`a server of timeline ${timeline}, one of ${seen.timeline} was promoted after it`)
    if (size < seen.size) throw refusal(`a log of ${amount(size, 'entry')}, it had ${seen.size}`)
    if (note !== seen.note)
      throw refusal(`another log: its checkpoint of ${amount(seen.size, 'entry')} is not the one that was acknowledged`)
  }
}

function refusal(found: string): Fault {
  return new Fault(
    'storage-unavailable',
    `the database shows ${found}: a standby that lagged was promoted, or an old server came back; ` +
      'nothing is written there (docs/high-availability.md)',
  )
}

function readSeen(path: string): SeenLog {
  try {
    const { size, note, timeline } = JSON.parse(readFileSync(path, 'utf8'))
    if (!isCount(size) || !isCount(timeline) || typeof note !== 'string')
      throw new TypeError('expected size, note and timeline')
    return { size, note, timeline }
  } catch (cause) {
    throw new Fault('configuration', `${path} does not say how long the log was: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1
}
