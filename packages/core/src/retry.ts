// When to try again: full-jitter exponential backoff, never sooner than the peer asked with
// Retry-After, within reason.

const baseDelay = 250
/** While a person waits, and in a daemon. */
export const LONGEST_WAIT = 8_000
export const LONGEST_PAUSE = 60_000
/**
 * The longest Retry-After that a peer may set, in milliseconds: one answer must not stop
 * deliveries for a day.
 */
export const LONGEST_PATIENCE = 3_600_000

/**
 * Milliseconds to wait before the next try. `attempt` counts the tries made so far, from 1;
 * `random` gives a number in [0, 1). `longest` (milliseconds) is the cap. Full jitter spreads
 * senders that failed together over the whole interval, also after the moment that Retry-After
 * names.
 */
export function retryDelay(attempt: number, retryAfter: number, random: () => number, longest = LONGEST_WAIT): number {
  const interval = Math.min(longest, baseDelay * 2 ** (attempt - 1))
  return retryAfter + Math.floor(random() * interval)
}

/** The three forms of an HTTP date (RFC 9110 5.6.7): IMF-fixdate, RFC 850, asctime; all are UTC. */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
]

/** The time that a Date or Retry-After field names; undefined when it names none. */
export function parseHttpDate(field: string | undefined): Date | undefined {
  if (field === undefined || !HTTP_DATES.some(form => form.test(field))) return undefined
  const time = Date.parse(field.endsWith('GMT') ? field : `${field} GMT`)
  return Number.isNaN(time) ? undefined : new Date(time)
}

/**
 * Milliseconds of a Retry-After field (RFC 9110 10.2.3: seconds or an HTTP date), LONGEST_PATIENCE
 * at most; 0 when absent, past or unreadable. `now` by the clock of the peer that wrote the field:
 * that of the answer's Date, when it has one.
 */
export function parseRetryAfter(field: string | undefined, now: Date): number {
  if (field === undefined) return 0
  const asked = /^\d+$/.test(field) ? Number(field) * 1000 : (parseHttpDate(field)?.getTime() ?? 0) - now.getTime()
  return Math.min(LONGEST_PATIENCE, Math.max(0, asked))
}
