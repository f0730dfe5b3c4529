// Hands accepted documents on in batches. A batch is durable at its target before the sender's
// cursor moves past it: documents arrive at least once, in order.
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '@seg/core'
import type { AcceptedDocument, Ledger } from '@seg/ledger'
import type { Logger } from '../logger.ts'
import { type Edge, type HandOff, type Lane, type LaneTarget, startLanes } from './sender-lanes.ts'

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
 * Load of the event loop above which incoming documents have priority. The hand-off then pauses
 * `REST` times as long as the batch took, at most `LONGEST_REST` milliseconds.
 */
const BUSY = 0.5
const REST = 4
const LONGEST_REST = 4000

export type HandOffTarget = {
  /** The name of its cursors; it never changes. */
  readonly name: string
  /** Prepares what all senders share. Throws the Fault `storage-unavailable`. */
  prepare(): Promise<void>
  /**
   * Hands on documents of one sender, in order; durable when it resolves. May get the same
   * documents again. Throws the Fault `storage-unavailable`.
   */
  take(documents: readonly AcceptedDocument[]): Promise<void>
}

/** Crash before a cursor moves: the same documents of its sender are handed on again. */
export function startHandOff(
  target: HandOffTarget,
  ledger: Ledger,
  logger: Pick<Logger, 'error' | 'info'>,
  edge: Edge,
): HandOff {
  const { name } = target
  const cursorOf = (sender: string) => `${name} ${sender}`
  const rest = new Rest()
  const lanes: LaneTarget = {
    name,
    lanes: LANES,
    longestPause: LONGEST_PAUSE,
    prepare: () => target.prepare(),
    async cursor(sender) {
      // Earlier versions had one cursor for all senders.
      return Math.max(await ledger.cursor(name), await ledger.cursor(cursorOf(sender)))
    },
    async handOn(lane, signal) {
      await rest.end(signal)
      if (signal.aborted) return undefined
      const work = rest.measure()
      const begin = edge.elapsed()
      const { last, count } = await handOnBatch(target, ledger, lane)
      await ledger.moveCursor(cursorOf(lane.sender), last)
      const attempt = { kind: 'hand-off', outcome: 'taken', at: edge.now().getTime(), target: name } as const
      edge.note({ ...attempt, partner: lane.sender, count, totalTime: edge.elapsed() - begin })
      work.end()
      lane.advance(last)
      return undefined
    },
  }
  return startLanes(lanes, ledger, logger, edge)
}

/** Returns the index of the last document, and how many there were. */
async function handOnBatch(
  target: HandOffTarget,
  ledger: Ledger,
  { sender, cursor }: Lane,
): Promise<{ readonly last: number; readonly count: number }> {
  const documents = fitting(await ledger.accepted(cursor, BATCH, sender))
  const last = documents.at(-1)
  if (last === undefined) throw new Fault('storage-unavailable', `the ledger has lost what follows entry ${cursor}`)
  await target.take(documents)
  return { last: last.index, count: documents.length }
}

function fitting<Sized extends { readonly bytes: number }>(documents: readonly Sized[]): readonly Sized[] {
  let bytes = 0
  const over = documents.findIndex((document, i) => {
    bytes += document.bytes
    return i > 0 && bytes > BATCH_BYTES
  })
  return over < 0 ? documents : documents.slice(0, over)
}

/** Lanes pause together: the time that one batch took under load delays all of them. */
class Rest {
  #until = 0

  async end(signal: AbortSignal): Promise<void> {
    const left = this.#until - performance.now()
    if (left > 0) await pause(left, undefined, { signal }).catch(() => {})
  }

  measure(): { end(): void } {
    const begin = performance.now()
    const load = performance.eventLoopUtilization()
    return {
      end: () => {
        const now = performance.now()
        if (performance.eventLoopUtilization(load).utilization <= BUSY) return
        this.#until = Math.max(this.#until, now) + Math.min(REST * (now - begin), LONGEST_REST)
      },
    }
  }
}
