// The ledger, followed by a cursor: each entry becomes a row, even if its fact in memory was lost.
import { hasLedger, type LedgerReader, openLedgerReader } from '@seg/ledger'
import type { DeskStore } from './desk-store.ts'

/** Entries read and entered in one step; others of the thread get their turn between two. */
const STEP = 200
const DAY = 24 * 3600 * 1000

export type Source = {
  /** Enters a step of what is new; whether there may be more at once. */
  enterSome(store: DeskStore): Promise<boolean>
  close(): Promise<void>
}

export function followLedger(folder: string, days: number): Source & { isBehind(store: DeskStore): Promise<boolean> } {
  let reader: LedgerReader | undefined
  const open = () => {
    // Without a database there is nothing to follow, and none is to be remembered.
    if (reader === undefined && hasLedger(folder)) reader = openLedgerReader(folder)
    return reader
  }
  return {
    async enterSome(store) {
      const ledger = open()
      if (ledger === undefined) return false
      const from = store.cursor('ledger')
      const to = Math.min(await ledger.log.size(), from + STEP)
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
