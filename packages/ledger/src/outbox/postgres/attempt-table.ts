// The attempts of a delivery as rows of PostgreSQL.
import type { PostgresConnection } from '../../postgres/connect.ts'
import type { OutboxEvent } from '../advance.ts'
import { attemptColumns, LATEST_KEPT, writeAttemptRow } from '../attempts.ts'
import type { OutboxEntry } from '../outbox.ts'
import { storableRow } from './storable-row.ts'

const places = attemptColumns.map((_, i) => `$${i + 1}`).join(', ')
const INSERT = `INSERT INTO attempts (${attemptColumns.join(', ')}) VALUES (${places})`
const REMOVE = 'DELETE FROM attempts WHERE entry = $1 AND number > 1 AND number <= $2'

export const SELECT_ATTEMPTS = `SELECT ${attemptColumns.join(', ')} FROM attempts
  WHERE entry = $1 ORDER BY number DESC`

/**
 * `entry` as it is after the event. Called in the transaction of the event: there is no end of an
 * attempt without its row, and no row without its end.
 */
export async function insertAttempt(
  connection: PostgresConnection,
  entry: OutboxEntry,
  event: OutboxEvent,
): Promise<void> {
  const row = writeAttemptRow(entry, event)
  if (row === undefined) return
  await connection.planned('attempt', INSERT, storableRow(row))
  const last = entry.tries - LATEST_KEPT
  if (last > 1) await connection.planned('old attempts', REMOVE, [entry.number, last])
}
