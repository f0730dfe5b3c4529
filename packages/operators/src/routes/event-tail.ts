// The latest facts as server-sent events: read and written as octets once, for all who follow them.
import type { DeskSearch, FactText } from '../desk/desk-search.ts'

/** Facts that a reader may have missed: so many are kept here. */
export const MISSED = 5000
/** Events that a reader gets at a time. */
const STEP = 200
/** Milliseconds for which what was read counts as the latest. */
const FRESH = 250

/** Events one after another: all after a position, up to the last of them. */
export class EventRun {
  readonly from: number
  readonly octets: Buffer
  readonly #positions: readonly number[]
  /** Where each event ends in the octets. */
  readonly #ends: readonly number[]

  constructor(from: number, octets: Buffer, positions: readonly number[], ends: readonly number[]) {
    this.from = from
    this.octets = octets
    this.#positions = positions
    this.#ends = ends
  }

  get count(): number {
    return this.#positions.length
  }

  /** The position of the last event; `from` without one. */
  get to(): number {
    return this.#positions.at(-1) ?? this.from
  }

  /** The part after this position: the same octets, not copied. */
  after(position: number): EventRun {
    const first = this.#positions.findLastIndex(one => one <= position) + 1
    if (first === 0) return this
    const start = this.#ends[first - 1]!
    const ends = this.#ends.slice(first).map(end => end - start)
    return new EventRun(position, this.octets.subarray(start), this.#positions.slice(first), ends)
  }
}

export class EventTail {
  readonly #search: DeskSearch
  readonly #elapsed: () => number
  /** The oldest first, each from where the one before ends. */
  #runs: EventRun[] = []
  #end: number | undefined
  #readAt = Number.NEGATIVE_INFINITY

  /** `elapsed`: milliseconds of a clock that never goes back. */
  constructor(search: DeskSearch, elapsed: () => number = () => performance.now()) {
    this.#search = search
    this.#elapsed = elapsed
  }

  /**
   * The next facts after this position and before the horizon; none for who has all. Undefined when
   * facts between are not kept here: the desk has them.
   */
  after(position: number, horizon: number): EventRun | undefined {
    this.#read(horizon)
    if (position < (this.#runs[0]?.from ?? this.#end!)) return undefined
    const run = this.#runs.findLast(({ from }) => from <= position)
    return run?.after(position) ?? eventsOf(position, [])
  }

  #read(horizon: number): void {
    if (this.#elapsed() - this.#readAt < FRESH) return
    this.#readAt = this.#elapsed()
    this.#end ??= horizon
    if (this.#search.countAfter(this.#end, MISSED + 1) > MISSED) {
      this.#runs = []
      this.#end = horizon
    }
    for (let run = readEvents(this.#search, this.#end, horizon); run.count > 0; ) {
      this.#runs.push(run)
      this.#end = run.to
      run = readEvents(this.#search, run.to, horizon)
    }
    let count = this.#runs.reduce((sum, run) => sum + run.count, 0)
    while (count > MISSED) count -= this.#runs.shift()!.count
  }
}

/** The next events after a position and before the horizon, so many as a reader gets at a time. */
export function readEvents(search: DeskSearch, position: number, horizon: number): EventRun {
  return eventsOf(position, search.newer(position, horizon, STEP))
}

function eventsOf(from: number, facts: readonly FactText[]): EventRun {
  const events = facts.map(({ position, kind, text }) => `id: ${position}\nevent: ${kind}\ndata: ${text}\n\n`)
  let end = 0
  const ends = events.map(event => {
    end += Buffer.byteLength(event)
    return end
  })
  return new EventRun(
    from,
    Buffer.from(events.join('')),
    facts.map(({ position }) => position),
    ends,
  )
}
