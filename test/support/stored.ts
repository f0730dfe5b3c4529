// What lies in a receiver's data folder, document by document.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type AcceptedDocument, type LedgerReader, openLedgerReader } from '../../packages/ledger/src/index.ts'

/** Everything of one document; a part is undefined when it is not there. */
export type StoredDocument = {
  readonly record: AcceptedDocument | undefined
  readonly bytes: Buffer | undefined
  readonly receipt: Buffer | undefined
}

export async function readStored(data: string, sender: string, id: string): Promise<StoredDocument> {
  return withReader(data, async reader => {
    const [record, chunks, receipt] = await Promise.all([
      reader.find(sender, id),
      reader.read(sender, id),
      reader.receipt(sender, id),
    ])
    return { record, bytes: chunks && Buffer.concat(await Array.fromAsync(chunks)), receipt }
  })
}

export function listStored(data: string): Promise<AcceptedDocument[]> {
  return withReader(data, reader => Array.fromAsync(reader.list()))
}

/**
 * A reader that stays open keeps what SQLite knows of the write-ahead log alive beyond the writer's
 * death: whoever reads then does not see a transaction that was written and never answered for,
 * until a start without readers looks for it again.
 */
async function withReader<Result>(data: string, read: (reader: LedgerReader) => Promise<Result>): Promise<Result> {
  const reader = openLedgerReader(data)
  return read(reader).finally(() => reader.close())
}

/** Leaves and what opens them, in the order of the log, from the database itself. */
export function readOpenings(data: string) {
  const database = new DatabaseSync(join(data, 'ledger.sqlite'), { readOnly: true })
  const rows = database.prepare('SELECT leaf, facts, nonce FROM transactions ORDER BY leaf_index').all()
  database.close()
  const octets = (value: unknown) => Buffer.from(value as Uint8Array)
  return rows.map(({ leaf, facts, nonce }) => ({ leaf: octets(leaf), facts: octets(facts), nonce: octets(nonce) }))
}
