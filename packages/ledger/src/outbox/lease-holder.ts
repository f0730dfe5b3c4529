// Who holds leases: a process, until it ends. A lock of the operating system shows it,
// with no clock to disagree about.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type FileLock, FileLocked, lockFile } from '@seg/core'
import { databaseFault } from '../sqlite/database-fault.ts'

const HOLDER = /^[0-9a-f-]{36}$/

export class LeaseHolder {
  readonly id = randomUUID()
  readonly #folder: string
  readonly #lock: FileLock

  /**
   * To be called in a write transaction of the outbox, as `isHolderGone`: a file that is made but
   * not locked yet is invisible to others. Crash from here on: the lock ends with the process, and
   * its empty file is removed when the next lease is taken.
   */
  constructor(folder: string) {
    this.#folder = folder
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      // What processes that ended without warning have left.
      for (const name of readdirSync(folder)) isHolderGone(folder, name)
      this.#lock = lockFile(join(folder, this.id))
    } catch (error) {
      throw databaseFault(`lock a file in ${folder}`, error)
    }
  }

  close(): void {
    if (!this.#lock.isHeld) return
    // The name first: unlocked but there, it would be a holder that crashed.
    rmSync(join(this.#folder, this.id), { force: true })
    this.#lock.release()
  }
}

/** Whether the process that holds leases under this name has ended; removes what it left. */
export function isHolderGone(folder: string, id: string): boolean {
  const path = join(folder, id)
  // A name that no holder can have, or whose file was removed, has no process.
  if (!HOLDER.test(id) || !existsSync(path)) return true
  try {
    lockFile(path).release()
  } catch (error) {
    if (error instanceof FileLocked) return false
    throw databaseFault(`look for the sender ${id}`, error)
  }
  rmSync(path, { force: true })
  return true
}
