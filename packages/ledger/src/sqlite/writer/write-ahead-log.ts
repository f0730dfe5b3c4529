// Checkpointing of SQLite's write-ahead log (sqlite.org/wal.html): a separate thread
// copies it into the database while the writer continues at its end.
import { once } from 'node:events'
import { extname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Worker } from 'node:worker_threads'
import { startThread } from '../../writer/start-thread.ts'
import { COPYING, IDLE, orLater } from './log-copier.ts'
import type { CopierOptions, ToCopier } from './log-copier-thread.ts'

/** The same file, whether run as it is written or compiled. */
const copier = new URL(`./log-copier-thread${extname(import.meta.filename)}`, import.meta.url)

/** The least number of pages to copy: a page that was written several times is copied once. */
const MANY = 1000
/**
 * Pages of a log that should start again from its beginning. It does when all of it is copied
 * before the next transaction: the writer itself copies the last few.
 */
const LONG_LOG = 4000
const FEW = 250
/** Pages of a log that grows faster than it is copied: the writer copies it, and waits. */
const LONGEST_LOG = 16_000
/** Milliseconds that it waits at a time for what the thread is at. */
const LONGEST_WAIT = 10_000
/** Milliseconds until a thread that ended, or could not be started, is started again. */
const RESTART = 10_000

export class WriteAheadLog {
  readonly #options: CopierOptions
  readonly #statements: { readonly length: StatementSync; readonly copy: StatementSync }
  readonly #script: URL
  /** Started when there is something to copy. */
  #thread: Worker | undefined
  /** By the monotonic clock; until then only the writer copies, when the log is longest. */
  #nextStart = 0

  /** Of the writer's database. `script` is what the thread runs. */
  constructor(database: DatabaseSync, path: string, script = copier) {
    this.#script = script
    this.#options = { path, state: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) }
    // Otherwise commits would copy it, and the requests that wait for them would wait longer.
    database.exec('PRAGMA wal_autocheckpoint = 0')
    this.#statements = {
      length: database.prepare('PRAGMA wal_checkpoint(NOOP)'),
      copy: database.prepare('PRAGMA wal_checkpoint(PASSIVE)'),
    }
  }

  /**
   * To be called when all requests have been answered. A crash on the way leaves the log, from
   * which the copy is made again; what fails is tried again after the next commit.
   */
  shorten(): void {
    const { state } = this.#options
    orLater(() => {
      const { log, checkpointed } = this.#statements.length.get() as { log: number; checkpointed: number }
      const rest = log - checkpointed
      if (log >= LONGEST_LOG) {
        Atomics.wait(state, 0, COPYING, LONGEST_WAIT)
        this.#statements.copy.get()
      } else if (Atomics.load(state, 0) === IDLE) {
        const isEnding = log >= LONG_LOG && rest > 0
        if (isEnding && rest <= FEW) this.#statements.copy.get()
        else if (isEnding || rest >= MANY) this.#wake()
      }
    })
  }

  async close(): Promise<void> {
    if (this.#thread === undefined) return
    const ended = once(this.#thread, 'exit')
    this.#thread.postMessage('close' satisfies ToCopier)
    await ended
  }

  #wake(): void {
    const thread = this.#thread ?? this.#start()
    if (thread === undefined) return
    Atomics.store(this.#options.state, 0, COPYING)
    thread.postMessage('copy' satisfies ToCopier)
  }

  #start(): Worker | undefined {
    if (performance.now() < this.#nextStart) return undefined
    this.#nextStart = performance.now() + RESTART
    try {
      this.#thread = startThread('log copier', this.#script, this.#options, () => this.#forget())
    } catch {
      // The system has no thread left: it is tried again.
    }
    return this.#thread
  }

  #forget(): void {
    this.#thread = undefined
    Atomics.store(this.#options.state, 0, IDLE)
  }
}
