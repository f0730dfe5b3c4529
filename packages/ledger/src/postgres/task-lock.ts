// Tasks that one node at a time does: a lock of the session, which ends with its connection. A node
// that is stopped does not ask, and loses it.
import type { LedgerTask } from '../ledger.ts'
import { connectToPrimary, type PostgresConnection } from './connect.ts'
import { onPostgres } from './postgres-fault.ts'
import type { PostgresPlace } from './postgres-place.ts'

/** In the database, beside that of the log. */
const locks: Readonly<Record<LedgerTask, number>> = { 'hand-off': 0x5e6107 }
/** Milliseconds for an answer. */
const PATIENCE = 3000
const form = { purpose: 'tasks', patience: PATIENCE, session: { idle_session_timeout: '5s' } } as const

export class TaskLock {
  readonly #place: PostgresPlace
  #connection: PostgresConnection | undefined
  readonly #held = new Set<LedgerTask>()
  #asking: Promise<unknown> = Promise.resolve()

  constructor(place: PostgresPlace) {
    this.#place = place
  }

  /** Throws the Fault `storage-unavailable`: then it is not held. */
  holds(task: LedgerTask): Promise<boolean> {
    const asked = this.#asking.then(() => onPostgres('ask for a lock', () => this.#ask(task)))
    this.#asking = asked.catch(() => {})
    return asked
  }

  async close(): Promise<void> {
    await this.#asking
    await this.#connection?.close()
  }

  async #ask(task: LedgerTask): Promise<boolean> {
    if (this.#connection === undefined || this.#connection.isEnded) {
      this.#held.clear()
      this.#connection = await connectToPrimary(this.#place, form)
    }
    // An answer shows that the session, and so the lock, is there.
    const isHeld = this.#held.has(task)
    const [row] = await this.#connection.rows(
      isHeld ? 'SELECT true AS is_held' : `SELECT pg_try_advisory_lock(${locks[task]}) AS is_held`,
    )
    if (row?.is_held !== true) return false
    this.#held.add(task)
    return true
  }
}
