// The product's commands as child processes in the root of the checkout, the way package scripts
// run them.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { buffer, text } from 'node:stream/consumers'
import type { Test } from 'tap'

type PackageName = 'pki' | 'receiver' | 'sender'

export type Finished = { readonly exitCode: number | null; readonly stdout: Buffer; readonly stderr: string }

type StartOptions = Options & { readonly stderr?: 'pipe' | 'ignore' }
type Options = { readonly environment?: Readonly<Record<string, string>> }

export const root = resolve(import.meta.dirname, '../..')

/** Runs `name …args` to its end, with no settings in the environment but the given ones. */
export async function runCommand(name: PackageName, args: readonly string[], options: Options = {}): Promise<Finished> {
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

function spawnCommand(
  name: PackageName,
  args: readonly string[],
  { environment = {} }: Options,
  stderr: 'pipe' | 'ignore',
): ChildProcess {
  const clean = Object.entries(process.env).filter(([key]) => !/^(SEG_|INIT_CWD$|NODE_OPTIONS$|FORCE_COLOR$)/.test(key))
  // Receivers of many tests at once would each start a thread for one port.
  const env = { ...Object.fromEntries(clean), SEG_ADMIN_PORT: 'off', ...environment }
  return spawn(process.execPath, [`packages/${name}/src/main.ts`, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', stderr],
  })
}
