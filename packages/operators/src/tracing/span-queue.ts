// Spans that wait for the collector, by partner: who makes very many displaces only their own.
import type { TraceSpan } from './span.ts'

/** Of one partner alone, and of all together. */
export const SPANS_OF_ONE = 4096
const MOST = 2 * SPANS_OF_ONE

export class SpanQueue {
  /** By partner, the one whose turn it is first; only those of whom something waits. */
  readonly #waiting = new Map<string, TraceSpan[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /**
   * How many were dropped. A partner may have as many as there are free places: of n who make too
   * many, each has the same part, and as much stays free for the next one.
   */
  add(partner: string, spans: readonly TraceSpan[]): number {
    const own = this.#waiting.get(partner) ?? []
    const taken = spans.slice(0, Math.max(0, Math.floor((MOST - this.#size - own.length) / 2)))
    if (taken.length === 0) return spans.length
    own.push(...taken)
    this.#waiting.set(partner, own)
    this.#size += taken.length
    return spans.length - taken.length
  }

  /** So many at most, the oldest of each partner in turn. */
  take(most: number): TraceSpan[] {
    const taken: TraceSpan[] = []
    const each = Math.max(1, Math.ceil(most / this.#waiting.size))
    while (taken.length < most && this.#waiting.size > 0) {
      const [partner, own] = this.#waiting.entries().next().value!
      taken.push(...own.splice(0, Math.min(each, most - taken.length)))
      // The others first.
      this.#waiting.delete(partner)
      if (own.length > 0) this.#waiting.set(partner, own)
    }
    this.#size -= taken.length
    return taken
  }
}
