// Commands that only read a ledger: a failure of the storage is final for their user. "Try
// again later" is the answer to a sender.
import { Fault } from '@seg/core'

/** `run`, whose Faults `storage-unavailable` become `file-unreadable`. */
export function readsOnly<Given extends readonly unknown[]>(
  run: (...given: Given) => Promise<void>,
): (...given: Given) => Promise<void> {
  return async (...given) => {
    try {
      await run(...given)
    } catch (cause) {
      if (!(cause instanceof Fault) || cause.code !== 'storage-unavailable') throw cause
      throw new Fault('file-unreadable', cause.detail, { cause })
    }
  }
}
