// What the log says of events that clients can make as many of as they like: the first of a kind
// has a line at once, the rest one line a minute. A line for each would let a client fill the disk.

const MINUTE = 60_000
/** Kinds come from what clients do, too. */
const KINDS = 32

export type CountedLog = {
  /** `line` is written when it is the first of `kind` for a minute. */
  report(kind: string, line: string, code?: string): void
  /** Writes what was only counted so far. */
  close(): void
}

/** `what` were counted, as in "7 more `what` (…)". */
export function openCountedLog(what: string, write: (facts: { code?: string }, line: string) => void): CountedLog {
  /** How many came of each kind since its first. */
  let counts = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  const summarize = () => {
    timer = undefined
    const more = [...counts].filter(([, count]) => count > 0)
    // A kind that has its first line has to be quiet for a minute to get another.
    counts = new Map(more.map(([kind]) => [kind, 0]))
    if (more.length === 0) return
    const sum = more.reduce((total, [, count]) => total + count, 0)
    const reasons = more.sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count}: ${kind}`)
    write({}, `${sum} more ${what} (${reasons.join('; ')})`)
    start()
  }
  const start = () => {
    timer ??= setTimeout(summarize, MINUTE).unref()
  }
  return {
    report(name, line, code) {
      const kind = counts.has(name) || counts.size < KINDS ? name : 'other reasons'
      const count = counts.get(kind)
      counts.set(kind, count === undefined ? 0 : count + 1)
      if (count === undefined) write(code === undefined ? {} : { code }, line)
      start()
    },
    close() {
      clearTimeout(timer)
      summarize()
      clearTimeout(timer)
    },
  }
}
