// The bytes of documents in the database, in pieces: each sender of the outbox finds those that
// another one has signed.
import { Fault, quote } from '@seg/core'
import { PostgresConnections } from '../../postgres/connections.ts'
import { inPieces } from '../../postgres/pieces.ts'
import { onPostgres } from '../../postgres/postgres-fault.ts'
import type { PostgresPlace } from '../../postgres/postgres-place.ts'
import { asBuffer } from '../../sqlite/writer/open-tree.ts'
import type { SharedDocuments } from '../outbox.ts'
import { OutboxTransactions, outboxForm } from './outbox-transactions.ts'

/** As the ledger on PostgreSQL: memory of the server, and what one transaction may take. */
const MOST_BYTES = 64 * 1024 * 1024
const UPLOADS = 2

export class OutboxDocuments implements SharedDocuments {
  readonly #uploads: OutboxTransactions
  readonly #readers: PostgresConnections

  constructor(place: PostgresPlace) {
    this.#uploads = new OutboxTransactions(place, UPLOADS)
    this.#readers = new PostgresConnections(place, outboxForm, 1)
  }

  /** Crash on the way: nothing is there. */
  async keep(path: string, octets: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#uploads.transact('store a document', async connection => {
      // Of those who bring the same bytes, one does.
      await connection.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [path])
      if ((await connection.rows('SELECT 1 FROM documents WHERE path = $1', [path])).length > 0) return
      let [n, bytes] = [0, 0]
      for await (const piece of inPieces(octets)) {
        bytes += piece.length
        if (bytes > MOST_BYTES)
          throw new Fault(
            'document-too-large',
            `${quote(path)} has more than the ${MOST_BYTES} bytes that the outbox takes`,
          )
        await connection.planned('piece', 'INSERT INTO pieces (path, n, octets) VALUES ($1, $2, $3)', [
          path,
          n++,
          piece,
        ])
      }
      await connection.rows('INSERT INTO documents (path, bytes) VALUES ($1, $2)', [path, bytes])
    })
  }

  async has(path: string): Promise<boolean> {
    const text = 'SELECT 1 FROM documents WHERE path = $1'
    return (await this.#readers.rows('look for a document', text, [path])).length > 0
  }

  async *read(path: string): AsyncGenerator<Buffer> {
    for (let n = 0; ; n++) {
      const rows = await onPostgres('read a document', async () =>
        (await this.#readers.take()).planned('piece', 'SELECT octets FROM pieces WHERE path = $1 AND n = $2', [
          path,
          n,
        ]),
      )
      const [row] = rows
      if (row === undefined) return
      yield asBuffer(row.octets as Uint8Array)
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#uploads.close(), this.#readers.close()])
  }
}
