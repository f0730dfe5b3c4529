// Turns of the event loop, shared out by partner: who has had its time in one waits for the next,
// so that the others get theirs.

/**
 * What work costs, in microseconds of the processor: rounded up from measurements on a slow
 * machine, since only the proportions count. A piece is what reaches JavaScript at once: the body
 * of a chunk, or of a TLS record.
 */
export const costs = {
  piece: 2,
  kibibyte: 4,
  request: 100,
  /**
   * Beside that of the request: of a receipt, of a file of the log, or of a refusal with its line.
   */
  answer: 150,
  handshake: 1000,
  /** A new key, and another when we are asked for one. */
  keyUpdate: 20,
} as const

/** Microseconds that one partner may spend in one turn. */
const TURN = 4000
/** Up to here turns are not counted: each count causes one more turn of the event loop. */
const NOTICED = TURN / 8
/** A connection that waits is expected to cost this much at least; a new one, with a request. */
const LEAST = 20
const LEAST_OF_NEW = 100
/** As long as connections that have begun wait, a new one begins in one turn of so many. */
const TURNS_OF_BEGUN = 16

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
  readonly #schedule: (work: () => void) => void
  #isArmed = false

  /** `schedule`: does something in a later turn of the event loop. */
  constructor(schedule: (work: () => void) => void = setImmediate) {
    this.#schedule = schedule
  }

  /**
   * `reader`, which is held, waits for its first turn, and reads for `partner` from there on;
   * `leave` ends that.
   */
  join(partner: string, reader: Reader): Share {
    const share = this.#shares.get(partner) ?? new Share(partner, busy => this.#watch(busy))
    this.#shares.set(partner, share)
    share.add(reader)
    return share
  }

  leave(share: Share, reader: Reader): void {
    share.remove(reader)
    this.#forget(share)
  }

  /** Connections of `partner` that wait for their first turn. */
  waitingFor(partner: string): number {
    return this.#shares.get(partner)?.newcomers ?? 0
  }

  /** What is owed outlives the connections it was spent on: the next ones pay it off. */
  #forget(share: Share): void {
    if (share.isEmpty && !this.#busy.has(share)) this.#shares.delete(share.partner)
  }

  #watch(share: Share): void {
    this.#busy.add(share)
    this.#arm()
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    this.#schedule(() => this.#endTurn())
  }

  #endTurn(): void {
    this.#isArmed = false
    for (const share of this.#busy) {
      if (share.endTurn()) continue
      this.#busy.delete(share)
      this.#forget(share)
    }
    if (this.#busy.size > 0) this.#arm()
  }
}

/**
 * The time of one partner. More than one turn's worth, spent at once, is owed: as many turns go by
 * without it.
 */
export class Share {
  readonly partner: string
  readonly #watch: (share: Share) => void
  readonly #reading = new Set<Reader>()
  /** The one that has waited longest is first. */
  readonly #held = new Set<Reader>()
  /**
   * They begin when no connection that has begun waits: what is begun ends soon, and what is not
   * takes little memory.
   */
  readonly #newcomers = new Set<Reader>()
  #turnsOfBegun = 0
  #owed = 0
  #isWatched = false

  constructor(partner: string, watch: (share: Share) => void) {
    this.partner = partner
    this.#watch = watch
  }

  get isEmpty(): boolean {
    return this.#reading.size + this.#held.size + this.#newcomers.size === 0
  }

  get newcomers(): number {
    return this.#newcomers.size
  }

  add(reader: Reader): void {
    this.#newcomers.add(reader)
    this.#needTurn()
  }

  remove(reader: Reader): void {
    this.#reading.delete(reader)
    this.#held.delete(reader)
    this.#newcomers.delete(reader)
  }

  spend(microseconds: number): void {
    this.#owed += microseconds
    if (this.#owed > NOTICED) this.#needTurn()
    if (this.#owed > TURN && this.#reading.size > 0) this.#holdAll()
  }

  /** Continues those for whom there is time; returns whether more turns are needed. */
  endTurn(): boolean {
    this.#owed = Math.max(0, this.#owed - TURN)
    const left = this.#release(this.#held, TURN - this.#owed, LEAST)
    if (this.#held.size === 0) this.#release(this.#newcomers, left, LEAST_OF_NEW)
    else if (this.#newcomers.size > 0 && this.#owed < TURN && ++this.#turnsOfBegun >= TURNS_OF_BEGUN) {
      this.#turnsOfBegun = 0
      this.#release(this.#newcomers, 1, LEAST_OF_NEW)
    }
    this.#isWatched = this.#owed > NOTICED || this.#held.size + this.#newcomers.size > 0
    return this.#isWatched
  }

  /** Says what is left of the time. */
  #release(waiting: Set<Reader>, time: number, least: number): number {
    let left = time
    for (const reader of waiting) {
      if (left <= 0) break
      left -= Math.max(least, reader.cost)
      waiting.delete(reader)
      this.#reading.add(reader)
      reader.release()
    }
    return left
  }

  #needTurn(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    this.#watch(this)
  }

  #holdAll(): void {
    for (const reader of this.#reading) {
      this.#held.add(reader)
      reader.hold()
    }
    this.#reading.clear()
  }
}
