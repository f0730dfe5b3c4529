// Turns of the event loop, shared out by partner: who has had its time in one waits for the next,
// so that the others get theirs.

/**
 * What work costs, in microseconds of the processor: rounded up from measurements on a slow
 * machine, since only the proportions count. A piece is what reaches JavaScript at once: the body
 * of a chunk, or of a TLS record.
 */
export const costs = { piece: 2, kibibyte: 4, request: 50 } as const

/** Microseconds that one partner may spend in one turn. */
const TURN = 4000
/** Up to here nobody counts turns: each count makes the event loop go round once more. */
const NOTICED = TURN / 8
/** A connection that waits is expected to cost this much at least. */
const LEAST = 20

/** Reads from one connection, and stops reading when it is held. */
export type Reader = {
  /** Microseconds since it was released last. */
  readonly cost: number
  hold(): void
  release(): void
}

/** For one receiver. */
export class Turns {
  readonly #shares = new Map<string, Share>()
  readonly #busy = new Set<Share>()
  #isArmed = false

  /** `reader` reads for `partner` from here on; `leave` ends that. */
  join(partner: string, reader: Reader): Share {
    const share = this.#shares.get(partner) ?? new Share(busy => this.#watch(busy))
    this.#shares.set(partner, share)
    share.add(reader)
    return share
  }

  leave(partner: string, reader: Reader): void {
    const share = this.#shares.get(partner)
    share?.remove(reader)
    if (share?.isEmpty === true) this.#shares.delete(partner)
  }

  #watch(share: Share): void {
    this.#busy.add(share)
    this.#arm()
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    setImmediate(() => this.#endTurn())
  }

  #endTurn(): void {
    this.#isArmed = false
    for (const share of this.#busy) if (!share.endTurn()) this.#busy.delete(share)
    if (this.#busy.size > 0) this.#arm()
  }
}

/**
 * The time of one partner. More than one turn's worth, spent at once, is owed: as many turns go by
 * without it.
 */
export class Share {
  readonly #watch: (share: Share) => void
  readonly #reading = new Set<Reader>()
  /** Whoever has waited longest stands first. */
  readonly #held = new Set<Reader>()
  #owed = 0
  #isWatched = false

  constructor(watch: (share: Share) => void) {
    this.#watch = watch
  }

  get isEmpty(): boolean {
    return this.#reading.size + this.#held.size === 0
  }

  add(reader: Reader): void {
    this.#reading.add(reader)
    if (this.#owed > TURN) this.#holdAll()
  }

  remove(reader: Reader): void {
    this.#reading.delete(reader)
    this.#held.delete(reader)
  }

  spend(microseconds: number): void {
    this.#owed += microseconds
    if (!this.#isWatched && this.#owed > NOTICED) {
      this.#isWatched = true
      this.#watch(this)
    }
    if (this.#owed > TURN && this.#reading.size > 0) this.#holdAll()
  }

  /** Lets those go on for whom there is time; says whether more turns are needed. */
  endTurn(): boolean {
    this.#owed = Math.max(0, this.#owed - TURN)
    let left = TURN - this.#owed
    for (const reader of this.#held) {
      if (left <= 0) break
      left -= Math.max(LEAST, reader.cost)
      this.#held.delete(reader)
      this.#reading.add(reader)
      reader.release()
    }
    this.#isWatched = this.#owed > NOTICED || this.#held.size > 0
    return this.#isWatched
  }

  #holdAll(): void {
    for (const reader of this.#reading) {
      this.#held.add(reader)
      reader.hold()
    }
    this.#reading.clear()
  }
}
