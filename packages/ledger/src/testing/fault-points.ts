// Programs made to fail, or to die, at one call to the operating system at a time; strace(1) does
// it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'

/** The reason to skip a test that needs it. */
export const noStrace = spawnSync('strace', ['true']).status === 0 ? false : 'no strace'

/** Calls, and of how many of each one is tried. */
export type Steps = Readonly<Record<string, number>>
export type Program = { readonly script: string; readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv }
export type Ended = { readonly stdout: string; readonly exitCode: number | null }

/** Runs at a time. */
const LANES = 2

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

/** `work` with every call, and which of its kind it is: from 1, as strace has it. */
export async function overPoints(
  steps: Steps,
  count: Readonly<Record<string, number>>,
  work: (call: string, when: number) => Promise<void>,
): Promise<void> {
  const points = Object.entries(steps).flatMap(([call, step]) =>
    Array.from({ length: Math.ceil((count[call] ?? 0) / step) }, (_, i) => [call, 1 + i * step] as const),
  )
  const lanes = Array.from({ length: LANES }, async () => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) await work(...point)
  })
  await Promise.all(lanes)
}
