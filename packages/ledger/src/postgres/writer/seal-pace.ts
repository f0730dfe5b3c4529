// How many requests fit into a batch, and how long its session may be silent: receipts are sealed
// under the lock, in a transaction that the server ends when it is silent for too long. A key in a
// token may take seconds for each.
import type { Sealer } from '../../ledger.ts'
import { LONGEST_SILENCE, SILENCE } from './writer-limits.ts'

/** Milliseconds of sealing in a batch: half of what the writer's session may be silent for. */
const SEALING_TIME = 2000
/** Of the slowest seal, what is left of it with each that follows. */
const FADING = 0.9
/** Of the time of a seal, for one that takes somewhat longer; and for what else is done. */
const [SLACK, REST] = [1.25, 1500]

export class SealPace {
  /** Milliseconds for a seal; 0 while there was none. */
  #time = 0

  /** A sealer that is measured. */
  measured(openSealer: (data: unknown) => Sealer): (data: unknown) => Sealer {
    return data => {
      const seal = openSealer(data)
      return acceptance => {
        const begin = performance.now()
        try {
          return seal(acceptance)
        } finally {
          this.#time = Math.max(Math.min(performance.now() - begin, LONGEST_SILENCE), this.#time * FADING)
        }
      }
    }
  }

  most(limit: number): number {
    return Math.min(limit, Math.max(1, Math.floor(SEALING_TIME / this.#time)))
  }

  /** Milliseconds that the session may be silent for the next batch. */
  silence(): number {
    return Math.ceil(Math.min(Math.max(SILENCE, this.#time * SLACK + REST), LONGEST_SILENCE))
  }
}
