// When to try again: full-jitter exponential backoff, never sooner than the receiver asked with Retry-After.

const baseDelay = 250
/** While a person waits, and while nobody does. */
export const LONGEST_WAIT = 8_000
export const LONGEST_PAUSE = 60_000

/**
 * Milliseconds to wait before the next try. `attempt` counts the tries made so far, from 1; `random` gives a number in [0, 1).
 * `longest` (milliseconds) is the cap.
 * Full jitter spreads senders that failed together over the whole interval, also after the moment that Retry-After names.
 */
export function retryDelay(attempt: number, retryAfter: number, random: () => number, longest = LONGEST_WAIT): number {
  const interval = Math.min(longest, baseDelay * 2 ** (attempt - 1))
  return retryAfter + Math.floor(random() * interval)
}

/** Milliseconds that a Retry-After field asks for (RFC 9110 10.2.3: seconds or an HTTP date); 0 when absent, past or unreadable. */
export function parseRetryAfter(field: string | undefined, now: Date): number {
  if (field === undefined) return 0
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000
  const date = /GMT$/.test(field) ? Date.parse(field) : Number.NaN
  return Number.isNaN(date) ? 0 : Math.max(0, date - now.getTime())
}
