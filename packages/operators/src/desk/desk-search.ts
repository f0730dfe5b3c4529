// Searching the desk: pages by position, without sorting or a scan, and sums by the minute.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import { onDatabase, openDatabaseReader } from '@seg/ledger'
import { type DeskFilter, type PageOf, type PageQuery, pageQuery } from './desk-query.ts'
import { DESK_FILE, deskMigrations, deskViews } from './desk-schema.ts'
import type { FactKind, FactOutcome } from './fact.ts'
import { type FactValues, formatFact, type KeptFact, NEWER_FACTS, readFact, timeOf } from './fact-columns.ts'
import type { Query } from './leading-filter.ts'
import { Terms } from './terms.ts'

/** What `waiting` finds. */
const WAITING = `SELECT receiver.text AS receiver, COUNT(*) AS entries, MIN(position) AS oldest FROM facts
  JOIN terms AS receiver ON receiver.id = target
  WHERE outcome = (SELECT id FROM terms WHERE text = 'queued') AND entry IS NOT NULL GROUP BY target`

/**
 * Newest first. It may have fewer rows than its limit, or none, and still a page beside it: of
 * filters with very many rows each, one page looks through a part.
 */
export type DeskPage = {
  readonly facts: readonly KeptFact[]
  readonly next: number | undefined
  readonly prev: number | undefined
}

export type Counted = {
  readonly partner: string | undefined
  readonly kind: FactKind
  readonly outcome: FactOutcome
  readonly events: number
  readonly bytes: number
}

export type Waiting = { readonly receiver: string; readonly entries: number; readonly since: number }

/** `text`: as JSON. */
export type FactText = { readonly position: number; readonly kind: FactKind; readonly text: string }

export type SeriesPoint = Omit<Counted, 'partner'> & { readonly at: number }

/** Opens the desk of a data folder. Throws the Fault `not-found` when there is none yet. */
export function openDeskSearch(folder: string): DeskSearch {
  const path = join(folder, DESK_FILE)
  if (!existsSync(path))
    throw new Fault('not-found', `expected ${path}, which a running gateway makes; start it once, or check --data`)
  const database = openDatabaseReader(path, deskMigrations, deskViews)
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'cursors'").get() !== undefined)
    return new DeskSearch(database)
  database.close()
  throw new Fault('not-found', `${path} is being made by a gateway that starts; try again`)
}

export class DeskSearch {
  readonly #database: DatabaseSync
  readonly #terms: Terms
  #newer: StatementSync | undefined

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#terms = new Terms(database)
  }

  page(filter: DeskFilter, of: PageOf): DeskPage {
    const query = this.query(filter, of)
    if (query === undefined) return { facts: [], next: undefined, prev: undefined }
    const rows = this.#all(query)
    const isMore = rows.length > of.limit
    const facts = rows.slice(0, of.limit).map(row => readFact(row, this.#terms))
    if ('before' in of || 'last' in of) {
      facts.reverse()
      return {
        facts,
        next: 'before' in of ? (facts.at(-1)?.position ?? of.before + 1) : undefined,
        prev: isMore ? facts[0]?.position : query.end,
      }
    }
    return {
      facts,
      next: isMore ? facts.at(-1)?.position : query.end,
      prev: of.after === undefined ? undefined : (facts[0]?.position ?? of.after - 1),
    }
  }

  /** The row at this position. */
  find(position: number): KeptFact | undefined {
    const [row] = this.#all({ sql: 'SELECT * FROM facts WHERE position = ?', values: [position] })
    return row && readFact(row, this.#terms)
  }

  /** Rows newer than this position and before the end, the oldest first, `most` at most. */
  newer(position: number, end: number, most: number): FactText[] {
    return onDatabase('search the desk', () => {
      this.#newer ??= this.#prepareNewer()
      const rows = this.#newer.all(position, end, most) as unknown as FactValues[]
      return rows.map(row => ({
        position: Number(row[0]),
        kind: this.#terms.text(row[1]) as FactKind,
        text: formatFact(row, this.#terms),
      }))
    })
  }

  #prepareNewer(): StatementSync {
    const statement = this.#database.prepare(NEWER_FACTS)
    statement.setReturnArrays(true)
    return statement
  }

  /** Entries of the outbox that are queued, by receiver: how many, and since when the oldest is. */
  waiting(): Waiting[] {
    return this.#all({ sql: WAITING, values: [] }).map(({ receiver, entries, oldest }) => ({
      receiver: String(receiver),
      entries: Number(entries),
      since: timeOf(Number(oldest)),
    }))
  }

  /** How many rows are newer than this position, `most` at most. */
  countAfter(position: number, most: number): number {
    const sql = 'SELECT COUNT(*) AS count FROM (SELECT 1 FROM facts WHERE position > ? LIMIT ?)'
    return Number(this.#all({ sql, values: [position, most] })[0]?.count)
  }

  /** The statement of a page; undefined when no row can match. For the plan that SQLite makes. */
  query(filter: DeskFilter, of: PageOf): PageQuery | undefined {
    return onDatabase('search the desk', () => pageQuery(this.#database, this.#terms, filter, of))
  }

  /** Events and bytes by partner, kind and outcome, in whole minutes. */
  counts(from: number, to: number): Counted[] {
    return this.#all(this.#countQuery(from, to)).map(row => ({
      partner: this.#terms.text(row.partner),
      kind: this.#terms.text(row.kind) as FactKind,
      outcome: this.#terms.text(row.outcome) as FactOutcome,
      events: Number(row.events),
      bytes: Number(row.bytes),
    }))
  }

  /** Events and bytes by kind and outcome, in steps of so many minutes. */
  series(from: number, to: number, step: number, partner?: string): SeriesPoint[] {
    const query = this.#seriesQuery(from, to, step, partner)
    return this.#all(query ?? { sql: 'SELECT 1 WHERE 0', values: [] }).map(row => ({
      at: Number(row.step) * step * 60_000,
      kind: this.#terms.text(row.kind) as FactKind,
      outcome: this.#terms.text(row.outcome) as FactOutcome,
      events: Number(row.events),
      bytes: Number(row.bytes),
    }))
  }

  #seriesQuery(from: number, to: number, step: number, partner?: string): Query | undefined {
    const id = partner === undefined ? undefined : this.#terms.find(partner)
    if (partner !== undefined && id === undefined) return undefined
    const { sql, values } = sumsOf(from, to, step, id)
    return {
      // A number is bound as a real one, which would not divide to whole steps.
      sql: `SELECT minute / CAST(? AS INTEGER) AS step, kind, outcome, SUM(events) AS events, SUM(bytes) AS bytes
        FROM (${sql}) GROUP BY step, kind, outcome HAVING SUM(events) > 0 ORDER BY step, kind, outcome`,
      values: [step, ...values],
    }
  }

  #countQuery(from: number, to: number): Query {
    const { sql, values } = sumsOf(from, to, 1440)
    return {
      sql: `SELECT partner, kind, outcome, SUM(events) AS events, SUM(bytes) AS bytes FROM (${sql})
        GROUP BY partner, kind, outcome HAVING SUM(events) > 0`,
      values,
    }
  }

  /** Whether it reads views instead of tables that are there by now. */
  isOutdated(): boolean {
    const sql = 'SELECT 1 FROM temp.sqlite_schema old JOIN main.sqlite_schema new ON new.name = old.name LIMIT 1'
    return this.#all({ sql, values: [] }).length > 0
  }

  close(): void {
    this.#database.close()
  }

  /** The fact with what expressions have found in its document. */
  withValues(fact: KeptFact): KeptFact {
    if (fact.index === undefined || fact.outcome !== 'accepted') return fact
    const rows = (sql: string) => this.#all({ sql, values: [fact.position] })
    const found = rows('SELECT text, value FROM indexed JOIN terms ON id = name WHERE position = ? LIMIT 512')
    const reasons = rows('SELECT name, reason FROM not_indexed WHERE position = ?')
    if (found.length === 0 && reasons.length === 0) return fact
    const values = Object.groupBy(found, ({ text }) => String(text))
    return {
      ...fact,
      values: Object.fromEntries(
        Object.entries(values).map(([name, of = []]) => [name, of.map(({ value }) => String(value))]),
      ),
      ...(reasons.length > 0 && {
        notIndexed: Object.fromEntries(reasons.map(({ name, reason }) => [String(name), String(reason)])),
      }),
    }
  }

  #all({ sql, values }: Query) {
    return onDatabase('search the desk', () => this.#database.prepare(sql).all(...values))
  }
}

const levels = [
  { table: 'days', column: 'day', minutes: 1440 },
  { table: 'hours', column: 'hour', minutes: 60 },
  { table: 'minutes', column: 'minute', minutes: 1 },
] as const
type Level = (typeof levels)[number]
type Part = { readonly level: Level; readonly from: number; readonly to: number }

/** Sums in a range that are to be added up in steps of so many minutes. */
function sumsOf(from: number, to: number, step: number, partner?: number): Query {
  const usable = levels.filter(({ minutes }) => step % minutes === 0)
  const parts = [...partsOf(Math.floor(from / 60_000), Math.ceil(to / 60_000), usable)]
  const of = partner === undefined ? { sql: '', values: [] } : { sql: ' AND partner = ?', values: [partner] }
  return {
    sql: parts
      .map(
        ({ level: { table, column, minutes } }) =>
          `SELECT ${column} * ${minutes} AS minute, kind, outcome, partner, events, bytes FROM ${table}
          WHERE ${column} >= ? AND ${column} < ?${of.sql}`,
      )
      .join(' UNION ALL '),
    values: parts.flatMap(({ from, to }) => [from, to, ...of.values]),
  }
}

/** A range of minutes: whole days where it has some, whole hours around these, and the rest. */
function* partsOf(first: number, end: number, [level, ...finer]: readonly Level[]): Generator<Part> {
  if (level === undefined) return
  const [from, to] = [Math.ceil(first / level.minutes), Math.floor(end / level.minutes)]
  if (from >= to && finer.length > 0) return yield* partsOf(first, end, finer)
  yield* partsOf(first, from * level.minutes, finer)
  yield { level, from, to }
  yield* partsOf(to * level.minutes, end, finer)
}
