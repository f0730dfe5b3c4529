// Receipts of a node that can be stopped while it has the lock of the log: before its first one it
// says `sealing` on standard output, and waits.
import { writeSync } from 'node:fs'
import { openSealer as openRight } from './entry-sealer.ts'

/** Milliseconds, enough for a signal to arrive. */
const WAIT = 1000

export function openSealer(): ReturnType<typeof openRight> {
  const seal = openRight()
  let isFirst = true
  return acceptance => {
    if (isFirst) {
      writeSync(1, 'sealing\n')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT)
    }
    isFirst = false
    return seal(acceptance)
  }
}
