// The sender's command line in the process of the test, and as a process of its own, the way a
// script runs it.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { cleanEnvironment, type Environment, runInProcess } from '@seg/core/testing'
import type { Test } from 'tap'
import { program } from '../main.ts'

export type Run = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }

const main = resolve(import.meta.dirname, '../main.ts')

/** Runs `sender …` in `folder` with no settings but the given ones, after the one before it. */
export async function runSender(folder: string, args: readonly string[], environment: Environment = {}): Promise<Run> {
  const { exitCode, stdout, stderr } = await runInProcess(program, args, { INIT_CWD: folder, ...environment })
  return { exitCode, stdout: stdout.toString(), stderr }
}

/** The same as a process of its own. */
export function startSender(folder: string, args: readonly string[], environment: Environment = {}): Promise<Run> {
  const env = cleanEnvironment({ INIT_CWD: folder, ...environment })
  return new Promise(done => {
    const child = execFile(process.execPath, [main, ...args], { env, maxBuffer: 1 << 24 }, (_error, stdout, stderr) => {
      done({ exitCode: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

export type Daemon = {
  readonly child: ChildProcess
  /** Its output so far, without the line that says that it is ready. */
  readonly lines: Record<string, unknown>[]
  /** Ends it with `signal` and resolves with its exit code; null when the signal was its end. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** `sender deliver --json`, ready; killed, if need be, at the end of the test. */
export async function startDaemon(
  t: Test,
  folder: string,
  args: readonly string[],
  environment: Environment = {},
): Promise<Daemon> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, [main, 'deliver', '--json', ...args], {
    env: cleanEnvironment({ INIT_CWD: folder, ...environment }),
    stdio: [...stdio],
  })
  const closed = once(child, 'close')
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    await closed
    return child.exitCode
  }
  t.teardown(() => stop('SIGKILL'))
  const lines: Record<string, unknown>[] = []
  const output = createInterface(child.stdout!)
  const first = await Promise.race([once(output, 'line'), closed.then(() => undefined)])
  if (first === undefined) throw new Error(`the daemon ended with ${child.exitCode} before it was ready`)
  output.on('line', line => lines.push(JSON.parse(line)))
  return { child, lines, stop }
}
