// How many requests fit into a batch: receipts are sealed under the lock, in a transaction that the
// server ends when nothing is heard of it for too long. A key in a token may take a tenth of a
// second for each.
import type { Sealer } from '../../ledger.ts'

/** Milliseconds of sealing in a batch: half of what the writer's session may be silent for. */
const SEALING_TIME = 2000
/** Of the slowest seal, what is left of it with each that follows. */
const FADING = 0.9

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
          this.#time = Math.max(performance.now() - begin, this.#time * FADING)
        }
      }
    }
  }

  most(limit: number): number {
    return Math.min(limit, Math.max(1, Math.floor(SEALING_TIME / this.#time)))
  }
}
