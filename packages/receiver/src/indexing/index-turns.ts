// Whose document the index takes next: partners whose documents take long have turns, one document
// each, and together no more time than all others, as long as there are others.

/** `others`: all that do not wait for turns. A number: the partner whose turn it is. */
type IndexTurn = 'others' | 'nobody' | number

export class IndexTurns {
  readonly #most: number
  /** The one whose turn it is first. */
  #slow: readonly number[] = []
  #areOthersDone = false
  /** Milliseconds that slow ones had more than the others. */
  #ahead = 0

  /** `most`: milliseconds of one document. */
  constructor(most: number) {
    this.#most = most
  }

  next(): IndexTurn {
    const [slow] = this.#slow
    if (!this.#areOthersDone && (slow === undefined || this.#ahead > 0)) return 'others'
    return slow ?? 'nobody'
  }

  /** `slow`: who waits for turns now. */
  found(turn: IndexTurn, hasDocument: boolean, slow: readonly number[]): void {
    if (turn === 'others') this.#areOthersDone = !hasDocument
    const known = this.#slow.filter(one => slow.includes(one) && one !== turn)
    const fresh = slow.filter(one => !known.includes(one) && one !== turn)
    // Who has just had a turn goes behind all others.
    const last = slow.filter(one => one === turn)
    this.#slow = [...known, ...fresh, ...last]
  }

  spent(turn: IndexTurn, time: number): void {
    const ahead = this.#ahead + (turn === 'others' ? -time : time)
    this.#ahead = Math.min(this.#most, Math.max(0, ahead))
    // While it was evaluated, others may have come.
    if (turn !== 'others') this.#areOthersDone = false
  }
}
