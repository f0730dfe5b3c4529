// A sender's outbox, followed by the numbers of its entries; those that are not settled are read
// again.
import { type OutboxReader, openOutboxReader } from '@seg/ledger'
import type { Source } from './follow-ledger.ts'

const STEP = 200
/** Milliseconds between two polls of entries that are not settled. */
const LOOK_INTERVAL = 2000

export function followOutbox(folder: string): Source {
  let reader: OutboxReader | undefined
  /** Up to which number those that are not settled were read again in this round. */
  let checked = 0
  let nextRound = 0
  return {
    async enterSome(store) {
      reader ??= await openOutboxReader(folder)
      if (reader === undefined) return false
      const fresh = await reader.entriesAfter(store.cursor('outbox'), STEP)
      if (fresh.length > 0) {
        store.enterDeliveries(fresh)
        return true
      }
      if (performance.now() < nextRound) return false
      const numbers = store.openDeliveries(checked, STEP)
      checked = numbers.at(-1) ?? 0
      if (numbers.length > 0) store.enterDeliveries(await reader.entries(numbers))
      if (numbers.length === STEP) return true
      checked = 0
      nextRound = performance.now() + LOOK_INTERVAL
      return false
    },
    async close() {
      await reader?.close()
      reader = undefined
    },
  }
}
