// The product's commands in the root of the checkout: in the process of the test, or as processes
// of their own, the way package scripts run them.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { buffer, text } from 'node:stream/consumers'
import type { Command } from '@seg/core'
import { cleanEnvironment, type Ran, runInProcess } from '@seg/core/testing'
import type { Test } from 'tap'

export type PackageName = 'pki' | 'receiver' | 'sender'

export type Finished = { readonly exitCode: number | null; readonly stdout: Buffer; readonly stderr: string }

type StartOptions = Options & { readonly stderr?: 'pipe' | 'ignore' }
type Options = { readonly environment?: Readonly<Record<string, string>> }

export const root = resolve(import.meta.dirname, '../..')

export async function loadProgram(name: PackageName): Promise<Command> {
  return (await import(`../../packages/${name}/src/main.ts`)).program
}

/** Every command that has no others below it. */
export function listCommands(program: Command): { readonly path: readonly string[]; readonly command: Command }[] {
  const name = program.name()
  if (program.commands.length === 0) return [{ path: [name], command: program }]
  return program.commands.flatMap(listCommands).map(({ path, command }) => ({ path: [name, ...path], command }))
}

/**
 * Runs `name …args` to its end, with no settings in the environment but the given ones, in this
 * process and after the command before it.
 */
export async function runCommand(name: PackageName, args: readonly string[], options: Options = {}): Promise<Ran> {
  return runInProcess(await loadProgram(name), args, { INIT_CWD: root, ...options.environment })
}

/** The same as a process of its own. */
export async function runProcess(name: PackageName, args: readonly string[], options: Options = {}): Promise<Finished> {
  const child = spawnCommand(name, args, options, 'pipe')
  const [stdout, stderr, [exitCode]] = await Promise.all([
    buffer(child.stdout!),
    text(child.stderr!),
    once(child, 'close'),
  ])
  return { exitCode, stdout, stderr }
}

export type ReceiverProcess = {
  readonly child: ChildProcess
  /** What it printed when it was ready. */
  readonly ready: {
    readonly listening: string
    readonly id: string
    readonly certs: string
    readonly data: string
    readonly pid: number
  }
  readonly url: URL
  /** Ends it without warning; resolves when it is gone. */
  kill(): Promise<void>
  /** Asks it to end; resolves with its exit code. */
  stop(): Promise<number | null>
}

/** `receiver start --json` on any free port; killed, if need be, at the end of the test. */
export async function startReceiver(
  t: Test,
  args: readonly string[],
  { stderr = 'ignore', ...options }: StartOptions = {},
): Promise<ReceiverProcess> {
  const child = spawnCommand('receiver', ['start', '--port', '0', '--json', ...args], options, stderr)
  const closed = once(child, 'close')
  const kill = async () => {
    child.kill('SIGKILL')
    await closed
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await closed
    return child.exitCode
  }
  t.teardown(kill)
  const line = await Promise.race([once(createInterface(child.stdout!), 'line'), closed.then(() => undefined)])
  if (line === undefined) throw new Error(`the receiver ended with ${child.exitCode} before it listened`)
  const ready = JSON.parse(line[0])
  return { child, ready, url: new URL(ready.listening), kill, stop }
}

/** A receiver that is not waited for: it may be killed before it listens. */
export function launchReceiver(args: readonly string[]): ChildProcess {
  return spawnCommand('receiver', ['start', '--port', '0', '--json', ...args], {}, 'ignore')
}

/** With TEST_PROCESSES=2, what the tests demand of one process is demanded of two. */
const { TEST_PROCESSES } = process.env
const processes = TEST_PROCESSES === undefined ? {} : { SEG_PROCESSES: TEST_PROCESSES }

function spawnCommand(
  name: PackageName,
  args: readonly string[],
  { environment = {} }: Options,
  stderr: 'pipe' | 'ignore',
): ChildProcess {
  return spawn(process.execPath, [`packages/${name}/src/main.ts`, ...args], {
    cwd: root,
    // Receivers of many tests at once would each start a thread for one port.
    env: cleanEnvironment({ SEG_ADMIN_PORT: 'off', ...processes, ...environment }),
    stdio: ['ignore', 'pipe', stderr],
  })
}
