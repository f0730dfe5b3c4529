// How fast one receiver is sent to: up to a limit while it answers, one document at a time and ever
// more rarely while it does not.
import { LONGEST_PAUSE, retryDelay } from '@seg/core'

export class ReceiverPace {
  readonly #limit: number
  readonly #random: () => number
  #failures = 0
  #until = 0

  constructor(limit: number, random: () => number) {
    this.#limit = limit
    this.#random = random
  }

  /** How many documents may be sent at this time (milliseconds by a monotonic clock). */
  limitAt(now: number): number {
    if (now < this.#until) return 0
    // After a failure, one document finds out whether the receiver is back; the others keep their
    // turn.
    return this.#failures > 0 ? 1 : this.#limit
  }

  /** It said something about a document. */
  answered(): void {
    this.#failures = 0
    this.#until = 0
  }

  /** It would have been the same with any document. Tries that fail together count once. */
  failed(now: number, retryAfter: number): void {
    if (now < this.#until) return
    this.#failures++
    this.#until = now + retryDelay(this.#failures, retryAfter, this.#random, LONGEST_PAUSE)
  }
}
