// Whether the key of the seal signs: known from the receipts that are made. A key in a token that
// made none for a while, or failed, signs something of our own; one in memory always signs.
import { asFault, Fault } from '@seg/core'
import { type SealIdentity, TokenKey } from '@seg/pki'
import { proveSeal } from '../credentials/load-credentials.ts'

/** Milliseconds for which a signature shows that the key signs. */
const FRESH = 60_000

export class SealState {
  readonly #elapsed: () => number
  #signedAt: number
  #failure: string | undefined
  #proving: Promise<void> | undefined

  /** Of a key that has just been proven. `elapsed`: milliseconds of a monotonic clock. */
  constructor(elapsed = () => performance.now()) {
    this.#elapsed = elapsed
    this.#signedAt = elapsed()
  }

  /** A receipt was made. */
  signed(): void {
    this.#signedAt = this.#elapsed()
    this.#failure = undefined
  }

  /** What kept a document from being recorded, which may be something else. */
  failed(error: unknown): void {
    if (error instanceof Fault && error.code === 'seal-unavailable') this.#failure = error.detail
  }

  /** Resolves with what was found. Throws the Fault `seal-unavailable` while it does not sign. */
  async check(seal: SealIdentity): Promise<string> {
    if (!(seal.key instanceof TokenKey)) return 'the key is in memory'
    if (this.#failure !== undefined || this.#elapsed() - this.#signedAt >= FRESH) {
      // One at a time: a token that hangs is asked once.
      this.#proving ??= this.#prove(seal)
      await this.#proving
    }
    if (this.#failure !== undefined) throw new Fault('seal-unavailable', this.#failure)
    return 'the key signs'
  }

  async #prove(seal: SealIdentity): Promise<void> {
    try {
      await proveSeal(seal)
      this.signed()
    } catch (error) {
      this.#failure = asFault(error).detail
    } finally {
      this.#proving = undefined
    }
  }
}
