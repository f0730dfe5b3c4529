// Reading an outbox beside the processes that write it: its entries by number.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabaseReader } from '../sqlite/database.ts'
import { onDatabase } from '../sqlite/database-fault.ts'
import type { OutboxEntry } from './outbox.ts'
import { entryColumns, readEntryRow } from './outbox-rows.ts'
import { OUTBOX_FILE, outboxMigrations } from './outbox-schema.ts'

export type OutboxReader = {
  /** In order of number. */
  entriesAfter(number: number, limit: number): OutboxEntry[]
  entries(numbers: readonly number[]): OutboxEntry[]
  close(): void
}

/**
 * Undefined while there is no outbox in the folder. Throws the Faults `storage-unavailable` and
 * `configuration`.
 */
export function openOutboxReader(folder: string): OutboxReader | undefined {
  const path = join(folder, OUTBOX_FILE)
  if (!existsSync(path)) return undefined
  const database = openDatabaseReader(path, outboxMigrations)
  const select = `SELECT ${entryColumns.join(', ')} FROM outbox`
  const read = (sql: string, values: readonly number[]) =>
    onDatabase('read the outbox', () => database.prepare(sql).all(...values)).map(readEntryRow)
  return {
    entriesAfter: (number, limit) => read(`${select} WHERE number > ? ORDER BY number LIMIT ?`, [number, limit]),
    entries: numbers =>
      read(`${select} WHERE number IN (${numbers.map(() => '?').join(', ')}) ORDER BY number`, numbers),
    close: () => database.close(),
  }
}
