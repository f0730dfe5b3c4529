// The rows of some entries with their documents, as another store shows them.
import { randomUUID } from 'node:crypto'
import { splitFingerprints } from '../../certificate-chain.ts'
import type { CopySource } from '../../copy/copy-ledger.ts'
import { HELD_IN_MEMORY } from '../../ledger.ts'
import { octetsOf, type StoredEntry } from '../../verification/evidence.ts'
import type { PostgresConnection } from '../connect.ts'
import { inPieces } from '../pieces.ts'

/** In the transaction of the caller. */
export async function copyRows(
  source: CopySource,
  connection: PostgresConnection,
  rows: readonly StoredEntry[],
): Promise<void> {
  const column = (name: keyof StoredEntry) => rows.map(row => row[name] ?? null)
  await connection.rows(
    `INSERT INTO transactions (leaf_index, at, type, sender, document_id, code, leaf, facts, nonce, erased_at)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
      $8::bytea[], $9::bytea[], $10::text[])`,
    [
      column('leaf_index'),
      column('at'),
      column('type'),
      column('sender'),
      column('document_id'),
      column('code'),
      ...[column('leaf'), column('facts'), column('nonce')].map(values => values.map(asBytea)),
      column('erased_at'),
    ],
  )
  for (const row of rows) if (row.document !== null) await copyDocument(source, connection, row)
}

async function copyDocument(source: CopySource, connection: PostgresConnection, row: StoredEntry): Promise<void> {
  const index = Number(row.leaf_index)
  const isLarge = Number(row.bytes) > HELD_IN_MEMORY
  const contentId = isLarge ? randomUUID() : null
  const chain = typeof row.chain === 'string' ? await keepChain(source, connection, row.chain) : null
  await connection.rows(
    `INSERT INTO documents (leaf_index, sender, document_id, accepted_at, bytes, sha256, reference_digest, chain,
      content_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [index, row.from_sender, row.name, row.accepted_at, row.bytes, row.sha256, row.reference_digest, chain, contentId],
  )
  const receipt = await source.receipt(index)
  if (receipt !== undefined)
    await connection.rows('INSERT INTO receipts (leaf_index, octets) VALUES ($1, $2)', [index, octetsOf(receipt)])
  if (row.contents.length === 0) return
  const pieces = asAsync((await source.content(index))())
  if (!isLarge) {
    const octets = Buffer.concat(await Array.fromAsync(pieces))
    await connection.rows('INSERT INTO contents (leaf_index, octets) VALUES ($1, $2)', [index, octets])
    return
  }
  let n = 0
  for await (const piece of inPieces(pieces))
    await connection.rows('INSERT INTO pieces (content_id, n, octets) VALUES ($1, $2, $3)', [contentId, n++, piece])
}

/** The row of a chain that is stored, or is from here on. */
async function keepChain(source: CopySource, connection: PostgresConnection, fingerprints: string): Promise<number> {
  const [known] = await connection.rows('SELECT id FROM chains WHERE fingerprints = $1', [fingerprints])
  if (known !== undefined) return Number(known.id)
  for (const fingerprint of splitFingerprints(fingerprints))
    await connection.rows(
      'INSERT INTO certificates (fingerprint, der) VALUES ($1, $2) ON CONFLICT (fingerprint) DO NOTHING',
      [fingerprint, octetsOf(await source.certificate(fingerprint)) ?? Buffer.alloc(0)],
    )
  const [row] = await connection.rows('INSERT INTO chains (fingerprints) VALUES ($1) RETURNING id', [fingerprints])
  return Number(row!.id)
}

async function* asAsync(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}

/** As text: arrays have no other form. */
function asBytea(value: unknown): string | null {
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : null
}
