// Handing accepted documents on: a durable cursor goes through the ledger behind whoever takes them. At least once, in order.
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { patrol } from '@seg/core'
import type { Ledger } from '@seg/ledger'
import type { Logger } from '../log.ts'
import type { HandOffTarget } from './inbox.ts'

/** Milliseconds between two looks at the ledger. */
const LOOK_INTERVAL = 250
/** Documents handed on, and bytes held, at a time; a larger document goes by itself, in pieces. */
const BATCH = 64
const BATCH_BYTES = 8 * 1024 * 1024
/** Share of the event loop's time that is spent on documents coming in from which on those must not wait for us, and how much longer we then rest than we work. */
const BUSY = 0.5
const REST = 4

export type HandOff = {
  /** Lets what is under way come to its end. */
  close(): Promise<void>
}

export function startHandOff(target: HandOffTarget, ledger: Ledger, log: Pick<Logger, 'error' | 'info'>): HandOff {
  const stop = new AbortController()
  const { signal } = stop
  let hasFailed = false
  const look = async () => {
    while (!signal.aborted && (await handOnNext(target, ledger, signal))) {
      if (hasFailed) log.info(`the ${target.name} takes documents again`)
      hasFailed = false
    }
  }
  const complain = (line: string) => {
    hasFailed = true
    log.error(`the ${target.name} ${line}`)
  }
  const ended = patrol(look, { interval: LOOK_INTERVAL, signal, complain })
  return {
    async close() {
      stop.abort()
      await ended
    },
  }
}

/** Whether there was anything. Crash before the cursor is moved: the same documents are handed on again. */
async function handOnNext(target: HandOffTarget, ledger: Ledger, signal: AbortSignal): Promise<boolean> {
  const cursor = await ledger.cursor(target.name)
  const documents = fitting(await ledger.accepted(cursor, BATCH))
  const last = documents.at(-1)
  if (last === undefined) return false
  const [begin, load] = [performance.now(), performance.eventLoopUtilization()]
  await target.take(documents)
  await ledger.moveCursor(target.name, last.index)
  const { utilization } = performance.eventLoopUtilization(load)
  if (utilization > BUSY) await pause(REST * (performance.now() - begin), undefined, { signal }).catch(() => {})
  return true
}

function fitting<Sized extends { readonly bytes: number }>(documents: readonly Sized[]): readonly Sized[] {
  let bytes = 0
  const over = documents.findIndex((document, i) => {
    bytes += document.bytes
    return i > 0 && bytes > BATCH_BYTES
  })
  return over < 0 ? documents : documents.slice(0, over)
}
