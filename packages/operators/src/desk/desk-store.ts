// Writing the desk: facts as they come from memory, what the ledger and the outbox have, and one
// row for what both have said. Each method is one transaction; a crash leaves it done or not begun.
import type { DatabaseSync } from 'node:sqlite'
import type { FollowedEntry, LogEvent, OutboxEntry } from '@seg/ledger'
import { onDatabase, transact } from '@seg/ledger'
import { countDelivery, FactCounter } from '../metrics/count-facts.ts'
import type { MetricStore } from '../metrics/metric-store.ts'
import { prepareStatements } from './desk-statements.ts'
import type { Fact } from './fact.ts'
import { type FactRow, positionOf, valuesOf } from './fact-columns.ts'
import { factOfDelivery, factOfEvent } from './known-facts.ts'
import { Terms } from './terms.ts'

/**
 * A conflict has no index in memory: its entry is that of the same document and bytes, so near in
 * time (milliseconds).
 */
const SAME_CONFLICT = 60_000
const MINUTE = 60_000
/** Turns of the event loop whose facts are entered in one transaction: each writes all indexes. */
const BATCHES = 64
/** Octets that the spool may hold: more than a million facts. */
const SPOOLED = 2 ** 30

type MinuteSum = [minute: number, kind: number, outcome: number, partner: number, events: number, bytes: number]
type CursorName = 'ledger' | 'outbox'

export class DeskStore {
  readonly #database: DatabaseSync
  readonly #terms: Terms
  readonly #statements: ReturnType<typeof prepareStatements>
  /** What the transaction adds to `minutes`, `hours` and `days`, by the key of the minute. */
  readonly #sums = new Map<string, MinuteSum>()
  /** Octets that the spool holds, or fewer. */
  #spooled: number
  /** Distinguishes rows of memory within a millisecond. */
  /**
   * Positions that have rows, found last: of many rows with one time, each would look through all
   * before it.
   */
  #taken = { from: 0, to: -1 }
  #within = Math.floor(Math.random() * 4096)
  readonly #metrics: MetricStore
  readonly #counter: FactCounter
  /** Deliveries that were settled before are not counted again when the outbox is read again. */
  readonly #countedFrom = Date.now()

  constructor(database: DatabaseSync, metrics: MetricStore) {
    this.#database = database
    this.#metrics = metrics
    this.#counter = new FactCounter(metrics)
    this.#terms = new Terms(database)
    this.#statements = prepareStatements(database)
    this.#spooled = Number(this.#statements.spooled.get()?.length ?? 0)
  }

  /** Whether the spool is full. */
  isSpoolFull(): boolean {
    return this.#spooled > SPOOLED
  }

  /** Keeps facts as they came: cheap, in one piece, and safe from a crash of the process. */
  spool(batches: readonly string[]): void {
    this.#transact(() => {
      for (const batch of batches) this.#statements.spool.run(batch)
    })
    this.#spooled += lengthOf(batches)
  }

  /** Enters the oldest facts that were spooled; false when there are none. */
  enterSpooled(): boolean {
    const rows = this.#statements.oldestSpooled.all(BATCHES)
    if (rows.length === 0) {
      this.#spooled = 0
      return false
    }
    const batches = rows.map(row => String(row.facts))
    const facts = batches.flatMap(batch => JSON.parse(batch) as Fact[])
    this.#transact(() => {
      for (const fact of facts) this.#enterNoted(fact)
      this.#statements.deleteSpooled.run(Number(rows.at(-1)!.number))
    })
    this.#spooled -= lengthOf(batches)
    for (const fact of facts) this.#counter.count(fact)
    return true
  }

  /** Facts at once, without the spool. */
  enter(facts: readonly Fact[]): void {
    this.#transact(() => {
      for (const fact of facts) this.#enterNoted(fact)
    })
  }

  /** The next index of the ledger, or the last number of the outbox, that was read. */
  cursor(name: CursorName): number {
    return Number(this.#statements.cursor.get(name)?.value ?? 0)
  }

  /** Entries of the log that have their rows, which the ledger need not be asked for. */
  indexesBetween(from: number, to: number): ReadonlySet<number> {
    return new Set(this.#statements.indexesBetween.all(from, to).map(row => Number(row.leaf_index)))
  }

  /** What the ledger has from `from` on; undefined where a row is there, or facts were erased. */
  enterEvents(from: number, events: readonly (LogEvent | undefined)[]): void {
    this.#transact(() => {
      for (const [i, event] of events.entries()) this.#enterEvent(from + i, event)
      this.#statements.moveCursor.run('ledger', from + events.length)
    })
  }

  /** Entries of the outbox, new or changed. */
  enterDeliveries(entries: readonly FollowedEntry[]): void {
    this.#transact(() => {
      for (const entry of entries) this.#enterDelivery(entry)
      const last = entries.at(-1)?.number ?? 0
      if (last > this.cursor('outbox')) this.#statements.moveCursor.run('outbox', last)
    })
  }

  /** Numbers of outbox entries above `after` that may still change. */
  openDeliveries(after: number, limit: number): number[] {
    const queued = this.#terms.find('queued')
    if (queued === undefined) return []
    return this.#statements.openDeliveries.all(queued, after, limit).map(({ entry }) => Number(entry))
  }

  #enterNoted(fact: Fact): void {
    // Most are the first of their row: to try costs less than to look.
    if (fact.outcome !== 'conflict' && this.#tryInsert(fact, this.#wanted(fact), true)) return
    const row = this.#findKnown(fact)
    if (row === undefined) this.#insert(fact, true)
    else if (row.is_recorded === 0) this.#statements.complete.run(...valuesOf(fact, this.#terms), Number(row.position))
  }

  /** The row that the ledger was first with. */
  #findKnown(fact: Fact): FactRow | undefined {
    if (fact.index !== undefined) return this.#statements.byIndex.get(fact.index)
    return fact.outcome === 'conflict' ? this.#findConflict(fact, 0) : undefined
  }

  #enterEvent(index: number, event: LogEvent | undefined): void {
    const fact = event && factOfEvent(index, event)
    if (fact === undefined || this.#statements.byIndex.get(index) !== undefined) return
    const noted = fact.outcome === 'conflict' ? this.#findConflict(fact, 1) : undefined
    if (noted === undefined) return void this.#insert(fact, false)
    const position = this.#free(positionOf(fact.at, index))
    this.#statements.attach.run(position, index, Number(noted.position))
  }

  #findConflict({ kind, outcome, at, document = '', sha256 = '' }: Fact, isRecorded: 0 | 1): FactRow | undefined {
    const { conflicts } = this.#statements
    const [low, high] = [positionOf(at - SAME_CONFLICT, 0), positionOf(at + SAME_CONFLICT, 0)]
    const rows = conflicts.all(this.#terms.enter(kind), this.#terms.enter(outcome), document, low, high)
    return rows.find(
      row =>
        row.is_recorded === isRecorded &&
        (row.leaf_index === null) === (isRecorded === 1) &&
        row.sha256 !== null &&
        Buffer.from(row.sha256 as Uint8Array).toString('hex') === sha256,
    )
  }

  #enterDelivery(entry: FollowedEntry): void {
    const fact = factOfDelivery(entry)
    const row = this.#statements.byEntry.get(entry.number)
    this.#countDelivery(entry, row)
    if (row === undefined) return void this.#insert(fact, true)
    const outcome = this.#terms.enter(fact.outcome)!
    if (Number(row.outcome) !== outcome) {
      const minute = Math.floor(Number(row.position) / 4096 / MINUTE)
      const partner = Number(row.partner ?? 0)
      this.#count(minute, Number(row.kind), Number(row.outcome), partner, -1, -(fact.bytes ?? 0))
      this.#count(minute, Number(row.kind), outcome, partner, 1, fact.bytes ?? 0)
    }
    const position = Number(row.position)
    this.#statements.replace.run(outcome, ...valuesOf(fact, this.#terms), position)
  }

  #countDelivery(entry: OutboxEntry, row: FactRow | undefined): void {
    if ((entry.settledAt ?? Number.POSITIVE_INFINITY) < this.#countedFrom) return
    const text = (id: unknown) => this.#terms.text(id)
    const before = row && { state: text(row.outcome) ?? '', tries: Number(row.tries ?? 0), code: text(row.code) }
    countDelivery(this.#metrics, entry, before)
  }

  #insert(fact: Fact, isRecorded: boolean): void {
    this.#tryInsert(fact, this.#free(this.#wanted(fact)), isRecorded)
  }

  #wanted({ at, index, entry }: Fact): number {
    return positionOf(at, index ?? entry ?? this.#within++)
  }

  /** False when there is a row of its position, of its entry in the log, or in the outbox. */
  #tryInsert(fact: Fact, position: number, isRecorded: boolean): boolean {
    const kind = this.#terms.enter(fact.kind)!
    const outcome = this.#terms.enter(fact.outcome)!
    const { index = null, entry = null } = fact
    const values = valuesOf(fact, this.#terms)
    const { changes } = this.#statements.insert.run(
      position,
      kind,
      outcome,
      Number(isRecorded),
      index,
      entry,
      ...values,
    )
    if (changes === 0) return false
    const minute = Math.floor(fact.at / MINUTE)
    this.#count(minute, kind, outcome, this.#terms.enter(fact.partner) ?? 0, fact.count ?? 1, fact.bytes ?? 0)
    return true
  }

  /** In one row for all that the transaction enters of a minute. */
  #count(minute: number, kind: number, outcome: number, partner: number, events: number, bytes: number): void {
    const key = `${minute} ${kind} ${outcome} ${partner}`
    const sum = this.#sums.get(key)
    if (sum === undefined) this.#sums.set(key, [minute, kind, outcome, partner, events, bytes])
    else {
      sum[4] += events
      sum[5] += bytes
    }
  }

  /** The position, or the next one that no row has. */
  #free(wanted: number): number {
    const { from, to } = this.#taken
    const isAmong = wanted >= from && wanted <= to
    let position = isAmong ? to + 1 : wanted
    while (this.#statements.byPosition.get(position) !== undefined) position++
    this.#taken = { from: isAmong ? from : wanted, to: position }
    return position
  }

  #transact(work: () => void): void {
    try {
      onDatabase('write the desk', () =>
        transact(this.#database, () => {
          work()
          for (const [minute, ...sum] of this.#sums.values()) {
            this.#statements.countMinute.run(minute, ...sum)
            this.#statements.countHour.run(Math.floor(minute / 60), ...sum)
            this.#statements.countDay.run(Math.floor(minute / 1440), ...sum)
          }
        }),
      )
    } catch (error) {
      this.#terms.forget()
      throw error
    } finally {
      this.#sums.clear()
    }
  }
}

function lengthOf(batches: readonly string[]): number {
  return batches.reduce((sum, { length }) => sum + length, 0)
}
