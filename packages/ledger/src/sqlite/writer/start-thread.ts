// Threads of the ledger; what Node warns of in them does not wait for a reader either.
import { Worker } from 'node:worker_threads'
import { standardError } from '@seg/core'

/** Starts `script` with `data`. */
export function startThread(script: URL, data: unknown): Worker {
  const worker = new Worker(script, { workerData: data, stdout: true, stderr: true })
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', text => standardError.write(String(text)))
  return worker
}
