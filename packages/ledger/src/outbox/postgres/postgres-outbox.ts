// The outbox on PostgreSQL: each method is one transaction, moved by `advance`. An entry is locked
// by its row; what is counted over several, by a lock of the database.
//
// Long because each method of the port is one transaction, and nothing else stands here.
import { Fault, LONGEST_PATIENCE, LONGEST_PAUSE } from '@seg/core'
import type { PostgresConnection, PostgresRow } from '../../postgres/connect.ts'
import { PostgresConnections } from '../../postgres/connections.ts'
import type { PostgresPlace } from '../../postgres/postgres-place.ts'
import { asBuffer } from '../../sqlite/writer/open-tree.ts'
import { isHeld, type OutboxEvent } from '../advance.ts'
import { readAttemptRow } from '../attempts.ts'
import type { SeenCheckpoint, WitnessedLog } from '../log-memory.ts'
import {
  type Attempt,
  type AttemptNotes,
  type HeldLease,
  type LeasedEntry,
  LeaseLost,
  type Outbox,
  type OutboxDocument,
  type OutboxEntry,
  type OutboxReason,
  type OutboxRequest,
  type OutboxState,
} from '../outbox.ts'
import { readEntryRow } from '../outbox-rows.ts'
import { SELECT_ATTEMPTS } from './attempt-table.ts'
import { insertEntry, lockEntry, moveEntry, SELECT_ENTRY, selectEntries } from './entry-table.ts'
import { prepareOutbox } from './open-database.ts'
import { OutboxDocuments } from './outbox-documents.ts'
import { endLeasesOfTheGone, OutboxHolder, RENEWAL } from './outbox-holder.ts'
import { OutboxTransactions, outboxForm } from './outbox-transactions.ts'
import { PostgresLogMemory } from './postgres-log-memory.ts'

const PAGE = 500
const AT_ONCE = 4
const READERS = 2
/** As on SQLite: no try is put off any further, so one that seems to be is due. */
const FARTHEST_TRY = LONGEST_PATIENCE + LONGEST_PAUSE
const allStates: readonly OutboxState[] = ['queued', 'delivered', 'refused', 'expired', 'cancelled']
/** Of who gives a number to an entry; of who leases for one receiver, with a hash of it. */
const [QUEUE_LOCK, LEASE_LOCK] = [0x5e610b, 0x5e610c]
const FREE = "state = 'queued' AND receiver = $1 AND lease IS NULL"

/** Throws the Faults `storage-unavailable` and `configuration`. */
export async function openPostgresOutbox(place: PostgresPlace): Promise<Outbox> {
  await prepareOutbox(place)
  return new PostgresOutbox(place)
}

class PostgresOutbox implements Outbox {
  readonly logs: PostgresLogMemory
  readonly documents: OutboxDocuments
  readonly #transactions: OutboxTransactions
  readonly #renewals: OutboxTransactions
  readonly #readers: PostgresConnections
  /** Made when the first lease is taken, and again when others have taken it to have ended. */
  #holder: Promise<OutboxHolder> | undefined
  /** Numbers of the leases that this process knows of, by entry. */
  readonly #held = new Map<number, number>()
  #lastLeasing: Promise<unknown> = Promise.resolve()

  constructor(place: PostgresPlace) {
    this.#transactions = new OutboxTransactions(place, AT_ONCE)
    this.#renewals = new OutboxTransactions(place, 1, { ...outboxForm, patience: RENEWAL })
    this.#readers = new PostgresConnections(place, outboxForm, READERS)
    this.logs = new PostgresLogMemory(this.#transactions, this.#readers)
    this.documents = new OutboxDocuments(place)
  }

  async queue(
    request: OutboxRequest,
    seen?: Pick<OutboxEntry, 'number' | 'state'>,
  ): Promise<{ entry: OutboxEntry; isNew: boolean }> {
    return this.#transactions.transact('queue a document', async connection => {
      await connection.rows(`SELECT pg_advisory_xact_lock(${QUEUE_LOCK})`)
      await endLeasesOfTheGone(connection)
      const [last] = await selectEntries(connection, 'last', 'delivery = $1 ORDER BY number DESC LIMIT 1 FOR UPDATE', [
        request.delivery,
      ])
      if (last !== undefined && last.number !== seen?.number) return { entry: last, isNew: false }
      if (last?.state === 'queued') {
        if (last.lease !== undefined || last.expiresAt > request.queuedAt) return { entry: last, isNew: false }
        const { expiresAt } = request
        if (last.tries === 0)
          return { entry: await moveEntry(connection, last, { type: 'renew', expiresAt }), isNew: false }
        await moveEntry(connection, last, { type: 'expire', at: request.queuedAt })
      } else if (last !== undefined && last.state !== seen?.state) return { entry: last, isNew: false }
      return { entry: await insertEntry(connection, request), isNew: true }
    })
  }

  async find(number: number): Promise<OutboxEntry | undefined> {
    return (await this.#read(`${SELECT_ENTRY} WHERE number = $1`, [number]))[0]
  }

  async latest(delivery: string): Promise<OutboxEntry | undefined> {
    return (await this.#read(`${SELECT_ENTRY} WHERE delivery = $1 ORDER BY number DESC LIMIT 1`, [delivery]))[0]
  }

  async latestOf(numbers: readonly number[]): Promise<OutboxEntry[]> {
    const later =
      'SELECT 1 FROM outbox AS later WHERE later.delivery = outbox.delivery AND later.number > outbox.number'
    const condition = `number = ANY($1::bigint[]) AND NOT EXISTS (${later})`
    return this.#read(`${SELECT_ENTRY} WHERE ${condition} ORDER BY number`, [numbers])
  }

  async *list(states: readonly OutboxState[] = allStates): AsyncGenerator<OutboxEntry> {
    const text = `${SELECT_ENTRY} WHERE state = ANY($1::text[]) AND number > $2 ORDER BY number LIMIT ${PAGE}`
    for (let last = 0; ; ) {
      const entries = await this.#read(text, [states, last])
      yield* entries
      if (entries.length < PAGE) return
      last = entries.at(-1)!.number
    }
  }

  async findDocument(id: string): Promise<OutboxEntry[]> {
    return this.#read(`${SELECT_ENTRY} WHERE document_id = $1 ORDER BY number`, [id])
  }

  async receipt(number: number): Promise<Buffer | undefined> {
    const [row] = await this.#rows('SELECT receipt FROM outbox WHERE number = $1', [number])
    return row?.receipt instanceof Uint8Array ? asBuffer(row.receipt) : undefined
  }

  async attempts(number: number): Promise<Attempt[]> {
    return (await this.#rows(SELECT_ATTEMPTS, [number])).map(readAttemptRow)
  }

  async receivers(): Promise<string[]> {
    const rows = await this.#rows("SELECT DISTINCT receiver FROM outbox WHERE state = 'queued'")
    return rows.map(({ receiver }) => String(receiver))
  }

  async lease({ receiver, limit, urgent = limit, now }: Parameters<Outbox['lease']>[0]): Promise<LeasedEntry[]> {
    // Most of the time there is nothing to do, and then no transaction is begun.
    if (!(await this.#isAnythingDue(receiver, now))) return []
    return this.#leasing(async connection => {
      await connection.rows(`SELECT pg_advisory_xact_lock(${LEASE_LOCK}, hashtext($1))`, [receiver])
      const [row] = await connection.planned(
        'leased',
        'SELECT COUNT(*) AS leased FROM outbox WHERE receiver = $1 AND lease IS NOT NULL',
        [receiver],
      )
      const roomBelow = (most: number) => Math.max(0, most - Number(row!.leased))
      const hurried = await selectEntries(
        connection,
        'hurried',
        `${FREE} AND hurried = 1 ORDER BY next_try, number LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [receiver, roomBelow(urgent)],
      )
      const due = await selectEntries(
        connection,
        'due',
        `${FREE} AND hurried = 0 AND (next_try <= $2 OR next_try > $3) ORDER BY next_try, number LIMIT $4
        FOR UPDATE SKIP LOCKED`,
        [receiver, now, now + FARTHEST_TRY, Math.max(0, roomBelow(limit) - hurried.length)],
      )
      return [...hurried, ...due]
    })
  }

  async leaseOne(number: number): Promise<LeasedEntry | undefined> {
    const free = "number = $1 AND state = 'queued' AND lease IS NULL FOR UPDATE SKIP LOCKED"
    const [leased] = await this.#leasing(connection => selectEntries(connection, 'one', free, [number]))
    return leased
  }

  async release(held: HeldLease): Promise<void> {
    await this.#transactions.transact('write to the outbox', async connection => {
      const [entry] = await selectEntries(connection, 'locked', 'number = $1 FOR UPDATE', [held.number])
      if (entry !== undefined && isHeld(entry, held)) await moveEntry(connection, entry, { type: 'release', held })
    })
    this.#forget(held)
  }

  async postpone(held: HeldLease, reason: OutboxReason, nextTry: number, attempt: AttemptNotes): Promise<OutboxEntry> {
    return this.#end(held, { type: 'postpone', held, reason, nextTry, attempt })
  }

  async deliver(held: HeldLease, receipt: Uint8Array, now: number, attempt: AttemptNotes): Promise<OutboxEntry> {
    return this.#end(held, { type: 'deliver', held, at: now, attempt }, receipt)
  }

  async refuse(held: HeldLease, reason: OutboxReason, attempt: AttemptNotes): Promise<OutboxEntry> {
    return this.#end(held, { type: 'refuse', held, reason, attempt })
  }

  async giveUp(held: HeldLease, reason: OutboxReason, attempt: AttemptNotes): Promise<OutboxEntry> {
    return this.#end(held, { type: 'giveUp', held, reason, attempt })
  }

  async replaceDocument(held: HeldLease, document: OutboxDocument): Promise<LeasedEntry> {
    return { ...(await this.#whileHeld(held, { type: 'replace', held, document })), lease: held.lease }
  }

  async cancel(number: number, now: number): Promise<OutboxEntry> {
    return this.#transactions.transact('write to the outbox', async connection => {
      await endLeasesOfTheGone(connection)
      return moveEntry(connection, await lockEntry(connection, number), { type: 'cancel', at: now })
    })
  }

  async retry(number: number, now: number, expiresAt: number): Promise<OutboxEntry> {
    return this.#transactions.transact('queue a document', async connection => {
      await connection.rows(`SELECT pg_advisory_xact_lock(${QUEUE_LOCK})`)
      await endLeasesOfTheGone(connection)
      const entry = await lockEntry(connection, number)
      if (entry.state === 'queued') return moveEntry(connection, entry, { type: 'hurry', at: now })
      if (entry.state === 'delivered') throw new Fault('usage', `entry ${number} is delivered`)
      const [queued] = await selectEntries(connection, 'again', "delivery = $1 AND state = 'queued'", [entry.delivery])
      if (queued !== undefined) throw new Fault('usage', `entry ${number} is queued again already, as ${queued.number}`)
      return insertEntry(connection, { ...entry, queuedAt: now, expiresAt }, true)
    })
  }

  async remember(log: string, proven: WitnessedLog, next: SeenCheckpoint): Promise<boolean> {
    return this.logs.replace(log, proven, next)
  }

  async close(): Promise<void> {
    const holder = await this.#holder?.catch(() => undefined)
    this.#holder = undefined
    await holder?.close()
    // Where the server is away, they end by themselves.
    if (holder !== undefined) await this.#giveBack(holder.id).catch(() => {})
    await Promise.all([this.#transactions, this.#renewals, this.#readers, this.documents].map(part => part.close()))
  }

  #giveBack(holder: string): Promise<void> {
    return this.#transactions.transact('give back leases', async connection => {
      await connection.rows('UPDATE outbox SET lease = NULL WHERE lease = $1', [holder])
      await connection.rows('DELETE FROM holders WHERE id = $1', [holder])
    })
  }

  async #openHolder(): Promise<OutboxHolder> {
    const open = await this.#holder?.catch(() => undefined)
    if (open !== undefined && !open.isOver) return open
    await open?.close()
    this.#holder = OutboxHolder.open(this.#renewals)
    return this.#holder
  }

  async #isAnythingDue(receiver: string, now: number): Promise<boolean> {
    const text =
      "SELECT 1 FROM outbox WHERE state = 'queued' AND receiver = $1 " +
      'AND (next_try <= $2 OR next_try > $3 OR hurried = 1) LIMIT 1'
    return (await this.#rows(text, [receiver, now, now + FARTHEST_TRY])).length > 0
  }

  /** One after the other: each knows what the one before has taken. */
  #leasing(find: (connection: PostgresConnection) => Promise<OutboxEntry[]>): Promise<LeasedEntry[]> {
    const leased = this.#lastLeasing.then(() => this.#lease(find))
    this.#lastLeasing = leased.catch(() => {})
    return leased
  }

  async #lease(find: (connection: PostgresConnection) => Promise<OutboxEntry[]>): Promise<LeasedEntry[]> {
    const held = await this.#openHolder()
    const holder = held.id
    const taken = await this.#transactions.transact('lease from the outbox', async connection => {
      if (!(await held.isAlive(connection))) return undefined
      await endLeasesOfTheGone(connection)
      // What an earlier lease took whose commit was in doubt is free: nobody is sending it.
      const strays = 'UPDATE outbox SET lease = NULL WHERE lease = $1 AND number <> ALL($2::bigint[])'
      await connection.planned('strays', strays, [holder, [...this.#held.keys()]])
      const leased: LeasedEntry[] = []
      for (const entry of await find(connection))
        leased.push({ ...(await moveEntry(connection, entry, { type: 'lease', holder })), lease: holder })
      return leased
    })
    // It was taken to have ended: the next holder leases.
    if (taken === undefined) return this.#lease(find)
    for (const { number, leases } of taken) this.#held.set(number, leases)
    return taken
  }

  /** The lease ends with it. */
  async #end(held: HeldLease, event: OutboxEvent, receipt?: Uint8Array): Promise<OutboxEntry> {
    const moved = await this.#whileHeld(held, event, receipt)
    this.#forget(held)
    return moved
  }

  /** A lease that was lost is forgotten. */
  async #whileHeld(held: HeldLease, event: OutboxEvent, receipt?: Uint8Array): Promise<OutboxEntry> {
    try {
      return await this.#change(held.number, event, receipt)
    } catch (error) {
      if (error instanceof LeaseLost) this.#forget(held)
      throw error
    }
  }

  #forget({ number, leases }: HeldLease): void {
    if (this.#held.get(number) === leases) this.#held.delete(number)
  }

  #change(number: number, event: OutboxEvent, receipt?: Uint8Array): Promise<OutboxEntry> {
    return this.#transactions.transact('write to the outbox', async connection =>
      moveEntry(connection, await lockEntry(connection, number), event, receipt),
    )
  }

  async #read(text: string, values: readonly unknown[]): Promise<OutboxEntry[]> {
    return (await this.#rows(text, values)).map(readEntryRow)
  }

  #rows(text: string, values: readonly unknown[] = []): Promise<readonly PostgresRow[]> {
    return this.#readers.rows('read the outbox', text, values)
  }
}
