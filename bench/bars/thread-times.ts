// Processor time of each thread of a process (/proc/PID/task), added up by what the threads are
// for.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Names of threads, as Node and our code give them; the first thread is the main one. */
const kinds = {
  writer: /^ledger writer/,
  copier: /^log copier/,
  desk: /^desk/,
  operators: /^operators/,
  V8: /^(?:V8Worker|DelayedTask)/,
  libuv: /^libuv-worker/,
} as const

type ThreadKind = 'main' | keyof typeof kinds | 'others'
export const threadKinds: readonly ThreadKind[] = [
  'main',
  'writer',
  'copier',
  'desk',
  'operators',
  'V8',
  'libuv',
  'others',
]

/** Microseconds. */
export type ThreadTimes = Readonly<Record<ThreadKind, number>>

/** Of the threads that run now, since each began. */
export async function readThreadTimes(pid: number): Promise<ThreadTimes> {
  const times = Object.fromEntries(threadKinds.map(kind => [kind, 0])) as Record<ThreadKind, number>
  const tasks = `/proc/${pid}/task`
  for (const thread of await readdir(tasks)) {
    try {
      const name = await readFile(join(tasks, thread, 'comm'), 'utf8')
      // The first number is nanoseconds on a processor (proc_schedstat).
      const ran = Number((await readFile(join(tasks, thread, 'schedstat'), 'utf8')).split(' ', 1)[0])
      times[thread === String(pid) ? 'main' : kindOf(name)] += ran / 1000
    } catch {
      // It has ended.
    }
  }
  return times
}

function kindOf(name: string): ThreadKind {
  for (const [kind, pattern] of Object.entries(kinds)) if (pattern.test(name)) return kind as ThreadKind
  return 'others'
}

export function subtract(after: ThreadTimes, before: ThreadTimes, count: number): ThreadTimes {
  const each = threadKinds.map(kind => [kind, (after[kind] - before[kind]) / count])
  return Object.fromEntries(each) as ThreadTimes
}

export const sumOf = (times: ThreadTimes): number => threadKinds.reduce((sum, kind) => sum + times[kind], 0)
