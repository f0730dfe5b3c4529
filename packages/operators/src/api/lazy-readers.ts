// Databases that the listener reads or writes: opened with their first use, for the gateway may not
// have made them yet.
import { Fault } from '@seg/core'
import { openLedgerReader, openNamedOutbox } from '@seg/ledger'
import { openAlertStore } from '../alerts/alert-store.ts'
import { openApprovalStore } from '../approvals/approval-store.ts'
import { openLetterStore } from '../dead-letters/letter-store.ts'
import { openDeskSearch } from '../desk/desk-search.ts'
import { openTaskStore } from '../tasks/task-store.ts'
import { type RunTask, Tasks } from '../tasks/tasks.ts'
import { openAnswerStore } from './answer-store.ts'
import type { ApiParts } from './parts.ts'

type Readers = Pick<ApiParts, 'desk' | 'ledger' | 'alerts' | 'answers' | 'letters' | 'approvals' | 'outbox'>

/** `outbox`: the data folder of a sender, where there is one. */
export function openReaders(folder: string, outbox: string | undefined): Readers {
  return {
    desk: deskReader(folder),
    ledger: lazily(() => openLedgerReader(folder)),
    alerts: onceOpened(() => openAlertStore(folder)),
    answers: onceOpened(() => openAnswerStore(folder)),
    approvals: onceOpened(() => openApprovalStore(folder)),
    letters: onceOpened(() => openLetterStore(folder)),
    outbox: onceOpened(() => openOutboxOf(outbox)),
  }
}

/**
 * While the gateway brings a desk up to date, it is read as it was; afterwards it is opened anew.
 * What still reads the former one, such as a stream of events, goes on.
 */
function deskReader(folder: string): Readers['desk'] {
  const open = () => lazily(() => openDeskSearch(folder))
  let current = open()
  return () => {
    if (current().isOutdated()) current = open()
    return current()
  }
}

async function openOutboxOf(folder: string | undefined): ReturnType<ApiParts['outbox']> {
  if (folder === undefined)
    throw new Fault('not-found', 'this receiver knows of no outbox; console.outbox in seg.yaml names one')
  return openNamedOutbox(folder)
}

/** `work`: what each kind of task does. */
export function openTasks(folder: string, work: RunTask, now: () => Date): Tasks {
  return new Tasks(
    onceOpened(() => openTaskStore(folder)),
    work,
    now,
  )
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
