// The gateway's own commands, run as a user would run them.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

export const root = resolve(import.meta.dirname, '..')
const seg = resolve(root, 'seg.ts')

export type Ended = { readonly exitCode: number; readonly stdout: Buffer; readonly stderr: Buffer }

/** Thrown when the demo cannot go on: a sentence for the person who watches. */
export class DemoStopped extends Error {
  override readonly name = 'DemoStopped'
  readonly exitCode: number

  constructor(message: string, exitCode = 5) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Runs `<name> <args>` to its end, with any exit code. */
export function runCommand(name: 'pki' | 'sender' | 'receiver', args: readonly string[]): Promise<Ended> {
  return new Promise(done => {
    const options = { cwd: root, encoding: 'buffer', maxBuffer: 1 << 26, env: environment() } as const
    const child = execFile(process.execPath, [seg, name, ...args], options, (_error, stdout, stderr) => {
      done({ exitCode: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

/** The JSON that a command printed. */
export function readJson({ stdout, stderr }: Ended): Record<string, unknown> {
  try {
    return JSON.parse(stdout.toString('utf8'))
  } catch {
    throw new DemoStopped(`no JSON, but: ${stdout}${stderr}`)
  }
}

/** A receiver that listens; `log` is what it says while it runs, a JSON object a line. */
export type RunningReceiver = {
  readonly child: ChildProcess
  readonly log: Interface
  /** Where operators find it; null without a listener for them. */
  readonly operators: string | null
  stop(): Promise<void>
}

/** Starts `receiver start` and waits until it says that it listens. */
export async function startReceiver(args: readonly string[]): Promise<RunningReceiver> {
  const child = spawn(process.execPath, [seg, 'receiver', 'start', '--json', ...args], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  process.once('exit', () => child.kill())
  const said: string[] = []
  const log = createInterface({ input: child.stderr })
  log.on('line', line => said.push(line))
  const output = createInterface({ input: child.stdout })
  const first = await Promise.race([
    once(output, 'line'),
    once(output, 'close'),
    pause(15_000, ['nothing for 15 s'], { ref: false }),
  ])
  const line = String(first[0])
  if (line.startsWith('{"listening"')) {
    const { operators } = JSON.parse(line) as { readonly operators: string | null }
    return { child, log, operators, stop: () => stop(child) }
  }
  await stop(child)
  throw new DemoStopped(`the receiver did not start: ${first[0] ?? ''}\n${said.join('\n')}`)
}

/**
 * The port itself when nobody listens on it, a free one for 0. Throws DemoStopped when it is taken.
 */
export async function findPort(port: number): Promise<number> {
  const server = createServer()
  server.listen(port, 'localhost')
  try {
    await once(server, 'listening')
  } catch {
    throw new DemoStopped(
      `Port ${port} is taken, perhaps by a receiver that still runs. ` +
        'Stop that one, or let the demo take another port:\n\n  npx -y pnpm@12 demo --port 0',
    )
  }
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : port
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const deadline = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(deadline)
}

/** The demo's own flags decide, not settings that lie around in the environment. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SEG_') && name !== 'INIT_CWD'),
  )
}
