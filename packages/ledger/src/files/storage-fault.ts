// Errors of the operating system become the Fault `storage-unavailable`; everything else passes as
// it is.
import { Fault, isSystemError } from '@seg/core'

/**
 * Runs `work`; a full, read-only, missing or failing disk (ENOSPC, EROFS, EACCES, EIO…) is a Fault
 * that says what could not be done.
 */
export async function onStorage<Result>(task: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new Fault('storage-unavailable', `cannot ${task}: ${error.message}`, { cause: error })
  }
}
