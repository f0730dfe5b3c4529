// When things that end are fetched again, in the background: before their time is over, and after a
// failure at growing intervals.
import type { Fault, Looks } from '@seg/core'
import { toFault } from '../http/problem.ts'

/** Milliseconds between two fetches where the authority says nothing, and the least. */
export const [USUAL_REFRESH, LEAST_REFRESH] = [3_600_000, 60_000]
/** Milliseconds between two looks at what is due. */
const LOOK_INTERVAL = 1000

type Turn = { readonly at: number; readonly due: number; readonly failures: number }

/** Milliseconds: the longest wait, and the wait after a first failure; each next one doubles it. */
type Waits = { readonly refresh: number; readonly retry: number }

export class RefreshTimes {
  readonly #now: () => Date
  readonly #turns = new Map<string, Turn>()

  constructor(now: () => Date) {
    this.#now = now
  }

  isDue(key: string): boolean {
    const turn = this.#turns.get(key)
    const at = this.#now().getTime()
    // A clock that was set back makes nothing wait longer than one interval.
    return turn === undefined || at >= turn.due || at < turn.at
  }

  /**
   * Fetches, and notes the next time. `fetch` returns when it is due again, in milliseconds since
   * 1970; `complain` gets its failure, and the milliseconds until the next try.
   */
  async fetch(
    key: string,
    { refresh, retry }: Waits,
    fetch: () => Promise<number>,
    complain: (fault: Fault, wait: number) => void,
  ): Promise<void> {
    try {
      const end = await fetch()
      this.#wait(key, at => Math.min(refresh, Math.max(LEAST_REFRESH, end - at)), 0)
    } catch (error) {
      const failures = this.#turns.get(key)?.failures ?? 0
      const wait = Math.min(refresh, retry * 2 ** failures)
      this.#wait(key, () => wait, failures + 1)
      complain(toFault(error), wait)
    }
  }

  /** Forgets all but these. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#turns.keys()) if (!keys.has(key)) this.#turns.delete(key)
  }

  #wait(key: string, waitAt: (at: number) => number, failures: number): void {
    const at = this.#now().getTime()
    this.#turns.set(key, { at, due: at + waitAt(at), failures })
  }
}

/**
 * Looks at once, each second, and when asked; one look at a time. The close aborts `stop`, so that
 * a fetch ends.
 */
export function lookEachSecond(lookOnce: () => Promise<void>, stop: AbortController): Looks {
  let looking: Promise<void> | undefined
  const look = () => {
    looking ??= lookOnce().finally(() => {
      looking = undefined
    })
    return looking
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_INTERVAL)
  timer.unref()
  return {
    look,
    async close() {
      clearInterval(timer)
      stop.abort()
      await looking
    },
  }
}
