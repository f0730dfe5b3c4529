// One run at a time changes a revocation list, or a request for a next certificate.
import { chmodSync } from 'node:fs'
import { Fault, type FileLock, FileLocked, lockFile } from '@seg/core'

/**
 * Two runs at a time would each write a list without the other's certificate. The lock's file,
 * `….lock`, stays. Throws the Faults `file-exists` while another run holds it, and
 * `file-unreadable`.
 */
export async function withListLock<T>(path: string, run: () => Promise<T>): Promise<T> {
  const held = lockList(path)
  try {
    return await run()
  } finally {
    held.release()
  }
}

function lockList(path: string): FileLock {
  const lock = `${path}.lock`
  try {
    const held = lockFile(lock)
    chmodSync(lock, 0o600)
    return held
  } catch (cause) {
    if (cause instanceof FileLocked)
      throw new Fault('file-exists', `nothing was changed: another run changes ${path}; try again`, { cause })
    throw new Fault('file-unreadable', `cannot write ${lock}: ${(cause as Error).message}`, { cause })
  }
}
