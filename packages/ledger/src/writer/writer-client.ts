// The writer's thread as this one sees it: the queue's requests of one turn of the event loop in a
// message, and outcomes in the same order. A thread that ends is started again.
import { setTimeout as pause } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { asFault, Fault } from '@seg/core'
import type { Succeeded, WriteRequest } from '../batch/requests.ts'
import { WriteQueue } from '../batch/write-queue.ts'
import { FilesInPlace } from '../files/files-in-place.ts'
import type { LedgerLoad } from '../ledger.ts'
import { startThread } from './start-thread.ts'
import { type FromWriter, packRequests, type SentFault, type ToWriter, unpackOutcomes } from './writer-messages.ts'

/** What a store's thread runs, and with which options. */
export type WriterStart = {
  readonly script: URL
  /** What it is started with; `sealer` names the module that makes receipts, and its data. */
  readonly options: { readonly sealer: { readonly module: string; readonly data: unknown } }
  /** Files that it writes into: a thread that follows must find the same under their names. */
  readonly files: readonly string[]
}

/** Milliseconds until a thread that ended is started again. */
const RESTART = 1000

/**
 * Starts the thread; rejects with the Fault that kept it from opening the ledger. `note` gets what
 * the operator must know of it later.
 */
export async function startWriter(
  start: WriterStart,
  queue: number,
  note: (line: string) => void,
): Promise<WriterClient> {
  const client = new WriterClient(start, queue, note)
  await client.start()
  return client
}

export class WriterClient {
  #start: WriterStart
  readonly #queue: WriteQueue
  readonly #note: (line: string) => void
  /** Of the first thread: one that follows must write into the same. */
  #files: FilesInPlace | undefined
  /** Undefined while none has opened the ledger. */
  #worker: Worker | undefined
  readonly #closing = new AbortController()
  /** How many threads have opened the ledger. */
  #opened = 0
  #restarting: Promise<void> | undefined

  constructor(start: WriterStart, limit: number, note: (line: string) => void) {
    this.#start = start
    this.#note = note
    this.#queue = new WriteQueue(limit, () => this.#flush())
  }

  /** Throws the Fault that keeps it from opening the ledger. */
  async start(): Promise<void> {
    const { script, options, files } = this.#start
    const lost = this.#files?.lost()
    if (lost !== undefined) throw lost
    const { promise, resolve, reject } = Promise.withResolvers<FromWriter>()
    const worker = startThread('ledger writer', script, options, reason => {
      reject(new Fault('storage-unavailable', `the ledger's writer has stopped: ${reason}`))
      if (this.#worker === worker) this.#lose(reason)
    })
    worker.once('message', resolve)
    const first = await promise
    if (first !== 'ready') {
      await worker.terminate()
      const { code, detail } = first as SentFault
      throw new Fault(code, detail)
    }
    this.#files ??= new FilesInPlace(files)
    worker.on('message', message => this.#queue.settle(unpackOutcomes(message)))
    this.#worker = worker
    this.#opened++
  }

  /** Another number when another thread writes. */
  get generation(): number {
    return this.#opened
  }

  /** As that of the queue. */
  get load(): LedgerLoad {
    return this.#queue.load
  }

  /** As that of the queue. */
  isDoubtful(fault: unknown): boolean {
    return this.#queue.isDoubtful(fault)
  }

  /** As that of the queue. */
  isUnknown(fault: unknown): boolean {
    return this.#queue.isUnknown(fault)
  }

  /** As that of the queue. */
  send(request: WriteRequest): Promise<Succeeded> {
    const outcome = this.#queue.send(request)
    return request.kind === 'reseal' ? this.#keepSealer(request.data, outcome) : outcome
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    if (!this.#queue.close()) return
    this.#closing.abort()
    await this.#restarting
    const worker = this.#worker
    if (worker === undefined) return
    const ended = new Promise(resolve => worker.once('exit', resolve))
    this.#flush()
    this.#post(worker, 'close')
    await ended
  }

  /** A thread that follows seals as this one does. */
  async #keepSealer(data: unknown, outcome: Promise<Succeeded>): Promise<Succeeded> {
    const resealed = await outcome
    const { options } = this.#start
    this.#start = { ...this.#start, options: { ...options, sealer: { ...options.sealer, data } } }
    return resealed
  }

  #lose(reason: string): void {
    this.#worker = undefined
    this.#queue.fail(reason)
    if (this.#closing.signal.aborted) return
    this.#note(`the ledger's writer has stopped: ${reason}; it is started again`)
    this.#restarting = this.#restart()
  }

  /** What the former thread committed is in the ledger, which is read again. */
  async #restart(): Promise<void> {
    const { signal } = this.#closing
    let complaint = ''
    while (!signal.aborted && this.#worker === undefined) {
      await pause(RESTART, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      try {
        await this.start()
        this.#queue.resume()
        this.#note("the ledger's writer runs again")
      } catch (error) {
        const { message } = asFault(error)
        if (message !== complaint) this.#note(`the ledger cannot be written: ${message}`)
        complaint = message
      }
    }
  }

  #flush(): void {
    const requests = this.#queue.take()
    if (requests.length === 0 || this.#worker === undefined) return
    const { message, handedOver } = packRequests(requests)
    this.#post(this.#worker, message, handedOver)
  }

  #post(worker: Worker, message: ToWriter, handedOver: ArrayBuffer[] = []): void {
    worker.postMessage(message, handedOver)
  }
}
