// The versions of a log's entries go forward (docs/log.md): an entry that shows its facts, after
// one that is blinded, would be without the certificate that newer ones must name.
import { Fault } from '@seg/core'
import type { LogMemory } from '@seg/ledger'
import { logName } from '@seg/pki'
import type { CheckedReceipt } from './check-receipt.ts'

/** Against what earlier receipts showed. Throws the Fault `receipt-invalid`. */
export async function checkVersion(receipt: CheckedReceipt, logs: LogMemory): Promise<void> {
  const { name, version, index } = entryOf(receipt)
  const { lastShown, firstBlinded } = (await logs.versions(name)) ?? {}
  const other = version === 1 ? firstBlinded : lastShown
  if (other === undefined || (version === 1 ? index < other : index > other)) return
  const [older, newer] = version === 1 ? [other, index] : [index, other]
  throw new Fault('receipt-invalid', `the log has an entry of version 2 (${older}) before one of version 1 (${newer})`)
}

/** For the next ones; the entry is proven to be of the log that was seen before. */
export async function noteVersion(receipt: CheckedReceipt, logs: LogMemory): Promise<void> {
  const { name, version, index } = entryOf(receipt)
  await logs.noteVersion(name, version, index)
}

function entryOf({ receiverId, logEntry: { opening, index } }: CheckedReceipt) {
  return { name: logName(receiverId), version: opening === undefined ? 1 : 2, index } as const
}
