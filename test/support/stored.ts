// What lies in a receiver's data folder, document by document.
import { type AcceptedDocument, openLedgerReader } from '../../packages/ledger/src/index.ts'

/** Everything of one document; a part is undefined when it is not there. */
export type StoredDocument = {
  readonly record: AcceptedDocument | undefined
  readonly bytes: Buffer | undefined
  readonly receipt: Buffer | undefined
}

export async function readStored(data: string, sender: string, id: string): Promise<StoredDocument> {
  const reader = openLedgerReader(data)
  const [record, chunks, receipt] = await Promise.all([reader.find(sender, id), reader.read(sender, id), reader.receipt(sender, id)])
  return { record, bytes: chunks && Buffer.concat(await Array.fromAsync(chunks)), receipt }
}

export function listStored(data: string): Promise<AcceptedDocument[]> {
  return Array.fromAsync(openLedgerReader(data).list())
}
