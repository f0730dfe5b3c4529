// The clock that lifetimes are judged by: no jump of the system's clock makes it jump ahead.

/** The system's clock, and a monotonic one in milliseconds. */
type Clocks = { readonly now: () => Date; readonly elapsed: () => number }

/**
 * Milliseconds since 1970: the earlier of what the system's clock says, and what it said when this
 * was opened plus the time since. A clock that is ahead for a moment ends no lifetime then, nor
 * does one that was ahead when the process began and is right now.
 */
export function openLifetimeClock({ now, elapsed }: Clocks): () => number {
  const begin = now().getTime() - elapsed()
  return () => Math.min(now().getTime(), begin + elapsed())
}
