// Who holds leases: a row that its process renews. One that does not in time is taken to have
// ended, and what it still writes is refused by its leases, which others have now.
import { randomUUID } from 'node:crypto'
import type { PostgresConnection } from '../../postgres/connect.ts'
import type { OutboxTransactions } from './outbox-transactions.ts'

/** Seconds by the clock of the server after which a holder is gone. */
const TERM = 10
/** Milliseconds between two renewals, and that one waits for its answer. */
export const RENEWAL = 2500
const UNTIL = `clock_timestamp() + interval '${TERM} seconds'`
/** Of one process that takes over. */
const TAKE_OVER_LOCK = 0x5e610a

export class OutboxHolder {
  readonly id: string
  readonly #transactions: OutboxTransactions
  readonly #timer: NodeJS.Timeout
  #renewing: Promise<void> | undefined
  #isOver = false

  private constructor(id: string, transactions: OutboxTransactions) {
    this.id = id
    this.#transactions = transactions
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = undefined
      })
    }, RENEWAL)
    this.#timer.unref()
  }

  /** `transactions` for its renewals alone, which nothing else delays. */
  static async open(transactions: OutboxTransactions): Promise<OutboxHolder> {
    const id = randomUUID()
    await transactions.transact('lease from the outbox', async connection => {
      await connection.rows('DELETE FROM holders WHERE until < clock_timestamp()')
      await connection.rows(`INSERT INTO holders (id, until) VALUES ($1, ${UNTIL})`, [id])
    })
    return new OutboxHolder(id, transactions)
  }

  /** Whether others have taken it to have ended: its leases are theirs. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** In a transaction that leases: what is leased by who is gone would be free at once. */
  async isAlive(connection: PostgresConnection): Promise<boolean> {
    const text = 'SELECT 1 FROM holders WHERE id = $1 AND until >= clock_timestamp()'
    const isThere = (await connection.planned('there', text, [this.id])).length > 0
    this.#isOver ||= !isThere
    return isThere
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewing
  }

  /** One that fails at once is tried again within the term; one that hangs may cost the leases. */
  async #renew(): Promise<void> {
    const text = `UPDATE holders SET until = ${UNTIL} WHERE id = $1 RETURNING id`
    const rows = await this.#transactions
      .transact('renew leases', connection => connection.rows(text, [this.id]))
      .catch(() => undefined)
    if (rows?.length === 0) this.#isOver = true
  }
}

const LEASED_BY_THE_GONE = `lease IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM holders WHERE holders.id = outbox.lease AND until >= clock_timestamp())`

/**
 * Entries that a process was sending when it ended are free again, and that attempt counts
 * (`interrupt` of `advance`); the first of a transaction.
 */
export async function endLeasesOfTheGone(connection: PostgresConnection): Promise<void> {
  const gone = await connection.planned('gone', `SELECT 1 FROM outbox WHERE ${LEASED_BY_THE_GONE} LIMIT 1`, [])
  if (gone.length === 0) return
  // Of several processes one frees them: they would wait for each other's rows.
  await connection.rows(`SELECT pg_advisory_xact_lock(${TAKE_OVER_LOCK})`)
  // Its row first: a holder that wakes finds that it is none any more.
  await connection.rows('DELETE FROM holders WHERE until < clock_timestamp()')
  await connection.rows(`UPDATE outbox SET lease = NULL, tries = tries + 1 WHERE ${LEASED_BY_THE_GONE}`)
}
