// How far the time of an entry may lie before that of an earlier one: clocks are adjusted, and
// documents wait for one another between their time and their entry (docs/log.md).

/** Milliseconds. */
export const MOST_BACK = 3_600_000

/** Both in milliseconds since 1970; `latest` is that of the entries since the last start. */
export function isDatedBack(time: number, latest: number): boolean {
  return time < latest - MOST_BACK
}
