import t from 'tap'
import { openLifetimeClock } from './lifetime-clock.ts'

const YEAR = 365 * 24 * 3_600_000

/** Clocks that a test moves, together or apart. */
function openClocks() {
  let [wall, monotonic] = [1_000_000, 0]
  return {
    clocks: { now: () => new Date(wall), elapsed: () => monotonic },
    pass(milliseconds: number) {
      wall += milliseconds
      monotonic += milliseconds
    },
    jump(milliseconds: number) {
      wall += milliseconds
    },
  }
}

t.test('continues as time does', async t => {
  const { clocks, pass } = openClocks()
  const clock = openLifetimeClock(clocks)
  t.equal(clock(), 1_000_000)
  pass(5000)
  t.equal(clock(), 1_005_000)
})

t.test('does not jump ahead with the system clock', async t => {
  const { clocks, jump, pass } = openClocks()
  const clock = openLifetimeClock(clocks)
  jump(YEAR)
  pass(1000)
  t.equal(clock(), 1_001_000)
})

t.test('is right again when the system clock is, though it was opened while that was ahead', async t => {
  const { clocks, jump, pass } = openClocks()
  jump(YEAR)
  const clock = openLifetimeClock(clocks)
  jump(-YEAR)
  pass(1000)
  t.equal(clock(), 1_001_000)
})
