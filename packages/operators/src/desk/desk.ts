// The desk as the rest of the gateway sees it: facts go in, nothing waits. What the thread cannot
// take in time is counted, and the count becomes a row.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault, standardError } from '@seg/core'
import type { Sample } from '../metrics/catalogue.ts'
import type { MetricsText } from '../metrics/render-metrics.ts'
import { MEASURE_INTERVAL } from '../metrics/thread-metrics.ts'
import type { FromDesk, ToDesk } from './desk-messages.ts'
import type { DeskOptions } from './desk-thread.ts'
import type { Fact, NoteFact } from './fact.ts'

/** Facts that may be in transit to the thread: about ten megabytes. */
const QUEUE = 20_000
/** Milliseconds for which facts are gathered into one message: each costs both threads. */
const GATHER_TIME = 50
/** Milliseconds until a thread that ended is started again. */
const RESTART = 10_000
/** Milliseconds that a stop waits for the thread. */
const CLOSING_TIME = 3_000

/** Milliseconds that a request for metrics waits. */
const ANSWER_TIME = 5_000

/** What the main thread measures, at once and from memory. */
export type Measure = () => readonly Sample[]

export type Desk = {
  readonly note: NoteFact
  /** So many facts of another process of this gateway, in JSON. Never throws, never waits. */
  pass(facts: string, count: number): void
  /** From now on, what the main thread measures is among the metrics. */
  measureWith(measure: Measure): void
  /**
   * Whether alerts about what all nodes of one ledger see are sent from here. Until then they
   * are not, where there are several.
   */
  leadAlerts(leads: boolean): void
  /** Undefined until it is known. */
  isLogConsistent(): boolean | undefined
  /** All metrics as text. Throws the Fault `overloaded` when there is no answer in time. */
  metrics(isOpen: boolean): Promise<MetricsText>
  /** Waits until what was noted is safe, for a bounded time. */
  close(): Promise<void>
}

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./desk-thread${extname(import.meta.filename)}`, import.meta.url)

/** `complain` gets a line for the operator: documents never depend on the desk. */
export function openDesk(options: DeskOptions, complain: (line: string) => void): Desk {
  return new DeskThread(options, complain)
}

class DeskThread implements Desk {
  readonly #options: DeskOptions
  readonly #complain: (line: string) => void
  #worker: Worker | undefined
  #gathered: Fact[] = []
  #onTheWay = 0
  #lost = 0
  #lostSince = 0
  #isClosing = false
  #measure: Measure = () => []
  #measuring: NodeJS.Timeout | undefined
  #asked = 0
  #isLogConsistent: boolean | undefined
  #leads: boolean | undefined
  readonly #answers = new Map<number, (metrics: MetricsText) => void>()

  constructor(options: DeskOptions, complain: (line: string) => void) {
    this.#options = options
    this.#complain = complain
    this.#start()
  }

  readonly note: NoteFact = fact => {
    if (this.#onTheWay + this.#gathered.length >= QUEUE || this.#worker === undefined) {
      if (this.#lost++ === 0) this.#lostSince = fact.at
      return
    }
    if (this.#gathered.length === 0) setTimeout(() => this.#flush(), GATHER_TIME).unref()
    this.#gathered.push(fact)
  }

  pass(facts: string, count: number): void {
    if (this.#onTheWay + count > QUEUE || this.#worker === undefined) {
      if (this.#lost === 0) this.#lostSince = Date.now()
      this.#lost += count
      return
    }
    this.#onTheWay += count
    this.#post(this.#worker, { facts, count })
  }

  measureWith(measure: Measure): void {
    this.#measure = measure
    const send = () => this.#worker && this.#post(this.#worker, { samples: this.#measure() })
    send()
    clearInterval(this.#measuring)
    this.#measuring = setInterval(send, MEASURE_INTERVAL).unref()
  }

  leadAlerts(leads: boolean): void {
    if (leads === this.#leads) return
    this.#leads = leads
    if (this.#worker !== undefined) this.#post(this.#worker, { leads })
  }

  isLogConsistent(): boolean | undefined {
    return this.#isLogConsistent
  }

  readonly metrics = async (isOpen: boolean): Promise<MetricsText> => {
    const worker = this.#worker
    const number = ++this.#asked
    const { promise, resolve, reject } = Promise.withResolvers<MetricsText>()
    const timer = setTimeout(() => reject(new Fault('overloaded', 'the desk has not answered in time')), ANSWER_TIME)
    this.#answers.set(number, resolve)
    try {
      if (worker === undefined) throw new Fault('overloaded', 'the desk is being started again')
      this.#post(worker, { samples: this.#measure() })
      this.#post(worker, { ask: number, isOpen })
      return await promise
    } finally {
      clearTimeout(timer)
      this.#answers.delete(number)
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#measuring)
    this.#flush()
    const worker = this.#worker
    if (worker === undefined) return
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    worker.once('exit', () => resolve())
    this.#post(worker, 'close')
    const timer = setTimeout(resolve, CLOSING_TIME)
    await closed
    clearTimeout(timer)
    await worker.terminate()
  }

  #start(): void {
    let worker: Worker
    try {
      worker = new Worker(script, { name: 'desk', workerData: this.#options, stdout: true, stderr: true })
    } catch (error) {
      // The system has no thread left.
      this.#complain(`the desk cannot be started: ${(error as Error).message}; it is tried again`)
      this.#restart()
      return
    }
    for (const stream of [worker.stdout, worker.stderr])
      stream.on('data', text => void standardError.write(String(text)))
    worker.on('message', (message: FromDesk) => this.#hear(message))
    worker.on('error', error => this.#complain(`the desk has stopped: ${error.message}; it is started again`))
    worker.on('exit', () => this.#restart())
    // A desk alone keeps no process running.
    worker.unref()
    this.#worker = worker
    if (this.#leads !== undefined) this.#post(worker, { leads: this.#leads })
  }

  #hear(message: FromDesk): void {
    if (message === 'closed') return
    if ('answer' in message) this.#answers.get(message.answer)?.(message.metrics)
    else if ('isLogConsistent' in message) this.#isLogConsistent = message.isLogConsistent
    else if ('taken' in message) this.#onTheWay -= message.taken
    else this.#complain(`the desk: ${message.trouble}`)
  }

  /** Facts in transit are lost: the ledger's part of them is read again by the cursor. */
  #restart(): void {
    this.#worker = undefined
    if (this.#lost === 0) this.#lostSince = Date.now()
    this.#lost += this.#onTheWay
    this.#onTheWay = 0
    if (!this.#isClosing) setTimeout(() => this.#start(), RESTART).unref()
  }

  #flush(): void {
    const worker = this.#worker
    if (worker === undefined || this.#gathered.length === 0) return
    const facts = this.#gathered
    this.#gathered = []
    if (this.#lost > 0) {
      const detail = 'facts that were not recorded: more came than the desk could take'
      facts.push({ kind: 'gap', outcome: 'lost', at: this.#lostSince, count: this.#lost, detail })
      this.#lost = 0
    }
    this.#onTheWay += facts.length
    this.#post(worker, { facts: JSON.stringify(facts), count: facts.length })
  }

  #post(worker: Worker, message: ToDesk): void {
    worker.postMessage(message)
  }
}
