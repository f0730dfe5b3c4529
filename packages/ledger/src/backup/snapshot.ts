// A database as it is at one moment, copied while others go on writing to it.
import { backup, DatabaseSync } from 'node:sqlite'
import { makePrivateFile } from '../files/private-file.ts'
import { openReadOnly } from '../sqlite/database.ts'
import { databaseFault, onDatabase } from '../sqlite/database-fault.ts'

/** Pages between two reports of progress: four MiB of the usual size. */
const STEP = 1024

export type Snapshot = {
  /** Copies it into a file that is not there yet, as one file without a write-ahead log. */
  copyTo(path: string, onProgress: (done: number, of: number) => void): Promise<void>
  close(): void
}

/**
 * The transaction that begins here keeps the moment: what is committed later is not in the copy,
 * and does not make it begin again. Throws the Fault `storage-unavailable`.
 */
export function openSnapshot(path: string): Snapshot {
  const database = onDatabase(`open ${path}`, () => openReadOnly(path))
  onDatabase(`read ${path}`, () => {
    database.exec('BEGIN')
    database.prepare('SELECT COUNT(*) FROM sqlite_schema').get()
  })
  return {
    async copyTo(target, onProgress) {
      makePrivateFile(target)
      await backup(database, target, {
        rate: STEP,
        progress: ({ totalPages, remainingPages }) => onProgress(totalPages - remainingPages, totalPages),
      }).catch(error => {
        throw databaseFault(`copy ${path} to ${target}`, error)
      })
      onDatabase(`write ${target}`, () => {
        const copy = new DatabaseSync(target)
        try {
          // Readers of a database with a write-ahead log make files beside it.
          copy.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE')
        } finally {
          copy.close()
        }
      })
    },
    close: () => database.close(),
  }
}
