// The clock of a node against that of the database, which is the same for all: a node that is two
// hours ahead would date an entry so that the others, whose clocks are right, could add none.
import { Fault } from '@seg/core'
import { MOST_BACK } from '../../log/times.ts'

/** Milliseconds. Of two nodes within it, neither dates an entry too far before one of the other. */
const MOST_APART = MOST_BACK / 2

/** A column for what `checkClock` gets. */
export const CLOCK_COLUMN = 'extract(epoch FROM clock_timestamp()) * 1000 AS clock'

/** Both in milliseconds since 1970. Throws the Fault `clock-behind`. */
export function checkClock(node: number, database: number): void {
  if (Math.abs(node - database) <= MOST_APART) return
  const [here, there] = [node, database].map(time => new Date(time).toISOString())
  const which = node < database ? 'this machine' : 'the database'
  throw new Fault(
    'clock-behind',
    `the clock of ${which} is behind the other: it is ${here} here and ${there} there, expected at most ` +
      `${MOST_APART / 60_000} minutes between them; nothing is entered until both are right`,
  )
}
