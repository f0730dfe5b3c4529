// Who holds leases: a process, for as long as it lives. A lock of the operating system says so, with no clock to disagree about.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { databaseFault } from '../sqlite/database-fault.ts'

const SQLITE_BUSY = 5
const HOLDER = /^[0-9a-f-]{36}$/

export class LeaseHolder {
  readonly id = randomUUID()
  readonly #folder: string
  readonly #lock: DatabaseSync

  /** Crash from here on: the lock ends with the process, and its empty file is removed by whoever next asks for it. */
  constructor(folder: string) {
    this.#folder = folder
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      // Under this name it is locked from its first moment: nobody can take it for one that was left behind.
      this.#lock = lock(join(folder, `.tmp-${this.id}`))
      renameSync(join(folder, `.tmp-${this.id}`), join(folder, this.id))
      this.#sweep()
    } catch (error) {
      throw databaseFault(`lock a file in ${folder}`, error)
    }
  }

  /** Whether the process that holds leases under this name has ended. */
  isGone(id: string): boolean {
    if (id === this.id) return false
    const path = join(this.#folder, id)
    // A name that no holder can have, or whose file was removed, has no process.
    if (!HOLDER.test(id) || !existsSync(path)) return true
    try {
      lock(path).close()
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false
      throw databaseFault(`look for the sender ${id}`, error)
    }
    rmSync(path, { force: true })
    return true
  }

  /** Removes what processes that ended without warning have left. */
  #sweep(): void {
    for (const name of readdirSync(this.#folder)) if (HOLDER.test(name)) this.isGone(name)
  }

  close(): void {
    if (!this.#lock.isOpen) return
    // The name first: unlocked but there, it would be a holder that crashed.
    rmSync(join(this.#folder, this.id), { force: true })
    this.#lock.close()
  }
}

/** An exclusive transaction on an empty database is a lock, as in folder-lock.ts. */
function lock(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
