// Threads of the ledger: none of them ends the process with it, and what Node warns of in them does
// not wait for a reader either.
import { Worker } from 'node:worker_threads'
import { standardError } from '@seg/core'

/**
 * Starts `script` with `data`; `name`: what the system shows of it, 15 characters. `ended` gets the
 * reason once it has ended, with an error or not. Throws when the system has no thread left.
 */
export function startThread(name: string, script: URL, data: unknown, ended: (reason: string) => void): Worker {
  const worker = new Worker(script, { name, workerData: data, stdout: true, stderr: true })
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', text => standardError.write(String(text)))
  let reason = 'its thread has ended'
  worker.on('error', error => {
    reason = error.message
  })
  worker.once('exit', () => ended(reason))
  return worker
}
