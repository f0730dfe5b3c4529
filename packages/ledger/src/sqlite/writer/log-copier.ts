// What the writer and the thread that copies its write-ahead log agree on.
import { Fault } from '@seg/core'
import { databaseFault } from '../database-fault.ts'

/** What the state that both share says of the thread. */
export const IDLE = 0
export const COPYING = 1

/** What the disk does not take now stays in the log. */
export function orLater(copy: () => void): void {
  try {
    copy()
  } catch (error) {
    if (!(databaseFault('shorten the log', error) instanceof Fault)) throw error
  }
}
