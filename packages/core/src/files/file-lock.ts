// A lock of the operating system on a file, which ends with the process that holds it, however it
// ends.
import { DatabaseSync } from 'node:sqlite'

const SQLITE_BUSY = 5

/** A file that another process has locked. */
export class FileLocked extends Error {}

export type FileLock = { readonly isHeld: boolean; release(): void }

/**
 * Locks `path`, which is made if it is missing. Node has no file locks of its own; an exclusive
 * transaction on an empty SQLite database is one, and unlike a file with a process number it cannot
 * be left behind. Throws FileLocked, and what SQLite throws.
 */
export function lockFile(path: string): FileLock {
  const database = onLock(path, () => new DatabaseSync(path))
  try {
    onLock(path, () => database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'))
  } catch (error) {
    database.close()
    throw error
  }
  return {
    get isHeld() {
      return database.isOpen
    },
    release: () => void (database.isOpen && database.close()),
  }
}

/** Whether a process has locked `path`, a file that is there, without taking it. */
export function isFileLocked(path: string): boolean {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    onLock(path, () => database.prepare('SELECT 1 FROM sqlite_schema').get())
    return false
  } catch (error) {
    if (error instanceof FileLocked) return true
    throw error
  } finally {
    database.close()
  }
}

function onLock<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause
    throw new FileLocked(`another process has locked ${path}`, { cause })
  }
}
