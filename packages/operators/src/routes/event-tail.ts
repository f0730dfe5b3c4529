// The latest facts as server-sent events: read and written as text once, for all who follow them.
import type { DeskSearch } from '../desk/desk-search.ts'
import type { KeptFact } from '../desk/fact-columns.ts'
import { factRow } from './fact-lists.ts'

/** Facts that a reader may have missed: so many are kept here. */
export const MISSED = 5000
/** Facts read at a time. */
const STEP = 500
/** Milliseconds for which what was read counts as the latest. */
const FRESH = 250

export type EventText = { readonly position: number; readonly text: string }

export class EventTail {
  readonly #search: DeskSearch
  readonly #elapsed: () => number
  /** The oldest first: all after the position `#from`. */
  #events: EventText[] = []
  #from: number | undefined
  #readAt = Number.NEGATIVE_INFINITY

  /** `elapsed`: milliseconds of a clock that never goes back. */
  constructor(search: DeskSearch, elapsed: () => number = () => performance.now()) {
    this.#search = search
    this.#elapsed = elapsed
  }

  /**
   * Of the facts after this position and before the horizon, `most` at most. Undefined when it does
   * not have all of them: the desk does.
   */
  after(position: number, horizon: number, most: number): readonly EventText[] | undefined {
    this.#read(horizon)
    if (position < this.#from!) return undefined
    const first = this.#events.findLastIndex(event => event.position <= position) + 1
    return this.#events.slice(first, first + most)
  }

  #read(horizon: number): void {
    if (this.#elapsed() - this.#readAt < FRESH) return
    this.#readAt = this.#elapsed()
    let last = this.#events.at(-1)?.position ?? this.#from ?? horizon
    if (this.#search.countAfter(last, MISSED + 1) > MISSED) {
      this.#events = []
      last = horizon
    }
    if (this.#events.length === 0) this.#from = last
    for (;;) {
      const { facts } = this.#search.page({}, { limit: STEP, before: last })
      const settled = facts.filter(({ position }) => position < horizon).reverse()
      this.#events.push(...settled.map(eventOf))
      if (settled.length < STEP) break
      last = settled.at(-1)!.position
    }
    if (this.#events.length <= MISSED) return
    this.#from = this.#events.at(-MISSED - 1)!.position
    this.#events = this.#events.slice(-MISSED)
  }
}

export function eventOf(fact: KeptFact): EventText {
  const { position, kind } = fact
  return { position, text: `id: ${position}\nevent: ${kind}\ndata: ${JSON.stringify(factRow(fact))}\n\n` }
}
