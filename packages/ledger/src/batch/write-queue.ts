// Requests that wait for the writer of a ledger: a bounded queue, in which outcomes come in the
// order of the requests.
import { Fault } from '@seg/core'
import type { LedgerLoad } from '../ledger.ts'
import type { Succeeded, WriteOutcome, WriteRequest } from './requests.ts'

/** `since`: of a monotonic clock, the same of all requests of a step of the event loop. */
type Waiting = {
  readonly since: number
  readonly resolve: (outcome: Succeeded) => void
  readonly reject: (fault: Error) => void
}

export class WriteQueue {
  readonly #limit: number
  readonly #wake: () => void
  readonly #waiting: Waiting[] = []
  #gathered: WriteRequest[] = []
  #since = 0
  #commits = 0
  #commitTime = 0
  /** Why nothing is taken any more, and why nothing is taken for now. */
  #end: Fault | undefined
  #failure: Fault | undefined
  readonly #doubtful = new WeakSet<Fault>()
  readonly #unknown = new WeakSet<Fault>()

  /** Calls `wake` behind all requests of a step of the event loop, when there are some to take. */
  constructor(limit: number, wake: () => void) {
    this.#limit = limit
    this.#wake = wake
  }

  /**
   * Whether a request that failed with `fault` may turn out to be durable after a restart; until
   * another request succeeds.
   */
  isDoubtful(fault: unknown): boolean {
    return this.#doubtful.has(fault as Fault)
  }

  /** Whether a request that failed with `fault` may be durable, whatever succeeds after it. */
  isUnknown(fault: unknown): boolean {
    return this.#unknown.has(fault as Fault)
  }

  /**
   * A document's octets are the writer's from here on. Throws the Fault `overloaded` at once when
   * the queue is full.
   */
  send(request: WriteRequest): Promise<Succeeded> {
    const refusal = this.#end ?? this.#failure
    if (refusal !== undefined) return Promise.reject(refusal)
    if (this.#waiting.length >= this.#limit)
      return Promise.reject(new Fault('overloaded', `${this.#limit} requests are waiting for the ledger already`))
    if (this.#gathered.length === 0) {
      process.nextTick(this.#wake)
      this.#since = performance.now()
    }
    this.#gathered.push(request)
    return new Promise((resolve, reject) => this.#waiting.push({ since: this.#since, resolve, reject }))
  }

  /** What was sent since the last call. */
  take(): WriteRequest[] {
    const taken = this.#gathered
    this.#gathered = []
    return taken
  }

  /** Of the requests that were taken first. */
  settle(outcomes: readonly WriteOutcome[]): void {
    const settled = this.#waiting.splice(0, outcomes.length)
    const [oldest] = settled
    if (oldest !== undefined) {
      this.#commits++
      this.#commitTime += performance.now() - oldest.since
    }
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.kind !== 'failed') {
        settled[i]!.resolve(outcome)
        continue
      }
      if (outcome.isDoubtful) this.#doubtful.add(outcome.fault)
      settled[i]!.reject(outcome.fault)
    }
  }

  get load(): LedgerLoad {
    return { waiting: this.#waiting.length, commits: this.#commits, commitTime: this.#commitTime }
  }

  /** Refuses what comes from here on; false when it does so already. */
  close(): boolean {
    if (this.#end !== undefined) return false
    this.#end = new Fault('storage-unavailable', 'the ledger is being closed')
    return true
  }

  /**
   * Fails all that waits, and what comes until `resume`. What was taken may be durable or not:
   * whoever asks again will know.
   */
  fail(reason: string): void {
    const detail = `the ledger's writer has stopped: ${reason}`
    const failure = new Fault('storage-unavailable', detail)
    this.#unknown.add(failure)
    // Another one: of what comes now, nothing is durable.
    this.#failure = new Fault('storage-unavailable', detail)
    this.#gathered = []
    for (const { reject } of this.#waiting.splice(0)) reject(failure)
  }

  /** Takes requests again. */
  resume(): void {
    this.#failure = undefined
  }
}
