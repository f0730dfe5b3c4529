// Handing accepted documents on in batches: what is taken is durable before the sender's cursor
// moves behind it. At least once, in order.
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '@seg/core'
import type { AcceptedDocument, Ledger } from '@seg/ledger'
import type { Logger } from '../log.ts'
import { type Edge, type HandOff, type Lane, type LaneTarget, startLanes } from './sender-lanes.ts'

/** Senders whose documents are handed on at a time. */
const LANES = 4
/**
 * Documents of one sender handed on, and bytes held, at a time; a larger document goes by itself,
 * in pieces.
 */
const BATCH = 64
const BATCH_BYTES = 2 * 1024 * 1024
/** Milliseconds: the longest pause between two tries of one sender. */
const LONGEST_PAUSE = 5000
/**
 * Load of the event loop above which incoming documents take priority; the hand-off then rests this
 * many times as long as it worked, and at most so many milliseconds for one batch.
 */
const BUSY = 0.5
const REST = 4
const LONGEST_REST = 4000

export type HandOffTarget = {
  /** Of its cursors. */
  readonly name: string
  /** What all senders need. Throws the Fault `storage-unavailable`. */
  prepare(): Promise<void>
  /**
   * Hands on documents of one sender in their order; durable when it resolves. May be given the
   * same ones again. Throws the Fault `storage-unavailable`.
   */
  take(documents: readonly AcceptedDocument[]): Promise<void>
}

/** Crash before a cursor is moved: the same documents of its sender are handed on again. */
export function startHandOff(
  target: HandOffTarget,
  ledger: Ledger,
  log: Pick<Logger, 'error' | 'info'>,
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
      // There was one cursor for all senders before each had its own.
      return Math.max(await ledger.cursor(name), await ledger.cursor(cursorOf(sender)))
    },
    async handOn(lane, signal) {
      await rest.end(signal)
      if (signal.aborted) return undefined
      const work = rest.measure()
      const last = await handOnBatch(target, ledger, lane)
      await ledger.moveCursor(cursorOf(lane.sender), last)
      work.end()
      lane.advance(last)
      return undefined
    },
  }
  return startLanes(lanes, ledger, log, edge)
}

/** Returns the index of the last document. */
async function handOnBatch(target: HandOffTarget, ledger: Ledger, { sender, cursor }: Lane): Promise<number> {
  const documents = fitting(await ledger.accepted(cursor, BATCH, sender))
  const last = documents.at(-1)
  if (last === undefined) throw new Fault('storage-unavailable', `the ledger has lost what follows entry ${cursor}`)
  await target.take(documents)
  return last.index
}

function fitting<Sized extends { readonly bytes: number }>(documents: readonly Sized[]): readonly Sized[] {
  let bytes = 0
  const over = documents.findIndex((document, i) => {
    bytes += document.bytes
    return i > 0 && bytes > BATCH_BYTES
  })
  return over < 0 ? documents : documents.slice(0, over)
}

/** All lanes rest together: what one of them worked under load, all of them wait for. */
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
