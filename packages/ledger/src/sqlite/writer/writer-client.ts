// The writer's thread as this one sees it: requests gathered for a turn of the event loop, outcomes
// in the same order, a bounded queue between.
import { extname } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { Fault } from '@seg/core'
import type { WriteOutcome, WriteRequest } from './ledger-writer.ts'
import { startThread } from './start-thread.ts'
import { type FromWriter, packRequests, type SentFault, type ToWriter, unpackOutcomes } from './writer-messages.ts'
import type { WriterOptions } from './writer-thread.ts'

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./writer-thread${extname(import.meta.filename)}`, import.meta.url)

type Succeeded = Exclude<WriteOutcome, { kind: 'failed' }>
type Waiting = { readonly resolve: (outcome: Succeeded) => void; readonly reject: (fault: Error) => void }

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
  readonly #queue: number
  readonly #waiting: Waiting[] = []
  #gathered: WriteRequest[] = []
  /** Why the thread is gone. */
  #failure: Fault | undefined
  #isClosing = false
  readonly #doubtful = new WeakSet<Fault>()

  constructor(worker: Worker, queue: number) {
    this.#worker = worker
    this.#queue = queue
    worker.on('message', message => this.#settle(unpackOutcomes(message)))
    worker.on('error', error => this.#fail(error.message))
    worker.on('exit', () => this.#fail('its thread has ended'))
  }

  /**
   * Whether a request that failed with `fault` may turn out to be durable after a restart; until
   * another request succeeds.
   */
  isDoubtful(fault: unknown): boolean {
    return this.#doubtful.has(fault as Fault)
  }

  /**
   * A document's octets are the writer's from here on. Throws the Fault `overloaded` at once when
   * the queue is full.
   */
  send(request: WriteRequest): Promise<Succeeded> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#isClosing) return Promise.reject(new Fault('storage-unavailable', 'the ledger is being closed'))
    if (this.#waiting.length >= this.#queue)
      return Promise.reject(new Fault('overloaded', `${this.#queue} requests are waiting for the ledger already`))
    // Behind all that are on the same step now.
    if (this.#gathered.length === 0) process.nextTick(() => this.#flush())
    this.#gathered.push(request)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    if (this.#isClosing || this.#failure !== undefined) return
    this.#isClosing = true
    const ended = new Promise(resolve => this.#worker.once('exit', resolve))
    this.#flush()
    this.#post('close')
    await ended
  }

  #flush(): void {
    if (this.#gathered.length === 0) return
    const { message, handedOver } = packRequests(this.#gathered)
    this.#gathered = []
    this.#post(message, handedOver)
  }

  #post(message: ToWriter, handedOver: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, handedOver)
  }

  #settle(outcomes: readonly WriteOutcome[]): void {
    const settled = this.#waiting.splice(0, outcomes.length)
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.kind !== 'failed') {
        settled[i]!.resolve(outcome)
        continue
      }
      if (outcome.isDoubtful) this.#doubtful.add(outcome.fault)
      settled[i]!.reject(outcome.fault)
    }
  }

  /** What was sent may be durable or not: whoever asks again after a restart will know. */
  #fail(reason: string): void {
    this.#failure ??= new Fault('storage-unavailable', `the ledger's writer has stopped: ${reason}`)
    this.#doubtful.add(this.#failure)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }
}
