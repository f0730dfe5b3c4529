// The times of entries, in the order of the log (docs/log.md). Who holds the keys may date an entry
// back, to when a certificate was still valid: that must show.
import { Fault } from '@seg/core'
import { isDatedBack, MOST_BACK } from '../log/times.ts'
import type { CheckedEntry } from './verify-entry.ts'

export class TimeCheck {
  /** The latest since the last start; milliseconds since 1970. */
  #latest = Number.NEGATIVE_INFINITY
  #latestIndex = -1
  #setBacks = 0

  /** Starts whose time lies more than an hour before an earlier one: the clock was set back. */
  get setBacks(): number {
    return this.#setBacks
  }

  check({ index, type, at, event }: CheckedEntry): void {
    const time = Date.parse(at)
    if (isDatedBack(time, this.#latest)) {
      if (type !== 'start')
        throw new Fault(
          'log-invalid',
          `entry ${index} is of ${at}, more than an hour before entry ${this.#latestIndex} of ${show(this.#latest)}`,
        )
      this.#setBacks++
    }
    if (event?.type === 'omitted' && Date.parse(event.since) > time + MOST_BACK)
      throw new Fault('log-invalid', `entry ${index} is of ${at} and counts from ${event.since} on`)
    if (type !== 'start' && time <= this.#latest) return
    this.#latest = time
    this.#latestIndex = index
  }

  /** That the log does not lie ahead of `now`: what is of the future has not happened. */
  end(now: Date): void {
    if (this.#latest <= now.getTime() + MOST_BACK || this.#latestIndex < 0) return
    throw new Fault(
      'log-invalid',
      `entry ${this.#latestIndex} is of ${show(this.#latest)}, the clock here says ${now.toISOString()}`,
    )
  }
}

function show(time: number): string {
  return new Date(time).toISOString()
}
