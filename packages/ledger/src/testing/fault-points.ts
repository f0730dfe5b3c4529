// Programs made to fail, or to die, at one call to the operating system at a time; strace(1) does
// it.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { atLength } from '@seg/core/testing/length'
import { seededInt } from '@seg/core/testing/random'

/** The reason to skip a test that needs it. */
export const noStrace = spawnSync('strace', ['true']).status === 0 ? false : 'no strace'

/** Calls, and of how many of each one is tried. */
export type Steps = Readonly<Record<string, number>>
export type Program = { readonly script: string; readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv }
export type Ended = { readonly stdout: string; readonly exitCode: number | null }

/** Runs at a time. */
const LANES = 2

/** `pnpm kills` tries them all; the suite one of so many, each time others. */
export const isLong = process.env.KILL_ROUNDS !== undefined
const ONE_OF = isLong ? 1 : atLength(6, 3)

/**
 * For `runTraced`: what the call that is number `when` of its kind, from 1, ends with. With seccomp
 * other calls are not stopped at, which takes half the time; but no signal is sent then.
 */
export function injectionOf(call: string, effect: 'signal=KILL' | 'error=EIO', when: number): readonly string[] {
  const others = effect === 'error=EIO' ? ['--seccomp-bpf', '-e', `trace=${call}`] : []
  return [...others, '-e', `inject=${call}:${effect}:when=${when}`]
}

/** `injection`: arguments for strace. The trace goes to `trace`, if anywhere. */
export async function runTraced(
  { script, args, env = process.env }: Program,
  injection: readonly string[],
  trace = '/dev/null',
): Promise<Ended> {
  const child = spawn('strace', ['-f', '-qq', '-o', trace, ...injection, process.execPath, script, ...args], {
    // One thread for files: strace counts the calls of each thread.
    env: { ...env, UV_THREADPOOL_SIZE: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { stdout, exitCode: child.exitCode }
}

/** How often a clean run makes each call, at most, in one of its threads. */
export async function countCalls(
  program: Program,
  calls: Steps,
  trace: string,
): Promise<{ ended: Ended; count: Readonly<Record<string, number>> }> {
  const ended = await runTraced(program, ['-e', `trace=${Object.keys(calls)}`], trace)
  const count: Record<string, number> = {}
  const perThread = new Map<string, number>()
  for (const [line, thread, call] of (await readFile(trace, 'utf8')).matchAll(/^(\d+) +(\w+)\(.*$/gm)) {
    if (line.includes('resumed>')) continue
    perThread.set(`${thread} ${call}`, (perThread.get(`${thread} ${call}`) ?? 0) + 1)
    count[call!] = Math.max(count[call!] ?? 0, perThread.get(`${thread} ${call}`)!)
  }
  return { ended, count }
}

/**
 * `work` with the calls to try, and which of its kind each is: from 1, as strace has it. Resolves
 * with their number.
 */
export async function overPoints(
  steps: Steps,
  count: Readonly<Record<string, number>>,
  work: (call: string, when: number) => Promise<void>,
): Promise<number> {
  const points = Object.entries(steps).flatMap(([call, step]) =>
    pointsOf(call, count[call] ?? 0, Math.ceil(step * ONE_OF)),
  )
  const tried = points.length
  const lanes = Array.from({ length: LANES }, async () => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) await work(...point)
  })
  await Promise.all(lanes)
  return tried
}

function pointsOf(call: string, count: number, step: number): [call: string, when: number][] {
  const first = 1 + seededInt(Math.max(1, Math.min(step, count)))
  return Array.from({ length: Math.ceil((count - first + 1) / step) }, (_, i) => [call, first + i * step])
}
