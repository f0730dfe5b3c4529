// Connections that the kernel has accepted and we have not: libuv takes one of them in each turn of
// the event loop, in the order in which they came, from any client. While some come, what may
// wait does, so that the turns are short.

/** Milliseconds that work may be put off for them. */
const PUT_OFF = 5

/** For one server. */
export class Arrivals {
  readonly #work: (() => void)[] = []
  #cameOne = false
  /** Since when work is put off. */
  #since: number | undefined
  #isArmed = false

  /** To be called for each connection that comes. */
  note(): void {
    this.#cameOne = true
  }

  /** Does `work` in the next turn in which no connection came, and soon in any case. */
  schedule(work: () => void): void {
    this.#work.push(work)
    this.#arm()
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    setImmediate(() => this.#look())
  }

  #look(): void {
    this.#isArmed = false
    const now = performance.now()
    this.#since ??= now
    const isPutOff = this.#cameOne && now - this.#since < PUT_OFF
    this.#cameOne = false
    if (isPutOff) this.#arm()
    else this.#workAll()
  }

  #workAll(): void {
    this.#since = undefined
    for (const work of this.#work.splice(0)) work()
  }
}
