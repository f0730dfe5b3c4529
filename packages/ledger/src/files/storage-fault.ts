// Errors of the operating system become the Fault `storage-unavailable`; everything else passes as
// it is.
import { Fault } from '@seg/core'

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

/** Whether `error` comes from a system call, and with one of `codes` when there are any. */
export function isSystemError(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return false
  return codes.length === 0 || codes.includes(String(error.code))
}
