// The writer's thread as this one sees it: requests gathered for a turn of the event loop, outcomes in the same order, a bounded queue between.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault } from '@seg/core'
import type { Request } from './ledger-writer.ts'
import type { FromWriter, SentOutcome, ToWriter, WriterOptions } from './writer-thread.ts'

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./writer-thread${extname(import.meta.filename)}`, import.meta.url)

/** Bytes from which memory is handed over to the thread, and not copied. */
const HAND_OVER = 16 * 1024

type Succeeded = Exclude<SentOutcome, { kind: 'failed' }>
type Waiting = { readonly resolve: (outcome: Succeeded) => void; readonly reject: (fault: Error) => void }

/** Starts the thread; rejects with the Fault that kept it from opening the ledger. */
export async function startWriter(options: WriterOptions, queue: number): Promise<WriterClient> {
  const worker = new Worker(script, { workerData: options })
  const first = await new Promise<FromWriter>((resolve, reject) => worker.once('message', resolve).once('error', reject))
  if (first === 'ready') return new WriterClient(worker, queue)
  await worker.terminate()
  const { code, detail } = first as Exclude<FromWriter, 'ready' | readonly SentOutcome[]>
  throw new Fault(code, detail)
}

export class WriterClient {
  readonly #worker: Worker
  readonly #queue: number
  readonly #waiting: Waiting[] = []
  #gathered: Request[] = []
  /** Why the thread is gone. */
  #failure: Fault | undefined
  #isClosing = false
  readonly #doubtful = new WeakSet<Fault>()

  constructor(worker: Worker, queue: number) {
    this.#worker = worker
    this.#queue = queue
    worker.on('message', (outcomes: readonly SentOutcome[]) => this.#settle(outcomes))
    worker.on('error', error => this.#fail(error.message))
    worker.on('exit', () => this.#fail('its thread has ended'))
  }

  /** Whether a request that failed with `fault` may turn out to be durable after a restart; until another request succeeds. */
  isDoubtful(fault: unknown): boolean {
    return this.#doubtful.has(fault as Fault)
  }

  /** A document's octets are the writer's from here on. Throws the Fault `overloaded` at once when the queue is full. */
  send(request: Request): Promise<Succeeded> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#isClosing) return Promise.reject(new Fault('storage-unavailable', 'the ledger is being closed'))
    if (this.#waiting.length >= this.#queue)
      return Promise.reject(new Fault('overloaded', `${this.#queue} requests are waiting for the ledger already`))
    if (this.#gathered.length === 0) setImmediate(() => this.#flush())
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
    if (this.#gathered.length > 0) this.#post(this.#gathered, this.#gathered.flatMap(ownedMemory))
    this.#gathered = []
  }

  #post(message: ToWriter, handedOver: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, handedOver)
  }

  #settle(outcomes: readonly SentOutcome[]): void {
    const settled = this.#waiting.splice(0, outcomes.length)
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.kind !== 'failed') {
        settled[i]!.resolve(outcome)
        continue
      }
      const fault = new Fault(outcome.fault.code, outcome.fault.detail)
      if (outcome.isDoubtful) this.#doubtful.add(fault)
      settled[i]!.reject(fault)
    }
  }

  /** What was sent may be durable or not: whoever asks again after a restart will know. */
  #fail(reason: string): void {
    this.#failure ??= new Fault('storage-unavailable', `the ledger's writer has stopped: ${reason}`)
    this.#doubtful.add(this.#failure)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }
}

/** The memory of a document, to be handed over; of a small one a copy is cheaper. */
function ownedMemory(request: Request): ArrayBuffer[] {
  if (request.kind !== 'accept' || !('octets' in request.content)) return []
  const { buffer } = request.content.octets
  return buffer.byteLength < HAND_OVER ? [] : [buffer as ArrayBuffer]
}
