// Iterations of key derivation that one PKCS #12 file may ask for, in all its parts together: who
// wrote the file chose them, and they are our time.
import { Fault } from '@seg/core'

/** Seconds; programs of today write 600,000 at the most, three times in a file. */
const MOST_ITERATIONS = 4_000_000

export class Derivations {
  #left = MOST_ITERATIONS

  /** `weight`: how many of OpenSSL take as long as one. Throws the Fault `p12-invalid`. */
  spend(iterations: number, weight = 1): void {
    const most = Math.floor(this.#left / weight)
    if (!(iterations >= 1 && iterations <= most))
      throw new Fault('p12-invalid', `expected 1 to ${most} more iterations of key derivation, found ${iterations}`)
    this.#left -= iterations * weight
  }
}
