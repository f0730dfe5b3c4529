// The thread that copies the write-ahead log into the database when its writer asks for it.
import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { IDLE, orLater } from './log-copier.ts'

/** What the thread is started with. */
export type CopierOptions = {
  readonly path: string
  /** Shared, one element: the writer sets COPYING before it says `copy`, the thread IDLE after. */
  readonly state: Int32Array
}
export type ToCopier = 'copy' | 'close'

const port = parentPort as MessagePort
const { path, state } = workerData as CopierOptions
let database: DatabaseSync | undefined

port.on('message', (message: ToCopier) => {
  if (message === 'close') {
    database?.close()
    port.close()
    return
  }
  try {
    orLater(() => {
      database ??= openCopier()
      database.exec('PRAGMA wal_checkpoint(PASSIVE)')
    })
  } finally {
    Atomics.store(state, 0, IDLE)
    Atomics.notify(state, 0)
  }
})

/**
 * FULL, as for the writer: the log is on the disk before its pages are in the database, and those
 * before the log starts again from its beginning.
 */
function openCopier(): DatabaseSync {
  const opened = new DatabaseSync(path)
  opened.exec('PRAGMA synchronous = FULL')
  return opened
}
