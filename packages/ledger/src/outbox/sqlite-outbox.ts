// The outbox on SQLite: each method is one transaction, written here, moved by `advance`.
//
// Long because each method of the port is one transaction, and nothing else stands here.
import { join } from 'node:path'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { Fault, LONGEST_PATIENCE, LONGEST_PAUSE } from '@seg/core'
import { claimFolder, type FolderKind } from '../files/data-folder.ts'
import { FilesInPlace } from '../files/files-in-place.ts'
import { onStorage } from '../files/storage-fault.ts'
import { openDatabase } from '../sqlite/database.ts'
import { onDatabase } from '../sqlite/database-fault.ts'
import { transact } from '../sqlite/transact.ts'
import { asBuffer } from '../sqlite/writer/open-tree.ts'
import { advance, isHeld, type OutboxEvent } from './advance.ts'
import { isHolderGone, LeaseHolder } from './lease-holder.ts'
import type { SeenCheckpoint, WitnessedLog } from './log-memory.ts'
import type {
  Attempt,
  AttemptNotes,
  HeldLease,
  LeasedEntry,
  Outbox,
  OutboxDocument,
  OutboxEntry,
  OutboxReason,
  OutboxRequest,
  OutboxState,
} from './outbox.ts'
import { entryColumns, readEntryRow, writeEntryRow } from './outbox-rows.ts'
import { OUTBOX_FILE, outboxMigrations } from './outbox-schema.ts'
import { readAttempts, writeAttempt } from './sqlite-attempts.ts'
import { SqliteLogMemory } from './sqlite-log-memory.ts'

const PAGE = 500
/**
 * Milliseconds: no try is put off any further, so one that seems to be was put off by a clock that
 * was wrong, and is due.
 */
const FARTHEST_TRY = LONGEST_PATIENCE + LONGEST_PAUSE
const allStates: readonly OutboxState[] = ['queued', 'delivered', 'refused', 'expired', 'cancelled']
const select = `SELECT ${entryColumns.join(', ')} FROM outbox`

type Row = Record<string, SQLOutputValue>
type Value = string | number | null | Uint8Array

/**
 * Opens the outbox in the sender's data folder, which is made if need be. Throws the Faults
 * `storage-unavailable` and `configuration`.
 */
export async function openSqliteOutbox(folder: string): Promise<Outbox> {
  return onStorage(`open the folder ${folder}`, async () => {
    const claimed = await claimFolder(folder, outboxFolder)
    const database = await openDatabase(join(folder, OUTBOX_FILE), outboxMigrations)
    await claimed.settle()
    return new SqliteOutbox(folder, database)
  })
}

export const outboxFolder: FolderKind = {
  owner: 'sender',
  database: OUTBOX_FILE,
  migration: Object.keys(outboxMigrations)[0]!,
  shared: ['outgoing', 'sent', 'refused'],
  dependent: ['deliveries', 'staging', 'leases'],
}

class SqliteOutbox implements Outbox {
  readonly #leases: string
  readonly #files: FilesInPlace
  readonly #database: DatabaseSync
  readonly logs: SqliteLogMemory
  /** All who open it have its folder. */
  readonly documents = undefined
  /** Made when the first lease is taken: a process that only reads has none. */
  #holder: LeaseHolder | undefined

  constructor(folder: string, database: DatabaseSync) {
    this.#leases = join(folder, 'leases')
    this.#files = new FilesInPlace([folder, join(folder, OUTBOX_FILE), `${join(folder, OUTBOX_FILE)}-wal`])
    this.#database = database
    this.logs = new SqliteLogMemory(database)
  }

  async queue(
    request: OutboxRequest,
    seen?: Pick<OutboxEntry, 'number' | 'state'>,
  ): Promise<{ entry: OutboxEntry; isNew: boolean }> {
    return this.#transact('queue a document', () => {
      this.#endLeasesOfTheGone()
      const [last] = this.#select('delivery = ? ORDER BY number DESC LIMIT 1', request.delivery)
      if (last !== undefined && last.number !== seen?.number) return { entry: last, isNew: false }
      if (last?.state === 'queued') {
        if (last.lease !== undefined || last.expiresAt > request.queuedAt) return { entry: last, isNew: false }
        const { expiresAt } = request
        if (last.tries === 0) return { entry: this.#move(last, { type: 'renew', expiresAt }), isNew: false }
        this.#move(last, { type: 'expire', at: request.queuedAt })
      } else if (last !== undefined && last.state !== seen?.state) return { entry: last, isNew: false }
      return { entry: this.#insert(request), isNew: true }
    })
  }

  async find(number: number): Promise<OutboxEntry | undefined> {
    return this.#read(`${select} WHERE number = ?`, number)[0]
  }

  async latest(delivery: string): Promise<OutboxEntry | undefined> {
    return this.#read(`${select} WHERE delivery = ? ORDER BY number DESC LIMIT 1`, delivery)[0]
  }

  async latestOf(numbers: readonly number[]): Promise<OutboxEntry[]> {
    const later =
      'SELECT 1 FROM outbox AS later WHERE later.delivery = outbox.delivery AND later.number > outbox.number'
    const condition = `number IN (SELECT value FROM json_each(?)) AND NOT EXISTS (${later})`
    return this.#read(`${select} WHERE ${condition} ORDER BY number`, JSON.stringify(numbers))
  }

  async *list(states: readonly OutboxState[] = allStates): AsyncGenerator<OutboxEntry> {
    const places = states.map(() => '?').join(', ')
    for (let last = 0; ; ) {
      const entries = this.#read(
        `${select} WHERE state IN (${places}) AND number > ? ORDER BY number LIMIT ?`,
        ...states,
        last,
        PAGE,
      )
      yield* entries
      if (entries.length < PAGE) return
      last = entries.at(-1)!.number
    }
  }

  async findDocument(id: string): Promise<OutboxEntry[]> {
    return this.#read(`${select} WHERE document_id = ? ORDER BY number`, id)
  }

  async receipt(number: number): Promise<Buffer | undefined> {
    const octets = onDatabase(
      'read the outbox',
      () => this.#get('SELECT receipt FROM outbox WHERE number = ?', number)?.receipt,
    )
    return octets instanceof Uint8Array ? asBuffer(octets) : undefined
  }

  async attempts(number: number): Promise<Attempt[]> {
    return onDatabase('read the outbox', () => readAttempts(this.#database, number))
  }

  async receivers(): Promise<string[]> {
    const rows = onDatabase('read the outbox', () =>
      this.#all("SELECT DISTINCT receiver FROM outbox WHERE state = 'queued'"),
    )
    return rows.map(({ receiver }) => String(receiver))
  }

  async lease({ receiver, limit, urgent = limit, now }: Parameters<Outbox['lease']>[0]): Promise<LeasedEntry[]> {
    const holder = this.#openHolder().id
    // Most of the time there is nothing to do, and then nothing is written.
    if (!this.#isAnythingDue(receiver, now)) return []
    return this.#transact('lease from the outbox', () => {
      this.#endLeasesOfTheGone()
      const leased = this.#get(
        'SELECT COUNT(*) AS leased FROM outbox WHERE receiver = ? AND lease IS NOT NULL',
        receiver,
      )
      const roomBelow = (most: number) => Math.max(0, most - Number(leased?.leased))
      const free = "state = 'queued' AND receiver = ? AND lease IS NULL"
      const hurried = this.#select(
        `${free} AND hurried = 1 ORDER BY next_try, number LIMIT ?`,
        receiver,
        roomBelow(urgent),
      )
      const due = this.#select(
        `${free} AND hurried = 0 AND (next_try <= ? OR next_try > ?) ORDER BY next_try, number LIMIT ?`,
        receiver,
        now,
        now + FARTHEST_TRY,
        Math.max(0, roomBelow(limit) - hurried.length),
      )
      return [...hurried, ...due].map(entry => this.#lease(entry, holder))
    })
  }

  async leaseOne(number: number): Promise<LeasedEntry | undefined> {
    const holder = this.#openHolder().id
    return this.#transact('lease from the outbox', () => {
      this.#endLeasesOfTheGone()
      const [entry] = this.#select("number = ? AND state = 'queued' AND lease IS NULL", number)
      return entry && this.#lease(entry, holder)
    })
  }

  async release(held: HeldLease): Promise<void> {
    this.#transact('write to the outbox', () => {
      const [entry] = this.#select('number = ?', held.number)
      if (entry !== undefined && isHeld(entry, held)) this.#move(entry, { type: 'release', held })
    })
  }

  async postpone(held: HeldLease, reason: OutboxReason, nextTry: number, attempt: AttemptNotes): Promise<OutboxEntry> {
    return this.#change(held.number, { type: 'postpone', held, reason, nextTry, attempt })
  }

  async deliver(held: HeldLease, receipt: Uint8Array, now: number, attempt: AttemptNotes): Promise<OutboxEntry> {
    return this.#change(held.number, { type: 'deliver', held, at: now, attempt }, receipt)
  }

  async refuse(held: HeldLease, reason: OutboxReason, attempt: AttemptNotes): Promise<OutboxEntry> {
    return this.#change(held.number, { type: 'refuse', held, reason, attempt })
  }

  async giveUp(held: HeldLease, reason: OutboxReason, attempt: AttemptNotes): Promise<OutboxEntry> {
    return this.#change(held.number, { type: 'giveUp', held, reason, attempt })
  }

  async replaceDocument(held: HeldLease, document: OutboxDocument): Promise<LeasedEntry> {
    return { ...this.#change(held.number, { type: 'replace', held, document }), lease: held.lease }
  }

  async cancel(number: number, now: number): Promise<OutboxEntry> {
    return this.#changeFreed(number, { type: 'cancel', at: now })
  }

  async retry(number: number, now: number, expiresAt: number): Promise<OutboxEntry> {
    return this.#transact('queue a document', () => {
      this.#endLeasesOfTheGone()
      const entry = this.#entry(number)
      if (entry.state === 'queued') return this.#move(entry, { type: 'hurry', at: now })
      if (entry.state === 'delivered') throw new Fault('usage', `entry ${number} is delivered`)
      const [queued] = this.#select("delivery = ? AND state = 'queued'", entry.delivery)
      if (queued !== undefined) throw new Fault('usage', `entry ${number} is queued again already, as ${queued.number}`)
      return this.#insert({ ...entry, queuedAt: now, expiresAt }, true)
    })
  }

  async remember(log: string, proven: WitnessedLog, next: SeenCheckpoint): Promise<boolean> {
    return this.#transact('remember a checkpoint', () => this.logs.replace(log, proven, next))
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return
    const holder = this.#holder
    try {
      if (holder !== undefined) this.#transact('give back leases', () => this.#endLeases(holder.id, 'release'))
    } finally {
      this.#database.close()
      holder?.close()
    }
  }

  #openHolder(): LeaseHolder {
    this.#holder ??= this.#transact('lease from the outbox', () => new LeaseHolder(this.#leases))
    return this.#holder
  }

  #isAnythingDue(receiver: string, now: number): boolean {
    const sql =
      "SELECT 1 FROM outbox WHERE state = 'queued' AND receiver = ? " +
      'AND (next_try <= ? OR next_try > ? OR hurried = 1) LIMIT 1'
    return onDatabase('read the outbox', () => this.#get(sql, receiver, now, now + FARTHEST_TRY) !== undefined)
  }

  /** Entries that a process was sending when it ended are free again; that attempt counts. */
  #endLeasesOfTheGone(): void {
    for (const { lease } of this.#all('SELECT DISTINCT lease FROM outbox WHERE lease <> ?', this.#holder?.id ?? ''))
      if (isHolderGone(this.#leases, String(lease))) this.#endLeases(String(lease), 'interrupt')
  }

  #endLeases(holder: string, type: 'release' | 'interrupt'): void {
    for (const entry of this.#select('lease = ?', holder))
      this.#move(entry, { type, held: { ...entry, lease: holder } })
  }

  #lease(entry: OutboxEntry, holder: string): LeasedEntry {
    return { ...this.#move(entry, { type: 'lease', holder }), lease: holder }
  }

  #change(number: number, event: OutboxEvent, receipt?: Uint8Array): OutboxEntry {
    return this.#transact('write to the outbox', () => this.#move(this.#entry(number), event, receipt))
  }

  #changeFreed(number: number, event: OutboxEvent): OutboxEntry {
    return this.#transact('write to the outbox', () => {
      this.#endLeasesOfTheGone()
      return this.#move(this.#entry(number), event)
    })
  }

  #entry(number: number): OutboxEntry {
    const [entry] = this.#select('number = ?', number)
    if (entry === undefined) throw new Fault('usage', `there is no entry ${number} in the outbox`)
    return entry
  }

  #insert({ delivery, receiver, file, document, queuedAt, expiresAt }: OutboxRequest, isHurried = false): OutboxEntry {
    const number = Number(this.#get('SELECT COALESCE(MAX(number), 0) + 1 AS next FROM outbox')?.next)
    const entry: OutboxEntry = {
      number,
      ...{ delivery, receiver, file, document, queuedAt, expiresAt },
      ...{ state: 'queued', tries: 0, nextTry: queuedAt, isHurried },
      ...{ lease: undefined, leases: 0, settledAt: undefined, reason: undefined },
    }
    const places = entryColumns.map(() => '?').join(', ')
    this.#run(`INSERT INTO outbox (${entryColumns.join(', ')}) VALUES (${places})`, ...writeEntryRow(entry))
    return entry
  }

  #move(entry: OutboxEntry, event: OutboxEvent, receipt?: Uint8Array): OutboxEntry {
    const moved = advance(entry, event)
    const assignments = entryColumns.map(column => `${column} = ?`).join(', ')
    this.#run(
      `UPDATE outbox SET ${assignments}, receipt = ? WHERE number = ?`,
      ...writeEntryRow(moved),
      receipt ?? null,
      entry.number,
    )
    writeAttempt(this.#database, moved, event)
    return moved
  }

  #select(condition: string, ...parameters: readonly Value[]): OutboxEntry[] {
    return this.#all(`${select} WHERE ${condition}`, ...parameters).map(readEntryRow)
  }

  #read(sql: string, ...parameters: readonly Value[]): OutboxEntry[] {
    return onDatabase('read the outbox', () => this.#all(sql, ...parameters)).map(readEntryRow)
  }

  #get(sql: string, ...parameters: readonly Value[]): Row | undefined {
    return this.#database.prepare(sql).get(...parameters)
  }

  #all(sql: string, ...parameters: readonly Value[]): Row[] {
    return this.#database.prepare(sql).all(...parameters)
  }

  #run(sql: string, ...parameters: readonly Value[]): void {
    this.#database.prepare(sql).run(...parameters)
  }

  /** Crash before the commit returns: nothing of it is there. After: all of it. */
  #transact<Result>(task: string, work: () => Result): Result {
    return onDatabase(task, () => {
      const result = transact(this.#database, work)
      const lost = this.#files.lost()
      if (lost !== undefined) throw lost
      return result
    })
  }
}
