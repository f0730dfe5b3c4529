// How long the desk keeps rows: by age, and by the size of its file. Where the file is full, who
// has the most rows loses the oldest of them: no partner can displace the rows of others.
import type { DatabaseSync } from 'node:sqlite'
import { onDatabase, transact } from '@seg/ledger'
import { mergePairs, pairsOf } from './desk-query.ts'
import { positionOf } from './fact-columns.ts'

export type Retention = { readonly days: number; readonly bytes: number }

const MINUTE = 60_000
const DAY = 24 * 3600 * 1000
/** The oldest first. */
const ALL = { low: 0, high: Number.MAX_SAFE_INTEGER, order: 'ASC' } as const
/** Rows removed in one transaction, and minutes of which the sums are. */
const BATCH = 1000
const MINUTES = 10
/** Milliseconds for which the rows of each partner are not counted again. */
const COUNTED = 600_000

export class Pruner {
  readonly #database: DatabaseSync
  readonly #retention: Retention
  /** Rows of each partner; of nobody known, mostly failed connections, under `null`. */
  #rows = new Map<number | null, number>()
  #countedAt = Number.NEGATIVE_INFINITY

  constructor(database: DatabaseSync, retention: Retention) {
    this.#database = database
    this.#retention = retention
  }

  /** Removes some of what is due; whether there may be more. One transaction. */
  removeSome(now: number): boolean {
    const begin = now - this.#retention.days * DAY
    return onDatabase('remove what is old from the desk', () =>
      transact(this.#database, () => this.#removeOld(begin) || (this.#isFull() && this.#removeOfLargest())),
    )
  }

  #removeOld(begin: number): boolean {
    const { changes } = this.#database
      .prepare('DELETE FROM facts WHERE position IN (SELECT position FROM facts WHERE position < ? LIMIT ?)')
      .run(positionOf(begin, 0), BATCH)
    const minute = Math.floor(begin / MINUTE)
    const sums = [
      this.#removeSums('minutes', 'minute', minute, MINUTES),
      this.#removeSums('hours', 'hour', Math.floor(minute / 60), 1),
      this.#removeSums('days', 'day', Math.floor(minute / 1440), 1),
    ]
    return changes > 0 || sums.includes(true)
  }

  /** Of the oldest minutes, hours or days before `end`, a few. */
  #removeSums(table: string, column: string, end: number, step: number): boolean {
    const oldest = this.#database.prepare(`SELECT ${column} AS time FROM ${table} ORDER BY ${column} LIMIT 1`).get()
    if (oldest === undefined || Number(oldest.time) >= end) return false
    this.#database.prepare(`DELETE FROM ${table} WHERE ${column} < ?`).run(Math.min(end, Number(oldest.time) + step))
    return true
  }

  #isFull(): boolean {
    return usedBytes(this.#database) > this.#retention.bytes
  }

  #removeOfLargest(): boolean {
    if (performance.now() - this.#countedAt > COUNTED) this.#count()
    const pairs = pairsOf(this.#database)
    for (;;) {
      const [partner, rows] = [...this.#rows].reduce((most, one) => (one[1] > most[1] ? one : most), [null, 0])
      const oldest = mergePairs(pairs, [['partner IS ?', partner]], ALL, BATCH, 'position')
      if (rows === 0 || oldest === undefined) return false
      const { changes } = this.#database
        .prepare(`DELETE FROM facts WHERE position IN (${oldest.sql})`)
        .run(...oldest.values)
      // Fewer than were counted: they have become too old meanwhile.
      this.#rows.set(partner, Number(changes) < BATCH ? 0 : rows - BATCH)
      if (changes > 0) return true
    }
  }

  /** Reads the index of partners in its order: about a second for ten million rows. */
  #count(): void {
    this.#rows = new Map()
    for (const { kind, outcome } of pairsOf(this.#database)) {
      const counted = this.#database
        .prepare('SELECT partner, COUNT(*) AS rows FROM facts WHERE kind = ? AND outcome = ? GROUP BY partner')
        .all(kind, outcome)
      for (const { partner, rows } of counted) {
        const whose = partner === null ? null : Number(partner)
        this.#rows.set(whose, (this.#rows.get(whose) ?? 0) + Number(rows))
      }
    }
    this.#countedAt = performance.now()
  }
}

/** Without pages that are free again. */
export function usedBytes(database: DatabaseSync): number {
  const pragma = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0])
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
}
