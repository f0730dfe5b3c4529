// What the log says of clients that were never authenticated: the first of a kind at once, the rest
// as one line a minute. They cost nothing to make, and a line for each would let anybody fill the
// disk.
import type { Logger } from '../log.ts'

const MINUTE = 60_000
/** Kinds come from what clients do, too. */
const KINDS = 32

export type StrangerLog = {
  /** `line` is written when it is the first of `kind` for a minute. */
  report(kind: string, line: string, code?: string): void
  /** Writes what was only counted so far. */
  close(): void
}

export function openStrangerLog(log: Pick<Logger, 'warn'>): StrangerLog {
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
    log.warn(`${sum} more connections ended before they were authenticated (${reasons.join('; ')})`)
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
      if (count === undefined) log.warn(code === undefined ? {} : { code }, line)
      start()
    },
    close() {
      clearTimeout(timer)
      summarize()
      clearTimeout(timer)
    },
  }
}
