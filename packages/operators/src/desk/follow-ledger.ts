// The ledger, followed by a cursor: each entry becomes a row, even if its fact in memory was lost.
import { hasLedger, type LedgerReader, openLedgerReader } from '@seg/ledger'
import type { DeskStore } from './desk-store.ts'

/** Entries read and entered in one step; others of the thread get their turn between two. */
const STEP = 200
/**
 * Milliseconds, and at most twice as many, in which an entry is left to its fact: that knows more,
 * and to read the entry costs many times what entering the fact does.
 */
const PATIENCE = 1_000
const DAY = 24 * 3600 * 1000

export type Source = {
  /** Enters a step of what is new; whether there may be more at once. */
  enterSome(store: DeskStore): Promise<boolean>
  close(): Promise<void>
}

export function followLedger(folder: string, days: number): Source & { isBehind(store: DeskStore): Promise<boolean> } {
  let reader: LedgerReader | undefined
  /** Entries that were there a while ago, and those that were there some time after. */
  let due = 0
  let latest: { readonly size: number; readonly at: number } | undefined
  const open = () => {
    // Without a database there is nothing to follow, and none is to be remembered.
    if (reader === undefined && hasLedger(folder)) reader = openLedgerReader(folder)
    return reader
  }
  /** All of a log that is seen for the first time: for most of it no fact will come. */
  const countDue = (size: number) => {
    const now = performance.now()
    if (latest !== undefined && now - latest.at < PATIENCE) return due
    due = latest?.size ?? size
    latest = { size, at: now }
    return due
  }
  return {
    async enterSome(store) {
      const ledger = open()
      if (ledger === undefined) return false
      const from = store.cursor('ledger')
      const to = Math.min(countDue(await ledger.log.size()), from + STEP)
      if (from >= to) return false
      const begin = new Date(Date.now() - days * DAY).toISOString()
      const events = []
      const known = store.indexesBetween(from, to)
      for (let index = from; index < to; index++) {
        const event = known.has(index) ? undefined : await ledger.event(index)
        events.push(event !== undefined && event.at < begin ? undefined : event)
      }
      store.enterEvents(from, events)
      return true
    },
    async isBehind(store) {
      const ledger = open()
      const size = ledger === undefined ? 0 : await ledger.log.size()
      await this.close()
      return store.cursor('ledger') > size
    },
    async close() {
      await reader?.close()
      reader = undefined
    },
  }
}
