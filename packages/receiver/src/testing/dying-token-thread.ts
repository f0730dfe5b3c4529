// The thread of a token that ends with its first question, as the name of the key file says.
import { parentPort, workerData } from 'node:worker_threads'
import type { TokenThreadData } from '../acceptance/blocking-token-key.ts'

const { path } = workerData as TokenThreadData
parentPort!.once('message', () => {
  if (path.startsWith('exit')) process.exit(3)
  throw new Error('a defect')
})
await import('../acceptance/token-thread.ts')
