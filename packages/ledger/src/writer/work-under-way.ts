// Work that the end of a ledger waits for. Counted, not kept in a Set: V8 links each table that a
// Set gave up to the next one, so one that changes with each document makes the garbage of all of
// them old, and only major collections free it.

export class WorkUnderWay {
  #count = 0
  #ended: PromiseWithResolvers<void> | undefined

  /** Each `begin` has its `end`. */
  begin(): void {
    this.#count++
  }

  readonly end = (): void => {
    if (--this.#count > 0) return
    this.#ended?.resolve()
    this.#ended = undefined
  }

  /** Resolves when nothing is under way. */
  async wait(): Promise<void> {
    if (this.#count === 0) return
    this.#ended ??= Promise.withResolvers()
    await this.#ended.promise
  }
}
