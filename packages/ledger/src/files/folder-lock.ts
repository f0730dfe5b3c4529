// One writer for a data folder: a lock of the operating system, which ends with the process that
// holds it, however it ends.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import { makePrivateFile } from './private-file.ts'

const SQLITE_BUSY = 5

export type FolderLock = { release(): void }

/**
 * Locks `folder` for this process. Node has no file locks of its own; an exclusive transaction on
 * an empty SQLite database is one, and unlike a file with a process number it cannot be left
 * behind. Throws the Fault `storage-unavailable`.
 */
export function lockFolder(folder: string): FolderLock {
  let database: DatabaseSync | undefined
  try {
    makePrivateFile(join(folder, 'lock'))
    database = new DatabaseSync(join(folder, 'lock'))
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    database?.close()
    if (cause instanceof Fault) throw cause
    const isBusy = (cause as { errcode?: number }).errcode === SQLITE_BUSY
    const reason = isBusy
      ? 'another process is using it; stop that one, or use another folder (--data)'
      : (cause as Error).message
    throw new Fault('storage-unavailable', `cannot lock the data folder ${folder}: ${reason}`, { cause })
  }
  const held = database
  return { release: () => void (held.isOpen && held.close()) }
}

/**
 * Whether a process holds the lock of `folder`, without taking it. Throws the Fault
 * `storage-unavailable` when that cannot be found out.
 */
export function isFolderLocked(folder: string): boolean {
  const path = join(folder, 'lock')
  if (!existsSync(path)) return false
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    database.prepare('SELECT 1 FROM sqlite_schema').get()
    return false
  } catch (cause) {
    if ((cause as { errcode?: number }).errcode === SQLITE_BUSY) return true
    throw new Fault('storage-unavailable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  } finally {
    database.close()
  }
}
