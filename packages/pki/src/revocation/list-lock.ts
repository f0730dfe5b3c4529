// One run at a time changes a revocation list: a lock of the operating system, which ends with the
// process that holds it, however it ends.
import { chmodSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'

const SQLITE_BUSY = 5

/**
 * Two runs at a time would each write a list without the other's certificate. Node has no file
 * locks of its own; an exclusive transaction on an empty SQLite database is one. Its file,
 * `….lock`, stays. Throws the Faults `file-exists` while another run holds it, and
 * `file-unreadable`.
 */
export async function withListLock<T>(path: string, run: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(lock)
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    chmodSync(lock, 0o600)
  } catch (cause) {
    database?.close()
    const isBusy = (cause as { errcode?: number }).errcode === SQLITE_BUSY
    if (isBusy) throw new Fault('file-exists', `nothing was changed: another run changes ${path}; try again`, { cause })
    throw new Fault('file-unreadable', `cannot write ${lock}: ${(cause as Error).message}`, { cause })
  }
  try {
    return await run()
  } finally {
    database.close()
  }
}
