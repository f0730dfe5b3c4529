// Starts the process of a task, so that it delays no document and can be ended at any point.
import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { type CopiedSettings, Fault, type FaultCode, quote } from '@seg/core'
import type { RunTask, TaskEdge, TaskKind } from '@seg/operators/listener'
import type { FromTask, GivenTask } from './task-messages.ts'

type Options = {
  readonly certs: string
  readonly data: string
  readonly config: string | undefined
  /** What each needs: without it, it is refused. */
  readonly backups: string | undefined
  readonly started: CopiedSettings | undefined
}

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./task-process${extname(import.meta.filename)}`, import.meta.url)
/** Characters shown of the last output of a process that ended without an answer. */
const SHOWN = 500

export function openTaskWork(options: Options): RunTask {
  return async (kind, edge) => await runTask(givenOf(kind, options), edge)
}

function givenOf(kind: TaskKind, { certs, data, config, backups: place, started }: Options): GivenTask {
  if (kind === 'backup') {
    if (place === undefined) throw new Fault('act-impossible', 'expected a folder for backups, found none')
    return { kind, data, place, certs, ...(config !== undefined && { config }) }
  }
  if (started === undefined) throw new Fault('act-impossible', 'this receiver was not started by a command')
  return { kind, started }
}

/** Resolves, or throws, when the process has ended. */
function runTask(given: GivenTask, { onProgress, signal }: TaskEdge): Promise<Readonly<Record<string, unknown>>> {
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>()
  const child: ChildProcess = fork(script, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  // One that the system could not start has no streams and no channel, and says so afterwards.
  child.once('error', ({ message }) => reject(new Fault('task-ended', `its process cannot be used: ${message}`)))
  let last: FromTask | undefined
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    said = `${said}${text}`.slice(-SHOWN)
  })
  const stop = () => child.kill('SIGKILL')
  signal.addEventListener('abort', stop)
  child.on('message', (message: FromTask) => {
    if ('progress' in message) onProgress(message.progress)
    else last = message
  })
  child.once('close', (status, killed) => {
    signal.removeEventListener('abort', stop)
    if (last === undefined || 'progress' in last)
      reject(new Fault('task-ended', `its process ended with ${killed ?? status}: ${quote(said)}`))
    else if ('result' in last) resolve(last.result)
    else reject(new Fault(last.failure.code as FaultCode, last.failure.detail))
  })
  // One that has ended already says with its end why.
  if (child.connected) child.send(given, () => {})
  if (signal.aborted) stop()
  return promise
}
