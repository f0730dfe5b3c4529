// Transactions on the outbox in PostgreSQL: each durable on the server and its standbys when it
// resolves, several at a time, each on a connection of its own.
import { Fault } from '@seg/core'
import { type ConnectionForm, connectToPrimary, type PostgresConnection } from '../../postgres/connect.ts'
import { BARRIER } from '../../postgres/connections.ts'
import { onPostgres } from '../../postgres/postgres-fault.ts'
import type { PostgresPlace } from '../../postgres/postgres-place.ts'
import { checkLasting, LASTING_COLUMNS } from '../../postgres/server-settings.ts'
import { OUTBOX_SCHEMA } from './outbox-tables.ts'

/**
 * A process that is stopped in a transaction holds locks that others wait for: the server ends it
 * after 4 s. `patience`: milliseconds for one answer, a commit included.
 */
export const outboxForm = {
  purpose: 'outbox',
  patience: 8000,
  session: { search_path: OUTBOX_SCHEMA, idle_in_transaction_session_timeout: '4s', lock_timeout: '5s' },
} as const satisfies ConnectionForm

type Lane = { connection: PostgresConnection | undefined; waiting: number; last: Promise<unknown> }

export class OutboxTransactions {
  readonly #place: PostgresPlace
  readonly #form: ConnectionForm
  readonly #lanes: readonly Lane[]
  #isClosed = false

  /** `count`: how many may be under way at once. */
  constructor(place: PostgresPlace, count: number, form: ConnectionForm = outboxForm) {
    this.#place = place
    this.#form = form
    this.#lanes = Array.from({ length: count }, () => ({
      connection: undefined,
      waiting: 0,
      last: Promise.resolve(),
    }))
  }

  /**
   * Crash before COMMIT is sent: nothing of it is there. After: all of it or nothing, and the next
   * look finds out which. Throws the Fault `storage-unavailable`, also where that is in doubt.
   */
  async transact<Result>(task: string, work: (connection: PostgresConnection) => Promise<Result>): Promise<Result> {
    const lane = this.#lanes.reduce((best, other) => (other.waiting < best.waiting ? other : best))
    lane.waiting++
    const ended = lane.last.then(() => onPostgres(task, () => this.#run(lane, work)))
    lane.last = ended.catch(() => {})
    return ended.finally(() => lane.waiting--)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const lane of this.#lanes) {
      await lane.last
      await lane.connection?.close()
    }
  }

  async #run<Result>(lane: Lane, work: (connection: PostgresConnection) => Promise<Result>): Promise<Result> {
    const connection = await this.#connect(lane)
    try {
      const [row] = await connection.lastRows(`BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ${LASTING_COLUMNS}`)
      checkLasting(row!, this.#place.standbys)
      const result = await work(connection)
      connection.takeNotices()
      const tag = await connection.tag('COMMIT')
      if (tag !== 'COMMIT') throw new Fault('storage-unavailable', 'PostgreSQL rolled the transaction back')
      // A wait for standbys that was cancelled ends with a warning, and a commit that is not there.
      if (connection.takeNotices().length > 0) {
        connection.destroy()
        throw new Fault('storage-unavailable', 'the commit did not wait for its standbys: it is in doubt')
      }
      return result
    } catch (error) {
      if (!connection.isEnded) await connection.tag('ROLLBACK').catch(() => connection.destroy())
      throw error
    }
  }

  async #connect(lane: Lane): Promise<PostgresConnection> {
    if (this.#isClosed) throw new Fault('storage-unavailable', 'the outbox is closed')
    if (lane.connection !== undefined && !lane.connection.isEnded) return lane.connection
    lane.connection = await connectToPrimary(this.#place, this.#form)
    // What a server that was restarted without its standbys shows has them from here on.
    if (this.#place.standbys > 0) await lane.connection.rows(BARRIER)
    return lane.connection
  }
}
