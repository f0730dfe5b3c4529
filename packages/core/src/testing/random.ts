// Random numbers of a test. The seed is printed; TEST_SEED repeats them.
import { randomInt } from 'node:crypto'
import t from 'tap'

const { TEST_SEED = String(randomInt(2 ** 31)) } = process.env
let state = Number(TEST_SEED)
if (!Number.isSafeInteger(state)) throw new TypeError(`expected TEST_SEED as a whole number, found ${TEST_SEED}`)
t.comment(`TEST_SEED=${TEST_SEED} repeats the random numbers of this file`)

/** A whole number from 0 on, before `end`: mulberry32. */
export function seededInt(end: number): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end)
}
