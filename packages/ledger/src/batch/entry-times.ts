// The times of entries as they are written: while a receiver runs they go back by an hour at most,
// or the log would not verify.
import { Fault } from '@seg/core'
import type { LogEvent } from '../log/events.ts'
import { isDatedBack } from '../log/times.ts'

/**
 * The latest time of the entries since the last start, with this one; both in milliseconds since
 * 1970. Throws the Fault `clock-behind` for an event whose time goes back; a start may do so, and
 * shows with its entry that the clock was set back.
 */
export function enterTime({ type, at }: LogEvent, latest: number): number {
  const time = Date.parse(at)
  if (type === 'start') return time
  if (isDatedBack(time, latest))
    throw new Fault(
      'clock-behind',
      `the clock says ${at}, the log has an entry of ${new Date(latest).toISOString()}: set the clock right; ` +
        'if it is right now, start the receiver again, which enters that it was set back',
    )
  return Math.max(time, latest)
}
