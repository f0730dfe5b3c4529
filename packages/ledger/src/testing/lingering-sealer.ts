// Receipts of a node whose key takes so many milliseconds for each, as one in a token may.
import { openSealer as openRight } from './entry-sealer.ts'

export function openSealer(time: number): ReturnType<typeof openRight> {
  const seal = openRight()
  return acceptance => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time)
    return seal(acceptance)
  }
}
