// Errors of SQLite that come from the storage become the Fault `storage-unavailable`; everything
// else is a mistake of ours and passes as it is.
import { Fault } from '@seg/core'

const FULL = 13
const CANTOPEN = 14
const READONLY = 8
const PERM = 3

/**
 * Primary result codes (sqlite.org/rescode.html) that say that the storage, not the statement, is
 * at fault.
 */
const storageCodes: Readonly<Record<number, string>> = {
  [PERM]: 'PERM',
  5: 'BUSY',
  6: 'LOCKED',
  7: 'NOMEM',
  [READONLY]: 'READONLY',
  10: 'IOERR',
  11: 'CORRUPT',
  [FULL]: 'FULL',
  [CANTOPEN]: 'CANTOPEN',
  15: 'PROTOCOL',
  22: 'NOLFS',
  26: 'NOTADB',
}

/**
 * Whether there was no room: what failed was then not written, nor what would have come after it.
 */
export function isFull(error: unknown): boolean {
  return codeOf(error) === FULL
}

/** Whether this process may not open the file, or not as it must. */
export function isUnopenable(error: unknown): boolean {
  return [CANTOPEN, READONLY, PERM].includes(codeOf(error))
}

export function onDatabase<Result>(task: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw databaseFault(task, error)
  }
}

/** What to throw for `error`: a Fault that says what could not be done, or the error itself. */
export function databaseFault(task: string, error: unknown): unknown {
  const name = storageCodes[codeOf(error)]
  if (name === undefined) return error
  return new Fault('storage-unavailable', `cannot ${task}: SQLITE_${name}: ${(error as Error).message}`, {
    cause: error,
  })
}

/** The primary code is in the lowest eight bits of an extended one. */
function codeOf(error: unknown): number {
  return ((error as { errcode?: number } | undefined)?.errcode ?? 0) & 0xff
}
