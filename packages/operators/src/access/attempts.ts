// How often something may happen by whom: so many at once, and as many again each minute.

const MINUTE = 60_000
/** Of addresses and operators; beyond, the oldest are forgotten. */
const MOST = 1000

type Account = { since: number; count: number }

/** `attempt` says the number of this one within its minute. */
export class Attempts {
  readonly #accounts = new Map<string, Account>()

  attempt(who: string, now: Date): number {
    const known = this.#accounts.get(who)
    if (known !== undefined && now.getTime() - known.since < MINUTE && now.getTime() >= known.since)
      return ++known.count
    this.#accounts.delete(who)
    if (this.#accounts.size >= MOST)
      for (const oldest of this.#accounts.keys()) {
        this.#accounts.delete(oldest)
        break
      }
    this.#accounts.set(who, { since: now.getTime(), count: 1 })
    return 1
  }
}
