// Entries of the outbox as rows of PostgreSQL: read, locked, made, and moved by `advance`.
import { Fault } from '@seg/core'
import type { PostgresConnection } from '../../postgres/connect.ts'
import { advance, type OutboxEvent } from '../advance.ts'
import type { OutboxEntry, OutboxRequest } from '../outbox.ts'
import { entryColumns, readEntryRow, writeEntryRow } from '../outbox-rows.ts'
import { insertAttempt } from './attempt-table.ts'
import { storableRow } from './storable-row.ts'

export const SELECT_ENTRY = `SELECT ${entryColumns.join(', ')} FROM outbox`

const places = entryColumns.map((_, i) => `$${i + 1}`).join(', ')
const INSERT = `INSERT INTO outbox (${entryColumns.join(', ')}) VALUES (${places})`
const assignments = entryColumns.map((column, i) => `${column} = $${i + 1}`).join(', ')
const UPDATE = `UPDATE outbox SET ${assignments}, receipt = $${entryColumns.length + 1} WHERE number = $1`

export async function selectEntries(
  connection: PostgresConnection,
  name: string,
  condition: string,
  values: readonly unknown[],
): Promise<OutboxEntry[]> {
  return (await connection.planned(name, `${SELECT_ENTRY} WHERE ${condition}`, values)).map(readEntryRow)
}

/** Locked until the transaction ends. Throws the Fault `usage` where there is none. */
export async function lockEntry(connection: PostgresConnection, number: number): Promise<OutboxEntry> {
  const [entry] = await selectEntries(connection, 'locked', 'number = $1 FOR UPDATE', [number])
  if (entry === undefined) throw new Fault('usage', `there is no entry ${number} in the outbox`)
  return entry
}

/** One at a time, so that numbers have no gaps and come in the order of the commits. */
export async function insertEntry(
  connection: PostgresConnection,
  { delivery, receiver, file, document, queuedAt, expiresAt }: OutboxRequest,
  isHurried = false,
): Promise<OutboxEntry> {
  const [row] = await connection.planned('next', 'SELECT COALESCE(MAX(number), 0) + 1 AS next FROM outbox', [])
  const entry: OutboxEntry = {
    number: Number(row!.next),
    ...{ delivery, receiver, file, document, queuedAt, expiresAt },
    ...{ state: 'queued', tries: 0, nextTry: queuedAt, isHurried },
    ...{ lease: undefined, leases: 0, settledAt: undefined, reason: undefined },
  }
  await connection.planned('insert', INSERT, storableRow(writeEntryRow(entry)))
  return entry
}

/** `entry` is locked. */
export async function moveEntry(
  connection: PostgresConnection,
  entry: OutboxEntry,
  event: OutboxEvent,
  receipt?: Uint8Array,
): Promise<OutboxEntry> {
  const moved = advance(entry, event)
  await connection.planned('update', UPDATE, [...storableRow(writeEntryRow(moved)), receipt ?? null])
  await insertAttempt(connection, moved, event)
  return moved
}
