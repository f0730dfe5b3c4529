// Databases that the listener reads, and the one of alerts that it writes, too: opened with their
// first use, for the gateway may not have made them yet.
import { Fault } from '@seg/core'
import { type LedgerReader, openLedgerReader } from '@seg/ledger'
import { type AlertStore, openAlertStore } from '../alerts/alert-store.ts'
import { type DeskSearch, openDeskSearch } from '../desk/desk-search.ts'

type Readers = { desk: () => DeskSearch; ledger: () => LedgerReader; alerts: () => Promise<AlertStore> }

export function openReaders(folder: string): Readers {
  return {
    desk: lazily(() => openDeskSearch(folder)),
    ledger: lazily(() => openLedgerReader(folder)),
    alerts: onceOpened(() => openAlertStore(folder)),
  }
}

/** What could not be opened is tried again with the next use. */
function onceOpened<Value>(open: () => Promise<Value>): () => Promise<Value> {
  let opened: Promise<Value> | undefined
  return () => {
    opened ??= open().catch(error => {
      opened = undefined
      throw error
    })
    return opened
  }
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
