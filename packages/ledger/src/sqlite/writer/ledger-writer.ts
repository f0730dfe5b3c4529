// The one writer: all requests that arrived during a commit become one batch, stored in one
// transaction.
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import type { BatchComposer, LogEnd } from '../../batch/compose-batch.ts'
import type { WriteOutcome, WriteRequest } from '../../batch/requests.ts'
import { databaseFault, isFull } from '../database-fault.ts'
import { transact } from '../transact.ts'
import { BatchStore } from './batch-store.ts'
import { openTree, readLatestTime } from './open-tree.ts'

export class LedgerWriter {
  readonly #database: DatabaseSync
  readonly #composer: BatchComposer
  readonly #store: BatchStore
  #end: LogEnd
  /** Whether the tree may have entries that the disk does not have. */
  #isAhead = false
  /**
   * Whether the last transaction failed at its COMMIT: written perhaps, but not synced. A process
   * that starts after a crash would then find it there, unless another has been committed in its
   * place.
   */
  #isCommitting = false

  constructor(database: DatabaseSync, composer: BatchComposer) {
    this.#database = database
    this.#composer = composer
    this.#store = new BatchStore(database)
    this.#end = { tree: openTree(database), latest: readLatestTime(database) }
  }

  /**
   * Outcomes in the order of the requests, durable. A request that fails takes no other with it.
   */
  commit(requests: readonly WriteRequest[]): readonly WriteOutcome[] {
    try {
      return this.#commit(requests)
    } catch (error) {
      if (requests.length === 1)
        return [{ kind: 'failed', fault: writerFault(error), isDoubtful: this.#isCommitting && !isFull(error) }]
      return requests.flatMap(request => this.commit([request]))
    }
  }

  /**
   * One transaction. Crash before COMMIT returns: nothing of it is there, and no request was
   * answered. After: all of it is there, and a request without an answer gets the same one on the
   * next try.
   */
  #commit(requests: readonly WriteRequest[]): readonly WriteOutcome[] {
    this.#isCommitting = false
    if (this.#isAhead) this.#end = { ...this.#end, tree: openTree(this.#database) }
    this.#isAhead = true
    try {
      const batch = transact(this.#database, () => {
        const composed = this.#composer.compose(requests, this.#end, (sender, id) => this.#store.find(sender, id))
        this.#store.write(composed)
        this.#isCommitting = true
        return composed
      })
      this.#end = batch.end
      this.#isAhead = false
      return batch.outcomes
    } catch (error) {
      this.#store.forget()
      throw error
    }
  }
}

function writerFault(error: unknown): Fault {
  const fault = databaseFault('write to the ledger', error)
  return fault instanceof Fault
    ? fault
    : new Fault('internal', `cannot write to the ledger: ${(fault as Error).message}`, { cause: fault })
}
