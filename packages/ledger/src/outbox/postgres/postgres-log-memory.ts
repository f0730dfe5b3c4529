// What senders of one outbox remember of their receivers' logs, on PostgreSQL.
import type { PostgresConnection, PostgresRow } from '../../postgres/connect.ts'
import type { PostgresConnections } from '../../postgres/connections.ts'
import {
  addsVersion,
  isUnchanged,
  KEPT,
  type KnownCheckpoint,
  type LogDoubt,
  type LogMemory,
  type LogVersions,
  type RememberedCheckpoint,
  readDoubt,
  readKnownCheckpoint,
  readRemembered,
  readVersions,
  type SeenCheckpoint,
  SLACK,
  type WitnessedLog,
  witnessedIn,
} from '../log-memory.ts'
import type { OutboxTransactions } from './outbox-transactions.ts'
import { storableRow } from './storable-row.ts'

/** Of who replaces a checkpoint that is remembered. */
const LOGS_LOCK = 0x5e610e
const REMEMBERED = 'SELECT log, tree_size, root, note, ended FROM seen_checkpoints ORDER BY log'
const NOTE = `INSERT INTO checkpoints (log, tree_size, root, note, seen_at)
  SELECT $1, * , $5::bigint FROM unnest($2::bigint[], $3::bytea[], $4::text[]) ON CONFLICT DO NOTHING`
const FORGET = `DELETE FROM checkpoints WHERE log = $1 AND number <=
  (SELECT number FROM checkpoints WHERE log = $1 ORDER BY number DESC LIMIT 1 OFFSET ${KEPT})`
const DOUBT = `INSERT INTO log_doubts AS d (log, since, looks, refusals, reason) VALUES ($1, $2, 1, $3, $4)
  ON CONFLICT (log) DO UPDATE SET looks = d.looks + 1, refusals = d.refusals + excluded.refusals,
    reason = excluded.reason
  RETURNING since, looks, refusals, reason`

export class PostgresLogMemory implements LogMemory {
  readonly #transactions: OutboxTransactions
  readonly #readers: PostgresConnections
  /** Notes since some were removed. */
  #noted = 0

  constructor(transactions: OutboxTransactions, readers: PostgresConnections) {
    this.#transactions = transactions
    this.#readers = readers
  }

  async remembered(): Promise<RememberedCheckpoint[]> {
    return (await this.#rows(REMEMBERED)).map(readRemembered)
  }

  async witnessed(log: string): Promise<WitnessedLog> {
    return witnessedIn(await this.remembered(), log)
  }

  /** What `Outbox.remember` promises. */
  async replace(log: string, proven: WitnessedLog, { size, root, note }: SeenCheckpoint): Promise<boolean> {
    return this.#change('remember a checkpoint', async connection => {
      await connection.rows(`SELECT pg_advisory_xact_lock(${LOGS_LOCK})`)
      const remembered = (await connection.rows(REMEMBERED)).map(readRemembered)
      if (!isUnchanged(witnessedIn(remembered, log), proven)) return false
      await connection.rows(
        `INSERT INTO seen_checkpoints (log, tree_size, root, note) VALUES ($1, $2, $3, $4) ON CONFLICT (log) DO UPDATE
         SET tree_size = excluded.tree_size, root = excluded.root, note = excluded.note`,
        [log, size, root, note],
      )
      return true
    })
  }

  async versions(name: string): Promise<LogVersions | undefined> {
    return readVersions(
      (await this.#rows('SELECT last_shown, first_blinded FROM log_versions WHERE name = $1', [name]))[0],
    )
  }

  async noteVersion(name: string, version: 1 | 2, index: number): Promise<void> {
    if (!addsVersion(await this.versions(name), version, index)) return
    const column = version === 1 ? 'last_shown' : 'first_blinded'
    const better = version === 1 ? 'GREATEST' : 'LEAST'
    await this.#change('note the version of an entry', connection =>
      connection.rows(
        `INSERT INTO log_versions AS v (name, ${column}) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE
         SET ${column} = ${better}(v.${column}, excluded.${column})`,
        [name, index],
      ),
    )
  }

  async seen(log?: string): Promise<KnownCheckpoint[]> {
    const where = log === undefined ? '' : 'WHERE log = $1'
    const text = `SELECT log, tree_size, root, note, seen_at FROM checkpoints ${where} ORDER BY number`
    return (await this.#rows(text, log === undefined ? [] : [log])).map(readKnownCheckpoint)
  }

  async note(log: string, checkpoints: readonly SeenCheckpoint[], at: number): Promise<void> {
    // In one order for all who note the same.
    const sorted = checkpoints.toSorted((a, b) => a.size - b.size || a.root.compare(b.root))
    const columns = [sorted.map(({ size }) => size), sorted.map(({ root }) => root), sorted.map(({ note }) => note)]
    this.#noted += sorted.length
    const isManyMore = this.#noted >= SLACK
    await this.#change('note checkpoints', async connection => {
      await connection.rows(NOTE, [log, ...columns, at])
      if (isManyMore) await connection.rows(FORGET, [log])
    })
    if (isManyMore) this.#noted = 0
  }

  async doubt(log: string, { at, isRefusal, reason }: Parameters<LogMemory['doubt']>[1]): Promise<LogDoubt> {
    const values = storableRow([log, at, Number(isRefusal), reason])
    const rows = await this.#change('note a doubt', connection => connection.rows(DOUBT, values))
    return readDoubt(rows[0]!)
  }

  async doubts(): Promise<Map<string, LogDoubt>> {
    const rows = await this.#rows('SELECT log, since, looks, refusals, reason FROM log_doubts')
    return new Map(rows.map(row => [String(row.log), readDoubt(row)]))
  }

  async settleDoubt(log: string): Promise<void> {
    if (!(await this.doubts()).has(log)) return
    await this.#change('settle a doubt', connection => connection.rows('DELETE FROM log_doubts WHERE log = $1', [log]))
  }

  async end(log: string): Promise<boolean> {
    const text = 'UPDATE seen_checkpoints SET ended = 1 WHERE log = $1 RETURNING log'
    return (await this.#change('end a log', connection => connection.rows(text, [log]))).length === 1
  }

  #rows(text: string, values: readonly unknown[] = []): Promise<readonly PostgresRow[]> {
    return this.#readers.rows('read the outbox', text, values)
  }

  #change<Result>(task: string, work: (connection: PostgresConnection) => Promise<Result>): Promise<Result> {
    return this.#transactions.transact(task, work)
  }
}
