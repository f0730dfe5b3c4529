// Reading connections of the listener, opened with their first use: the gateway may not have made
// the databases yet.
import { Fault } from '@seg/core'
import { type LedgerReader, openLedgerReader } from '@seg/ledger'
import { type DeskSearch, openDeskSearch } from '../desk/desk-search.ts'

export function openReaders(folder: string): { desk: () => DeskSearch; ledger: () => LedgerReader } {
  return { desk: lazily(() => openDeskSearch(folder)), ledger: lazily(() => openLedgerReader(folder)) }
}

/** Throws the Fault `storage-unavailable` for what is not there yet. */
function lazily<Value>(open: () => Value): () => Value {
  let opened: Value | undefined
  return () => {
    try {
      opened ??= open()
      return opened
    } catch (cause) {
      if (!(cause instanceof Fault) || cause.code !== 'not-found') throw cause
      throw new Fault('storage-unavailable', cause.detail, { cause })
    }
  }
}
