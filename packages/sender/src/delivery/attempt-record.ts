// What one attempt shows of the other side while it lasts, for its row in the outbox.
import type { AttemptNotes } from '@seg/ledger'
import type { Answer } from '../exchange/connection.ts'
import { requestOf } from '../exchange/problem.ts'
import type { Clock } from './gateway.ts'

/** Begins when it is made. */
export class AttemptRecord {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>
  readonly #startedAt: number
  readonly #begin: number
  #address: string | undefined
  #answer: Answer | undefined

  constructor(clock: Pick<Clock, 'now' | 'elapsed'>) {
    this.#clock = clock
    this.#startedAt = clock.now().getTime()
    this.#begin = clock.elapsed()
  }

  /** A connection stands; that it ends in TLS changes nothing. */
  readonly connected = (address: string): void => {
    this.#address = address
  }

  /** The last one that is noted is the one that decided. */
  answered(answer: Answer | undefined): void {
    this.#answer = answer ?? this.#answer
  }

  /** As of now. */
  facts(): AttemptNotes {
    const answer = this.#answer
    return {
      ...{ startedAt: this.#startedAt, duration: this.#clock.elapsed() - this.#begin, address: this.#address },
      ...{ status: answer?.status, request: answer && requestOf(answer) },
    }
  }
}
