// Whether the log continues what it showed before: its latest checkpoint is signed by its key,
// covers all entries, and has a proof of consistency with the one that was seen last.
import { amount, Fault } from '@seg/core'
import {
  hasLedger,
  type LedgerReader,
  openCheckpoint,
  openLedgerReader,
  openServedTree,
  parseVerifierKey,
  readLogKeys,
  type TreeHead,
  verifyConsistency,
} from '@seg/ledger'

export type LogState = { readonly entries: number; readonly isConsistent: boolean }

export type LogWatch = {
  /** Undefined while there is no log. Throws the Fault `storage-unavailable`. */
  look(): Promise<LogState | undefined>
  readonly reader: LedgerReader | undefined
  close(): Promise<void>
}

/** Of the ledger in this folder; `complain` gets a line for the operator. */
export function watchLog(folder: string, complain: (line: string) => void): LogWatch {
  let reader: LedgerReader | undefined
  let seen: TreeHead | undefined
  return {
    get reader() {
      return reader
    },
    async look() {
      if (reader === undefined && !hasLedger(folder)) return undefined
      reader ??= openLedgerReader(folder)
      const note = await reader.log.checkpoint()
      const entries = await reader.log.size()
      if (note === undefined) return { entries, isConsistent: entries === 0 }
      try {
        seen = await continueFrom(seen, note, folder, reader)
        return { entries, isConsistent: true }
      } catch (error) {
        if (!(error instanceof Fault) || error.code === 'storage-unavailable') throw error
        complain(
          `the log does not continue what it showed before: ${error.detail}; stop the receiver and keep its data`,
        )
        return { entries, isConsistent: false }
      }
    },
    async close() {
      await reader?.close()
      reader = undefined
    },
  }
}

/** The new head. Throws the Fault `log-invalid`. */
async function continueFrom(
  seen: TreeHead | undefined,
  note: string,
  folder: string,
  { log }: LedgerReader,
): Promise<TreeHead> {
  const key = (await readLogKeys(folder)).at(-1)
  if (key === undefined) throw new Fault('log-invalid', 'the log has no key')
  const head = openCheckpoint(note, parseVerifierKey(key.verifierKey))
  if (seen === undefined || seen.size === 0) return head
  if (head.size < seen.size)
    throw new Fault('log-invalid', `it had ${amount(seen.size, 'entry')}, and has ${head.size}`)
  const tree = await openServedTree(head.size, async ({ level, index, width }) => {
    const tile = await log.tile(Number(level), index, width)
    if (tile === undefined) throw new Fault('log-invalid', `the tile ${level}/${index} is missing`)
    return tile
  })
  verifyConsistency(seen, head, await tree.proveFrom(seen.size))
  return head
}
