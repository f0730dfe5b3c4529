// The statements that store a batch, and those that look up what was accepted before it; all in
// the transaction of the caller.
import type { DatabaseSync } from 'node:sqlite'
import type { Batch, EarlierAcceptance } from '../../batch/compose-batch.ts'
import { columnsOf } from '../../log/entry-columns.ts'
import { ChainStore } from './chain-store.ts'
import { asBuffer } from './open-tree.ts'

export class BatchStore {
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #chains: ChainStore

  constructor(database: DatabaseSync) {
    this.#statements = prepareStatements(database)
    this.#chains = new ChainStore(database)
  }

  find(sender: string, id: string): EarlierAcceptance | undefined {
    const row = this.#statements.find.get(sender, id)
    if (row === undefined) return undefined
    const index = Number(row.leaf_index)
    const receipt = () => asBuffer(this.#statements.receipt.get(index)!.octets as Uint8Array)
    return { index, sha256: String(row.sha256), receipt }
  }

  /** Throws what SQLite throws; the foreign keys refuse a dead letter of no document. */
  write({ entries, acceptances, tiles, checkpoint, nextKey, cursors, deadLetters }: Batch): void {
    const insert = this.#statements
    for (const { index, event, leaf, facts, nonce } of entries) {
      const { at, type, sender, document_id, code } = columnsOf(event)
      insert.transaction.run(index, at, type, sender, document_id, code, leaf, facts, nonce)
    }
    for (const { document, chain, content, receipt } of acceptances) {
      const { index, sender, id, acceptedAt, bytes, sha256, referenceDigest } = document
      const row = this.#chains.keep(chain)
      insert.document.run(index, sender, id, acceptedAt, bytes, sha256, referenceDigest, row)
      if ('octets' in content) insert.content.run(index, content.octets)
      else insert.contentFile.run(content.file, index)
      insert.receiptOf.run(index, receipt)
    }
    for (const { level, index, hashes, root } of tiles) insert.tile.run(level, index, hashes, root)
    if (checkpoint !== undefined) insert.checkpoint.run(checkpoint.size, checkpoint.note)
    if (nextKey !== undefined) insert.logKey.run(nextKey.from, nextKey.verifierKey)
    for (const { cursor, index, at, reason } of deadLetters) insert.deadLetter.run(cursor, index, at, reason)
    for (const { name, index } of cursors) insert.cursor.run(name, index)
  }

  /** The transaction was undone: what it wrote is not there. */
  forget(): void {
    this.#chains.forget()
  }
}

function prepareStatements(database: DatabaseSync) {
  return {
    find: database.prepare('SELECT leaf_index, sha256 FROM documents WHERE sender = ? AND document_id = ?'),
    receipt: database.prepare('SELECT octets FROM receipts WHERE leaf_index = ?'),
    transaction: database.prepare(
      'INSERT INTO transactions (leaf_index, at, type, sender, document_id, code, leaf, facts, nonce) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    document: database.prepare(
      'INSERT INTO documents (leaf_index, sender, document_id, accepted_at, ' +
        'bytes, sha256, reference_digest, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    content: database.prepare('INSERT INTO contents (leaf_index, octets) VALUES (?, ?)'),
    contentFile: database.prepare('INSERT INTO content_files (name, leaf_index) VALUES (?, ?)'),
    receiptOf: database.prepare('INSERT INTO receipts (leaf_index, octets) VALUES (?, ?)'),
    tile: database.prepare('INSERT INTO tiles (level, tile_index, hashes, root) VALUES (?, ?, ?, ?)'),
    checkpoint: database.prepare('INSERT INTO checkpoints (tree_size, note) VALUES (?, ?)'),
    logKey: database.prepare('INSERT INTO log_keys (from_size, verifier_key) VALUES (?, ?)'),
    deadLetter: database.prepare(
      'INSERT INTO dead_letters (cursor, leaf_index, at, reason) ' +
        'VALUES (?, ?, ?, ?) ON CONFLICT (cursor, leaf_index) DO NOTHING',
    ),
    cursor: database.prepare(
      'INSERT INTO cursors (name, leaf_index) VALUES (?, ?) ' +
        'ON CONFLICT (name) DO UPDATE SET leaf_index = MAX(leaf_index, excluded.leaf_index)',
    ),
  }
}
