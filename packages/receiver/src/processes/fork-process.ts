// Starts the program of a connection process, or says why the system does not.
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Stream } from 'node:stream'
import { Fault } from '@seg/core'

/** Of systemd: a folder with secrets of the service. */
const CREDENTIALS = 'CREDENTIALS_DIRECTORY'

/** To be checked with `isStarted`. */
export function forkProcess(): Worker {
  return cluster.fork(withoutSettings(process.env))
}

export function isStarted({ process }: Worker): boolean {
  return process.pid !== undefined
}

/** Of one that is not started: it never exits. */
export async function whyNotStarted(worker: Worker): Promise<Fault> {
  // Without descriptors there are no streams, either.
  const { stdio = [] } = worker.process as { readonly stdio?: readonly (Stream | null)[] }
  for (const stream of stdio) stream?.on('error', () => {})
  const [{ message }] = await once(worker, 'error')
  return new Fault('overloaded', message)
}

/**
 * Variables that `cluster.fork` takes away: settings, passphrases of keys among them. All that the
 * process needs is sent to it.
 */
function withoutSettings(own: NodeJS.ProcessEnv): Readonly<Record<string, undefined>> {
  const names = Object.keys(own).filter(name => name.startsWith('SEG_') || name === CREDENTIALS)
  return Object.fromEntries(names.map(name => [name, undefined]))
}
