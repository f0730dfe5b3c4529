// One writer for a data folder.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, type FileLock, FileLocked, isFileLocked, lockFile } from '@seg/core'
import { makePrivateFile } from './private-file.ts'

/** Locks `folder` for this process. Throws the Fault `storage-unavailable`. */
export function lockFolder(folder: string): FileLock {
  try {
    makePrivateFile(join(folder, 'lock'))
    return lockFile(join(folder, 'lock'))
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const reason =
      cause instanceof FileLocked
        ? 'another process is using it; stop that one, or use another folder (--data)'
        : (cause as Error).message
    throw new Fault('storage-unavailable', `cannot lock the data folder ${folder}: ${reason}`, { cause })
  }
}

/**
 * Whether a process holds the lock of `folder`, without taking it. Throws the Fault
 * `storage-unavailable` when that cannot be found out.
 */
export function isFolderLocked(folder: string): boolean {
  const path = join(folder, 'lock')
  try {
    return existsSync(path) && isFileLocked(path)
  } catch (cause) {
    throw new Fault('storage-unavailable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}
