// The servers under load, each a process of its own, and what they use.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { rootFolder } from '@seg/core'

export type Server = AsyncDisposable & {
  readonly port: number
  readonly pid: number
  /** Address of the operators' listener; undefined without one. */
  readonly operators: string | undefined
}

/** What a process used since it began: proc_pid_stat(5), proc_pid_io(5); and what it has now. */
export type Usage = {
  /** Milliseconds of processor time of all threads. */
  readonly processor: number
  /** Bytes that went to storage, or are on the way. */
  readonly written: number
  /** Bytes of memory. */
  readonly resident: number
  /** Open files, sockets among them. */
  readonly descriptors: number
}

const receiverFolder = join(rootFolder, 'packages/receiver')
/** `node …flags src/main.ts start`, as the package's script has it. */
const [, ...startReceiver] = JSON.parse(readFileSync(join(receiverFolder, 'package.json'), 'utf8')).scripts.start.split(
  ' ',
) as string[]
const nodeFlags = startReceiver.filter(argument => argument.startsWith('--'))

type More = {
  readonly settings?: readonly string[]
  /** Modules that are loaded first. */
  readonly imports?: readonly string[]
}

/** `receiver start`; documents signed long ago are welcome. */
export function openReceiver(
  certs: string,
  data: string,
  pin: readonly string[],
  { settings = [], imports = [] }: More = {},
): Promise<Server> {
  const usual = ['--port', '0', '--certs', certs, '--data', data, '--clock-skew', '2147483', '--json']
  return openServer([...imports.map(path => `--import=${path}`), ...startReceiver, ...usual, ...settings], pin)
}

export function openBareServer(certs: string, pin: readonly string[]): Promise<Server> {
  return openServer([...nodeFlags, join(import.meta.dirname, 'bare-server.ts'), certs], pin)
}

async function openServer(program: readonly string[], pin: readonly string[]): Promise<Server> {
  const [command = '', ...args] = [...pin, process.execPath, ...program]
  const child = spawn(command, args, { cwd: receiverFolder, stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => undefined)])
  if (first === undefined) throw new Error(`${args.join(' ')} ended with ${child.exitCode} before it listened`)
  const { listening, pid, operators } = JSON.parse(first[0])
  return {
    port: Number(new URL(listening).port),
    pid,
    operators: operators ?? undefined,
    [Symbol.asyncDispose]: () => stop(child, ended),
  }
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  await ended
}

/** Process ids of its connection processes. */
export async function childrenOf({ pid }: Server): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}

export async function readUsage({ pid }: Server): Promise<Usage> {
  const folder = `/proc/${pid}`
  const [stat, io, status, descriptors] = await Promise.all([
    readFile(join(folder, 'stat'), 'utf8'),
    readFile(join(folder, 'io'), 'utf8'),
    readFile(join(folder, 'status'), 'utf8'),
    readdir(join(folder, 'fd')),
  ])
  // The name of the program may hold anything; after it, the 12th and 13th field are in hundredths
  // of a second.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return {
    processor: (Number(user) + Number(system)) * 10,
    written: readNumber(io, 'write_bytes'),
    resident: readNumber(status, 'VmRSS') * 1024,
    descriptors: descriptors.length,
  }
}

function readNumber(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)![1])
}
