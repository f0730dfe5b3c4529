// Connections for reading: opened with their first use, opened again after one was lost.
import { Fault } from '@seg/core'
import { type ConnectionForm, connectToPrimary, type PostgresConnection, type PostgresRow } from './connect.ts'
import { onPostgres } from './postgres-fault.ts'
import type { PostgresPlace } from './postgres-place.ts'

/**
 * A row is seen by others once its commit has its standbys, but for what a server that was
 * restarted without them had not yet sent: a commit of our own proves that all before it is there.
 */
export const BARRIER = "SELECT pg_logical_emit_message(true, 'seg', '')"

/** Milliseconds for the standbys: also one who reads as long as it takes does not wait for none. */
const BARRIER_TIME = 3000

export class PostgresConnections {
  readonly #place: PostgresPlace
  readonly #form: ConnectionForm
  readonly #slots: (Promise<PostgresConnection> | undefined)[]
  #next = 0

  constructor(place: PostgresPlace, form: ConnectionForm, count: number) {
    this.#place = place
    this.#form = form
    this.#slots = Array(count).fill(undefined)
  }

  /** Each waits for those before it on the same connection. */
  rows(task: string, text: string, values: readonly unknown[] = []): Promise<readonly PostgresRow[]> {
    return onPostgres(task, async () => (await this.take()).rows(text, values))
  }

  /** One of them, in turn. Throws the Fault `storage-unavailable`. */
  async take(): Promise<PostgresConnection> {
    if (this.#slots.length === 0) throw new Fault('storage-unavailable', 'the connections to PostgreSQL are closed')
    const slot = this.#next
    this.#next = (slot + 1) % this.#slots.length
    const open = await this.#slots[slot]?.catch(() => undefined)
    if (open !== undefined && !open.isEnded) return open
    // Others that wait for the same slot find it being opened.
    const opening = this.#slots[slot]
    if (opening === undefined || (await opening.then(({ isEnded }) => isEnded).catch(() => true)))
      this.#slots[slot] = this.#open()
    return this.#slots[slot]!
  }

  async close(): Promise<void> {
    for (const slot of this.#slots.splice(0)) await (await slot?.catch(() => undefined))?.close()
  }

  async #open(): Promise<PostgresConnection> {
    const connection = await connectToPrimary(this.#place, this.#form)
    try {
      if (this.#place.standbys > 0) await connection.rows(BARRIER, [], BARRIER_TIME)
      return connection
    } catch (error) {
      connection.destroy()
      throw error
    }
  }
}
