// Hand-off in batches, each durable at its target before the sender's cursor moves past it; a
// sender rests while documents that come in need the time.
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { AcceptedDocument } from '@seg/ledger'
import type { HandOffLease } from './hand-off-lease.ts'
import type { Edge, LaneTarget } from './sender-lanes.ts'

/** Senders that have a batch under way at the same time. */
const LANES = 4
/**
 * Documents in a batch, and bytes; a document larger than that is a batch of its own, in pieces.
 */
const BATCH = 64
const BATCH_BYTES = 2 * 1024 * 1024
/** Longest wait between two tries of one sender, in milliseconds. */
const LONGEST_PAUSE = 5000
/**
 * Load of the event loop, or of other processes, above which incoming documents have priority. The
 * sender whose batch it was then waits `REST` times as long as the batch took, at most
 * `LONGEST_REST` milliseconds, and all others for `SHARED_REST` of them at most.
 */
const BUSY = 0.5
const REST = 4
const LONGEST_REST = 4000
const SHARED_REST = 250

export type BatchTarget = Pick<LaneTarget, 'name' | 'prepare'> & {
  /**
   * Hands on documents of one sender, in order; durable when it resolves. May get the same
   * documents again. Throws the Fault `storage-unavailable`.
   */
  take(documents: readonly AcceptedDocument[]): Promise<void>
}

export type BatchEdge = Pick<Edge, 'elapsed'> & {
  /** What other processes take of half the processors for incoming documents, 0 to 1. */
  readonly load?: (() => number) | undefined
}

type BatchParts = { readonly edge: BatchEdge; readonly lease: Pick<HandOffLease, 'watch'> }

/** Calls to the target may hang: then the lease goes to another receiver. */
export function openBatches(target: BatchTarget, { edge: { elapsed, load }, lease }: BatchParts): LaneTarget {
  const rest = new Rest(load)
  return {
    name: target.name,
    lanes: LANES,
    turn: BATCH,
    longestPause: LONGEST_PAUSE,
    prepare: signal => lease.watch(target.name, () => target.prepare(signal)),
    async handOn(documents, lane, signal) {
      await rest.end(signal)
      if (signal.aborted) return undefined
      const work = rest.measure()
      const begin = elapsed()
      const batch = fitting(documents)
      await lease.watch(target.name, () => target.take(batch))
      await lane.moveBehind(batch.at(-1)!, { count: batch.length, totalTime: elapsed() - begin })
      // Until then another sender has the lane.
      lane.nextTry = elapsed() + work.end()
      return undefined
    },
  }
}

function fitting<Sized extends { readonly bytes: number }>(documents: readonly Sized[]): readonly Sized[] {
  let bytes = 0
  const over = documents.findIndex((document, i) => {
    bytes += document.bytes
    return i > 0 && bytes > BATCH_BYTES
  })
  return over < 0 ? documents : documents.slice(0, over)
}

/** The pause that all lanes make together, and that of one. */
class Rest {
  readonly #loadOfOthers: () => number
  #until = 0

  constructor(loadOfOthers: () => number = () => 0) {
    this.#loadOfOthers = loadOfOthers
  }

  async end(signal: AbortSignal): Promise<void> {
    const left = this.#until - performance.now()
    if (left > 0) await pause(left, undefined, { signal }).catch(() => {})
  }

  /** `end` returns how long the sender waits, in milliseconds. */
  measure(): { end(): number } {
    const begin = performance.now()
    const load = performance.eventLoopUtilization()
    return {
      end: () => {
        const now = performance.now()
        const { utilization } = performance.eventLoopUtilization(load)
        if (Math.max(utilization, this.#loadOfOthers()) <= BUSY) return 0
        const rest = Math.min(REST * (now - begin), LONGEST_REST)
        this.#until = Math.max(this.#until, now + Math.min(rest, SHARED_REST))
        return rest
      },
    }
  }
}
