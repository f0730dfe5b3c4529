// Reading an outbox beside the processes that write it: its entries by number.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabaseReader } from '../sqlite/database.ts'
import { onDatabase } from '../sqlite/database-fault.ts'
import { readFollowedRow } from './attempts.ts'
import type { FollowedEntry } from './outbox.ts'
import { entryColumns } from './outbox-rows.ts'
import { OUTBOX_FILE, outboxMigrations } from './outbox-schema.ts'

export type OutboxReader = {
  /** In order of number. */
  entriesAfter(number: number, limit: number): Promise<FollowedEntry[]>
  entries(numbers: readonly number[]): Promise<FollowedEntry[]>
  close(): Promise<void>
}

const present = entryColumns.map(column => `outbox.${column}`)
const withAttempts = `SELECT ${present.join(', ')}, attempts.address, attempts.request FROM outbox
  LEFT JOIN attempts ON attempts.entry = outbox.number AND attempts.number = outbox.tries`
/** A version before attempts had no numbers of leases either. */
const former = entryColumns.map(column => (column === 'leases' ? '0 AS leases' : `outbox.${column}`))
const withoutAttempts = `SELECT ${former.join(', ')}, NULL AS address, NULL AS request FROM outbox`

/**
 * Undefined while there is no outbox in the folder. Throws the Faults `storage-unavailable` and
 * `configuration`.
 */
export function openSqliteOutboxReader(folder: string): OutboxReader | undefined {
  const path = join(folder, OUTBOX_FILE)
  if (!existsSync(path)) return undefined
  const database = openDatabaseReader(path, outboxMigrations)
  // One of an earlier version is migrated by the sender, which may do that at any time.
  const hasAttempts = () => database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'attempts'").get() !== undefined
  const read = async (condition: string, values: readonly number[]) =>
    onDatabase('read the outbox', () => {
      const select = hasAttempts() ? withAttempts : withoutAttempts
      return database.prepare(`${select} WHERE ${condition}`).all(...values)
    }).map(readFollowedRow)
  return {
    entriesAfter: (number, limit) => read('outbox.number > ? ORDER BY outbox.number LIMIT ?', [number, limit]),
    entries: numbers => read(`outbox.number IN (${numbers.map(() => '?').join(', ')}) ORDER BY outbox.number`, numbers),
    close: async () => database.close(),
  }
}
