// What a sender remembers of its receivers' logs, on SQLite.
import type { DatabaseSync } from 'node:sqlite'
import { onDatabase } from '../sqlite/database-fault.ts'
import { transact } from '../sqlite/transact.ts'
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
} from './log-memory.ts'

export class SqliteLogMemory implements LogMemory {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  async remembered(): Promise<RememberedCheckpoint[]> {
    return this.#remembered()
  }

  async witnessed(log: string): Promise<WitnessedLog> {
    return witnessedIn(this.#remembered(), log)
  }

  /** Within a transaction of the caller: what `Outbox.remember` promises. */
  replace(log: string, proven: WitnessedLog, { size, root, note }: SeenCheckpoint): boolean {
    if (!isUnchanged(witnessedIn(this.#remembered(), log), proven)) return false
    this.#database
      .prepare(
        `INSERT INTO seen_checkpoints (log, tree_size, root, note) VALUES (?, ?, ?, ?) ON CONFLICT (log) DO UPDATE
         SET tree_size = excluded.tree_size, root = excluded.root, note = excluded.note`,
      )
      .run(log, size, root, note)
    return true
  }

  async versions(name: string): Promise<LogVersions | undefined> {
    return readVersions(this.#all('SELECT last_shown, first_blinded FROM log_versions WHERE name = ?', name)[0])
  }

  async noteVersion(name: string, version: 1 | 2, index: number): Promise<void> {
    if (!addsVersion(await this.versions(name), version, index)) return
    const column = version === 1 ? 'last_shown' : 'first_blinded'
    const better = version === 1 ? 'MAX' : 'MIN'
    this.#transact('note the version of an entry', () =>
      this.#database
        .prepare(
          `INSERT INTO log_versions (name, ${column}) VALUES (?, ?) ON CONFLICT (name) DO UPDATE
           SET ${column} = ${better}(COALESCE(${column}, excluded.${column}), excluded.${column})`,
        )
        .run(name, index),
    )
  }

  async seen(log?: string): Promise<KnownCheckpoint[]> {
    const where = log === undefined ? '' : 'WHERE log = ?'
    const sql = `SELECT log, tree_size, root, note, seen_at FROM checkpoints ${where} ORDER BY number`
    return this.#all(sql, ...(log === undefined ? [] : [log])).map(readKnownCheckpoint)
  }

  async note(log: string, checkpoints: readonly SeenCheckpoint[], at: number): Promise<void> {
    this.#transact('note checkpoints', () => {
      const insert = this.#database.prepare(
        'INSERT OR IGNORE INTO checkpoints (log, tree_size, root, note, seen_at) VALUES (?, ?, ?, ?, ?)',
      )
      let isManyMore = false
      for (const { size, root, note } of checkpoints) {
        const { changes, lastInsertRowid } = insert.run(log, size, root, note, at)
        isManyMore ||= changes === 1 && Number(lastInsertRowid) % SLACK === 0
      }
      if (isManyMore)
        this.#database
          .prepare(
            'DELETE FROM checkpoints WHERE log = ? AND number <= ' +
              '(SELECT number FROM checkpoints WHERE log = ? ORDER BY number DESC LIMIT 1 OFFSET ?)',
          )
          .run(log, log, KEPT)
    })
  }

  async doubt(log: string, { at, isRefusal, reason }: Parameters<LogMemory['doubt']>[1]): Promise<LogDoubt> {
    return this.#transact('note a doubt', () => {
      this.#database
        .prepare(
          `INSERT INTO log_doubts (log, since, looks, refusals, reason) VALUES (?, ?, 1, ?, ?)
           ON CONFLICT (log) DO UPDATE SET looks = looks + 1, refusals = refusals + excluded.refusals,
             reason = excluded.reason`,
        )
        .run(log, at, Number(isRefusal), reason)
      return this.#doubts().get(log)!
    })
  }

  async doubts(): Promise<Map<string, LogDoubt>> {
    return this.#doubts()
  }

  async settleDoubt(log: string): Promise<void> {
    if (!this.#doubts().has(log)) return
    this.#transact('settle a doubt', () => void this.#database.prepare('DELETE FROM log_doubts WHERE log = ?').run(log))
  }

  async end(log: string): Promise<boolean> {
    return this.#transact('end a log', () => {
      const { changes } = this.#database.prepare('UPDATE seen_checkpoints SET ended = 1 WHERE log = ?').run(log)
      return changes === 1
    })
  }

  #remembered(): RememberedCheckpoint[] {
    return this.#all('SELECT log, tree_size, root, note, ended FROM seen_checkpoints ORDER BY log').map(readRemembered)
  }

  #doubts(): Map<string, LogDoubt> {
    const rows = this.#all('SELECT log, since, looks, refusals, reason FROM log_doubts')
    return new Map(rows.map(row => [String(row.log), readDoubt(row)]))
  }

  #all(sql: string, ...parameters: readonly string[]) {
    return onDatabase('read the outbox', () => this.#database.prepare(sql).all(...parameters))
  }

  /** Crash before the commit returns: nothing of it is there. After: all of it. */
  #transact<Result>(task: string, work: () => Result): Result {
    return onDatabase(task, () => transact(this.#database, work))
  }
}
