// The attempts of a delivery on SQLite.
import type { DatabaseSync } from 'node:sqlite'
import type { OutboxEvent } from './advance.ts'
import { attemptColumns, LATEST_KEPT, readAttemptRow, writeAttemptRow } from './attempts.ts'
import type { Attempt, OutboxEntry } from './outbox.ts'

/**
 * `entry` as it is after the event. Called in the transaction of the event: there is no end of an
 * attempt without its row, and no row without its end.
 */
export function writeAttempt(database: DatabaseSync, entry: OutboxEntry, event: OutboxEvent): void {
  const row = writeAttemptRow(entry, event)
  if (row === undefined) return
  const places = attemptColumns.map(() => '?').join(', ')
  database.prepare(`INSERT INTO attempts (${attemptColumns.join(', ')}) VALUES (${places})`).run(...row)
  database
    .prepare('DELETE FROM attempts WHERE entry = ? AND number > 1 AND number <= ?')
    .run(entry.number, entry.tries - LATEST_KEPT)
}

/** The latest first. */
export function readAttempts(database: DatabaseSync, entry: number): Attempt[] {
  const sql = `SELECT ${attemptColumns.join(', ')} FROM attempts WHERE entry = ? ORDER BY number DESC`
  return database.prepare(sql).all(entry).map(readAttemptRow)
}
