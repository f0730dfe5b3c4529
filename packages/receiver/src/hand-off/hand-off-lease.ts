// The lease under which this receiver hands on, of several with one ledger: it is asked for only
// while no call to a target hangs, such as one to a shared folder whose server is gone. Then
// another receiver gets it, for which the target may answer.
import type { Ledger, TaskLease } from '@seg/ledger'

/**
 * Milliseconds after which a call hangs: the largest document that a shared ledger takes is there
 * before, also where a second takes half a megabyte.
 */
const HANGING = 180_000

type Call = { readonly target: string; readonly since: number }

export class HandOffLease {
  readonly #ledger: Pick<Ledger, 'lease' | 'isShared'>
  readonly #elapsed: () => number
  readonly #complain: (line: string) => void
  /** Under way, in the order of their beginning. */
  readonly #calls = new Set<Call>()
  #hanging: Call | undefined

  /** `elapsed`: milliseconds of a monotonic clock. */
  constructor(ledger: Pick<Ledger, 'lease' | 'isShared'>, elapsed: () => number, complain: (line: string) => void) {
    this.#ledger = ledger
    this.#elapsed = elapsed
    this.#complain = complain
  }

  /** Undefined while another receiver has it, or should get it. Throws as that of the ledger. */
  async renew(): Promise<TaskLease | undefined> {
    const [oldest] = this.#calls
    const hangs = oldest !== undefined && this.#elapsed() - oldest.since >= HANGING
    // Nobody else could take it.
    if (hangs && this.#ledger.isShared) {
      if (this.#hanging !== oldest)
        this.#complain(
          `a call to the ${oldest.target} has not ended for ${HANGING / 1000} s: another receiver may hand on, ` +
            'this one does not until it has',
        )
      this.#hanging = oldest
      return undefined
    }
    this.#hanging = undefined
    return this.#ledger.lease('hand-off')
  }

  /** A call to a target that has no limit of its own. */
  async watch<Result>(target: string, call: () => Promise<Result>): Promise<Result> {
    const entry = { target, since: this.#elapsed() }
    this.#calls.add(entry)
    try {
      return await call()
    } finally {
      this.#calls.delete(entry)
    }
  }
}
