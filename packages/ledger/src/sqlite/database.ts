// SQLite as the gateway uses it: a write-ahead log, every commit synced, foreign keys held, the
// schema up to date.
import { statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Fault, isSystemError, syncFolder } from '@seg/core'
import { makePrivateFile } from '../files/private-file.ts'
import { onStorage } from '../files/storage-fault.ts'
import type { Migrations } from '../migrations/migrations.ts'
import { databaseFault, isUnopenable } from './database-fault.ts'
import { migrate, missingMigrations } from './migrate.ts'

/** How long a statement waits for another process that is writing, in milliseconds. */
const BUSY_TIME = 5000

/**
 * Opens a database for writing; makes it when it is not there, in a folder that is. Throws the
 * Faults `storage-unavailable` and `configuration` (a schema of a later version).
 */
export async function openDatabase(path: string, migrations: Migrations): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined
  try {
    await onStorage(`make ${path}`, async () => makePrivateFile(path))
    database = new DatabaseSync(path, { timeout: BUSY_TIME })
    // FULL: a commit is on the disk when it returns (sqlite.org/pragma.html#pragma_synchronous).
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    migrate(database, migrations)
    await makeDurable(path)
    return database
  } catch (error) {
    database?.close()
    throw databaseFault(`open ${path}`, error)
  }
}

/**
 * Opens a database for reading, which may be written to at the same time. Of an earlier version it
 * is read with the `views` of the migrations that it does not have. Throws as `openDatabase` does.
 */
export function openDatabaseReader(path: string, migrations: Migrations, views: Migrations = {}): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = openReadOnly(path)
    for (const name of missingMigrations(database, migrations)) {
      for (const statement of views[name] ?? []) database.exec(statement)
    }
    return database
  } catch (error) {
    database?.close()
    throw isUnopenable(error) ? unreadable(path, error) : databaseFault(`open ${path}`, error)
  }
}

/**
 * SQLite makes a file beside a database that it reads. Where it may not, on read-only media or in
 * the folder of another user, a database that is closed is read as it stands; an open one has a
 * write-ahead log.
 */
export function openReadOnly(path: string): DatabaseSync {
  const options = { timeout: BUSY_TIME, readOnly: true } as const
  const database = new DatabaseSync(path, options)
  try {
    database.prepare('SELECT 1 FROM sqlite_schema').get()
    return database
  } catch (error) {
    database.close()
    if (!isUnopenable(error) || hasOctets(`${path}-wal`)) throw error
    const url = pathToFileURL(path)
    url.searchParams.set('immutable', '1')
    return new DatabaseSync(url, options)
  }
}

function hasOctets(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0
}

/** Of a file that is there: trying again does not help. */
function unreadable(path: string, cause: unknown): Fault {
  return new Fault(
    'file-unreadable',
    `cannot read ${path}: ${(cause as Error).message}; ` +
      'read it as the user who owns it, or copy the whole folder to where you may write and read it there',
    { cause },
  )
}

/**
 * A process that was killed between writing its last transaction and syncing it leaves one that is
 * visible, and that a power failure could still take back. From here on it cannot, nor the names of
 * the database's files.
 */
async function makeDurable(path: string): Promise<void> {
  await onStorage(`sync ${path}`, async () => {
    await syncFile(`${path}-wal`)
    await syncFolder(dirname(path))
  })
}

async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path)
    await file.sync().finally(() => file.close())
  } catch (error) {
    // Another process may have closed the database just now, which puts all of its log into the
    // database.
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}
