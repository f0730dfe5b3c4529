// The writer's thread as this one sees it: the queue's requests of one turn of the event loop in a
// message, and outcomes in the same order.
import { extname } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { Fault } from '@seg/core'
import type { Succeeded, WriteRequest } from '../../batch/requests.ts'
import { WriteQueue } from '../../batch/write-queue.ts'
import { startThread } from './start-thread.ts'
import { type FromWriter, packRequests, type SentFault, type ToWriter, unpackOutcomes } from './writer-messages.ts'
import type { WriterOptions } from './writer-thread.ts'

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./writer-thread${extname(import.meta.filename)}`, import.meta.url)

/** Starts the thread; rejects with the Fault that kept it from opening the ledger. */
export async function startWriter(options: WriterOptions, queue: number): Promise<WriterClient> {
  const worker = startThread(script, options)
  const first = await new Promise<FromWriter>((resolve, reject) =>
    worker.once('message', resolve).once('error', reject),
  )
  if (first === 'ready') return new WriterClient(worker, queue)
  await worker.terminate()
  const { code, detail } = first as SentFault
  throw new Fault(code, detail)
}

export class WriterClient {
  readonly #worker: Worker
  readonly #queue: WriteQueue

  constructor(worker: Worker, limit: number) {
    this.#worker = worker
    this.#queue = new WriteQueue(limit, () => this.#flush())
    worker.on('message', message => this.#queue.settle(unpackOutcomes(message)))
    worker.on('error', error => this.#queue.fail(error.message))
    worker.on('exit', () => this.#queue.fail('its thread has ended'))
  }

  /** As that of the queue. */
  isDoubtful(fault: unknown): boolean {
    return this.#queue.isDoubtful(fault)
  }

  /** As that of the queue. */
  send(request: WriteRequest): Promise<Succeeded> {
    return this.#queue.send(request)
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    if (!this.#queue.close()) return
    const ended = new Promise(resolve => this.#worker.once('exit', resolve))
    this.#flush()
    this.#post('close')
    await ended
  }

  #flush(): void {
    const requests = this.#queue.take()
    if (requests.length === 0) return
    const { message, handedOver } = packRequests(requests)
    this.#post(message, handedOver)
  }

  #post(message: ToWriter, handedOver: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, handedOver)
  }
}
