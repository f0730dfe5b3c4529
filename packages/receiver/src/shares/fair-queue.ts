// Work that few can do at a time: partners take turns, each has one worker at the most, and what
// waits is bounded by what it costs.
import { Fault, quote } from '@seg/core'

type Bound = { readonly count: number; readonly cost: number }

export type FairQueueLimits = {
  readonly what: string
  /** What may wait, of one partner and of all, the cost in milliseconds of work. */
  readonly ofOne: Bound
  readonly ofAll: Bound
  /** Milliseconds. */
  readonly longestWait: number
}

type Task<Worker> = {
  readonly cost: number
  /** Milliseconds, monotonic. */
  readonly since: number
  readonly begin: (worker: Worker) => Promise<void>
  readonly refuse: (fault: Fault) => void
}

class Waiting<Worker> {
  readonly tasks: Task<Worker>[] = []
  cost = 0
}

export class FairQueue<Worker> {
  readonly #limits: FairQueueLimits
  readonly #idle: Worker[]
  /** By partner, the one whose turn it is first. */
  readonly #waiting = new Map<string, Waiting<Worker>>()
  readonly #served = new Set<string>()
  #count = 0
  #cost = 0
  /** What was not taken, since the start. */
  #refused = 0

  constructor(workers: readonly Worker[], limits: FairQueueLimits) {
    this.#idle = [...workers]
    this.#limits = limits
  }

  /**
   * Gives the work to a worker when it is the partner's turn. `cost`: an estimate in milliseconds.
   * Throws what the work throws, and the Faults `rate-limit` and `overloaded` when too much waits
   * already, or this has waited for too long.
   */
  async run<Result>(partner: string, cost: number, work: (worker: Worker) => Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const begin = (worker: Worker) => work(worker).then(resolve, reject)
    const own = this.#waiting.get(partner) ?? new Waiting<Worker>()
    this.#checkRoom(partner, own, cost)
    own.tasks.push({ cost, since: performance.now(), begin, refuse: reject })
    this.#count++
    own.cost += cost
    this.#cost += cost
    this.#waiting.set(partner, own)
    this.#serve()
    return promise
  }

  /** A first item always has room, at any cost. */
  #checkRoom(partner: string, own: Waiting<Worker>, cost: number): void {
    const { what, ofOne, ofAll } = this.#limits
    if (isOver(ofOne, own.tasks.length, own.cost + cost)) {
      const isAlone = this.#count === own.tasks.length && this.#served.isSubsetOf(new Set([partner]))
      const detail = `${own.tasks.length} ${what} of ${quote(partner)} wait already`
      throw this.#refuse(isAlone ? 'overloaded' : 'rate-limit', detail)
    }
    if (isOver(ofAll, this.#count, this.#cost + cost))
      throw this.#refuse('overloaded', `${this.#count} ${what} wait already`)
  }

  #refuse(code: 'overloaded' | 'rate-limit', detail: string): Fault {
    this.#refused++
    return new Fault(code, `${detail}; ${this.#refused} not taken since the start`)
  }

  #serve(): void {
    while (this.#idle.length > 0) {
      const next = this.#takeNext()
      if (next === undefined) return
      const [partner, task] = next
      const worker = this.#idle.pop()!
      this.#served.add(partner)
      task.begin(worker).then(() => {
        this.#served.delete(partner)
        this.#idle.push(worker)
        this.#serve()
      })
    }
  }

  /** The partner goes behind all others that wait. */
  #takeNext(): [partner: string, task: Task<Worker>] | undefined {
    for (const [partner, waiting] of this.#waiting) {
      if (this.#served.has(partner)) continue
      const task = this.#takeTimely(waiting)
      this.#waiting.delete(partner)
      if (waiting.tasks.length > 0) this.#waiting.set(partner, waiting)
      if (task !== undefined) return [partner, task]
    }
    return undefined
  }

  #takeTimely(waiting: Waiting<Worker>): Task<Worker> | undefined {
    for (let task = waiting.tasks.shift(); task !== undefined; task = waiting.tasks.shift()) {
      this.#count--
      waiting.cost -= task.cost
      this.#cost -= task.cost
      const waited = performance.now() - task.since
      if (waited <= this.#limits.longestWait) return task
      task.refuse(this.#refuse('overloaded', `${this.#limits.what}: waited ${Math.round(waited)} ms for a turn`))
    }
    return undefined
  }
}

function isOver(bound: Bound, count: number, cost: number): boolean {
  return count >= bound.count || (count > 0 && cost > bound.cost)
}
