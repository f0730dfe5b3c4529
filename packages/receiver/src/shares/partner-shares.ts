// How much of something bounded is in use, and by whom: no partner may have so much that nothing is
// left for the others.
import { Fault, quote } from '@seg/core'

/**
 * Places for so many, of which one partner has at most `ofOne`. What is counted ends when nobody
 * has a place.
 */
export class Places {
  readonly #count: number
  readonly #ofOne: number
  readonly #what: string
  readonly #takenBy = new Map<string, number>()
  #taken = 0

  constructor(count: number, ofOne: number, what: string) {
    this.#count = count
    this.#ofOne = ofOne
    this.#what = what
  }

  /**
   * Throws the Faults `overloaded`, and `rate-limit` for a partner that has its share while others
   * are there, or as many as its own record allows, `most`.
   */
  take(partner: string, most = this.#ofOne): void {
    const own = this.#takenBy.get(partner) ?? 0
    if (own >= most && most < this.#ofOne)
      throw new Fault('rate-limit', `${own} ${this.#what} already; the record of ${quote(partner)} allows ${most}`)
    if (this.#taken >= this.#count) throw new Fault('overloaded', `${this.#count} ${this.#what} already`)
    if (own >= this.#ofOne) {
      const isAlone = this.#taken === own
      const detail = `${own} ${this.#what} already, all of ${quote(partner)}, of ${this.#count} that may be`
      throw new Fault(isAlone ? 'overloaded' : 'rate-limit', detail)
    }
    this.#takenBy.set(partner, own + 1)
    this.#taken++
  }

  /** Whether less than half is taken, of all and by this partner. */
  isAmple(partner: string): boolean {
    return 2 * this.#taken < this.#count && 2 * (this.#takenBy.get(partner) ?? 0) < this.#ofOne
  }

  /** How many are taken, and by whom. */
  get taken(): number {
    return this.#taken
  }

  get takenBy(): ReadonlyMap<string, number> {
    return this.#takenBy
  }

  giveBack(partner: string): void {
    const left = this.#takenBy.get(partner)! - 1
    if (left > 0) this.#takenBy.set(partner, left)
    else this.#takenBy.delete(partner)
    this.#taken--
  }
}

type Bucket = { readonly tokens: number; readonly at: number; readonly perSecond: number }

/**
 * A token bucket for each partner: so many a second, of what `what` says, and as many as come in
 * one second at once.
 */
export class Rates {
  readonly #perSecond: number
  readonly #what: string
  /** Those that are not full; the others need no remembering. */
  readonly #buckets = new Map<string, Bucket>()
  #sweepAt = 0

  /** Infinity: no limit. */
  constructor(perSecond: number, what: string) {
    this.#perSecond = perSecond
    this.#what = what
  }

  /**
   * `now` in milliseconds; `perSecond`: what the record of the partner allows. Throws the Fault
   * `rate-limit`.
   */
  take(partner: string, now: number, perSecond = this.#perSecond): void {
    if (perSecond === Number.POSITIVE_INFINITY) return
    this.#sweep(now)
    const bucket = this.#buckets.get(partner) ?? { tokens: burstOf(perSecond), at: now, perSecond }
    // A bucket whose rate was changed continues with its content.
    const tokens = refill({ ...bucket, perSecond }, now)
    if (tokens < 1)
      throw new Fault('rate-limit', `more than ${perSecond} ${this.#what} a second came from ${quote(partner)}`)
    this.#buckets.set(partner, { tokens: tokens - 1, at: now, perSecond })
  }

  /** Removes buckets that have been full for long; seldom, so that it costs no request anything. */
  #sweep(now: number): void {
    if (now < this.#sweepAt) return
    this.#sweepAt = now + 10_000
    for (const [partner, bucket] of this.#buckets)
      if (refill(bucket, now) >= burstOf(bucket.perSecond)) this.#buckets.delete(partner)
  }
}

function burstOf(perSecond: number): number {
  return Math.max(1, perSecond)
}

function refill({ tokens, at, perSecond }: Bucket, now: number): number {
  // A clock that was set back gives nothing.
  return Math.min(burstOf(perSecond), tokens + (Math.max(0, now - at) / 1000) * perSecond)
}
