// One transaction of a database. At once the one writer: what is read in it is what it changes.
import type { DatabaseSync } from 'node:sqlite'

/**
 * `work`, committed. Crash or error before COMMIT returns: nothing of it is there. Throws what
 * `work` throws, and errors of SQLite.
 */
export function transact<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // SQLite has rolled back by itself after some errors.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
