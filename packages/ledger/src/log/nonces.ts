// Random octets for the entries of the log, drawn in blocks: a call of the system for each costs
// more than its octets.
import { randomBytes } from 'node:crypto'
import { NONCE_BYTES } from './leaf.ts'

const BLOCK = 128 * NONCE_BYTES

/** Returns what gives a nonce that no other entry has, in memory that stays as it is. */
export function openNonces(): () => Buffer {
  let block: Buffer = Buffer.alloc(0)
  let next = 0
  return () => {
    if (next === block.length) {
      block = randomBytes(BLOCK)
      next = 0
    }
    next += NONCE_BYTES
    return block.subarray(next - NONCE_BYTES, next)
  }
}
