// Tasks that one node at a time does: a lock of the session, which ends with its connection, so
// that a node that is stopped or gone loses it in bounded time. What a node that woke up again
// still writes is refused by the number of its lease.
import type { LedgerTask, TaskLease } from '../ledger.ts'
import { connectToPrimary, type PostgresConnection } from './connect.ts'
import { onPostgres } from './postgres-fault.ts'
import type { PostgresPlace } from './postgres-place.ts'

/** In the database, beside that of the log. */
const locks: Readonly<Record<LedgerTask, number>> = { 'hand-off': 0x5e6107, alerts: 0x5e6109 }
/** Milliseconds for an answer. */
const PATIENCE = 3000
/** Milliseconds after which a task that is not asked for is another node's. */
const UNASKED = 5000
const form = { purpose: 'tasks', patience: PATIENCE, session: { idle_session_timeout: `${UNASKED / 1000}s` } } as const

const TAKE_OVER = `INSERT INTO leases AS l (task, number, node) VALUES ($1, 1, $2)
  ON CONFLICT (task) DO UPDATE SET number = l.number + 1, node = excluded.node, since = now() RETURNING number`

type Held = { readonly lease: TaskLease; askedAt: number }

export class TaskLock {
  readonly #place: PostgresPlace
  readonly #node: string
  #connection: PostgresConnection | undefined
  readonly #held = new Map<LedgerTask, Held>()
  #asking: Promise<unknown> = Promise.resolve()

  constructor(place: PostgresPlace, node: string) {
    this.#place = place
    this.#node = node
  }

  /** Throws the Fault `storage-unavailable`: then there is none. */
  leaseOf(task: LedgerTask): Promise<TaskLease | undefined> {
    const asked = this.#asking.then(() => onPostgres('ask for a lease', () => this.#ask(task)))
    this.#asking = asked.catch(() => {})
    return asked
  }

  async close(): Promise<void> {
    await this.#asking
    await this.#connection?.close()
  }

  async #ask(task: LedgerTask): Promise<TaskLease | undefined> {
    if (this.#connection === undefined || this.#connection.isEnded) {
      this.#held.clear()
      this.#connection = await connectToPrimary(this.#place, form)
    }
    const connection = this.#connection
    await this.#dropUnasked(connection, task)
    const held = this.#held.get(task)
    // An answer shows that the session, and so the lock, is there.
    const [row] = await connection.rows(
      held ? 'SELECT true AS is_held' : `SELECT pg_try_advisory_lock(${locks[task]}) AS is_held`,
    )
    if (row?.is_held !== true) return undefined
    if (held === undefined) return this.#takeOver(connection, task)
    held.askedAt = performance.now()
    return held.lease
  }

  /** Questions for one task keep the session of all of them. */
  async #dropUnasked(connection: PostgresConnection, asked: LedgerTask): Promise<void> {
    for (const [task, { askedAt }] of this.#held) {
      if (task === asked || performance.now() - askedAt < UNASKED) continue
      this.#held.delete(task)
      await connection.rows(`SELECT pg_advisory_unlock(${locks[task]})`)
    }
  }

  /**
   * Under the lock. Crash before the number is durable: the lock ends with the connection, and the
   * next one counts from where it was.
   */
  async #takeOver(connection: PostgresConnection, task: LedgerTask): Promise<TaskLease> {
    try {
      const [row] = await connection.rows(TAKE_OVER, [task, this.#node])
      const lease = { task, number: Number(row!.number) }
      this.#held.set(task, { lease, askedAt: performance.now() })
      return lease
    } catch (error) {
      connection.destroy()
      throw error
    }
  }
}
