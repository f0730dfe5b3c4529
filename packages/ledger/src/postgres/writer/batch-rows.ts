// The one statement that stores a batch: all octets in one parameter, and where each begins in
// arrays. A row for each value cost twice as much.
import type { Batch } from '../../batch/compose-batch.ts'
import { columnsOf } from '../../log/entry-columns.ts'

/**
 * In the order of `batchValues`. The head moves from the size that the batch was made for, else no
 * row comes back and nothing may be committed: whoever else wrote has fenced this batch off.
 */
export const STORE_BATCH = `WITH head AS (
    UPDATE log_head SET size = $2, root = $3, latest = $4 WHERE size = $5 RETURNING size
  ), entries AS (
    INSERT INTO transactions (leaf_index, at, type, sender, document_id, code, leaf, facts, nonce)
    SELECT i, at, type, sender, id, code, substring($1::bytea FROM o FOR l), substring($1 FROM o + l FOR f),
      substring($1 FROM o + l + f FOR n)
    FROM unnest($6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::int[], $13::int[],
      $14::int[], $15::int[]) AS e (i, at, type, sender, id, code, o, l, f, n)
  ), accepted AS (
    SELECT * FROM unnest($16::bigint[], $17::text[], $18::text[], $19::text[], $20::bigint[], $21::text[], $22::text[],
      $23::int[], $24::uuid[], $25::int[], $26::int[], $27::int[])
      AS a (i, sender, id, at, bytes, sha256, reference, chain, content_id, o, c, r)
  ), new_documents AS (
    INSERT INTO documents (leaf_index, sender, document_id, accepted_at, bytes, sha256, reference_digest, chain,
      content_id)
    SELECT i, sender, id, at, bytes, sha256, reference, chain, content_id FROM accepted
  ), new_contents AS (
    INSERT INTO contents (leaf_index, octets)
    SELECT i, substring($1 FROM o FOR c) FROM accepted WHERE content_id IS NULL
  ), new_receipts AS (
    INSERT INTO receipts (leaf_index, octets) SELECT i, substring($1 FROM o + c FOR r) FROM accepted
  ), new_tiles AS (
    INSERT INTO tiles (level, tile_index, hashes, root)
    SELECT level, i, substring($1 FROM o FOR h), substring($1 FROM o + h FOR 32)
    FROM unnest($28::int[], $29::bigint[], $30::int[], $31::int[]) AS t (level, i, o, h)
  ), new_checkpoint AS (
    INSERT INTO checkpoints (tree_size, note) VALUES ($2, $32)
  )
  SELECT size FROM head`

/** `from`: the size of the log that the batch continues; `chainOf`: the row of a kept chain. */
export function batchValues(
  { entries, acceptances, tiles, checkpoint, end }: Batch,
  from: number,
  chainOf: (fingerprints: string) => number,
): readonly unknown[] {
  const octets = new Octets()
  const rows = entries.map(({ index, event, leaf, facts, nonce }) => {
    const { at, type, sender, document_id, code } = columnsOf(event)
    return [
      index,
      at,
      type,
      sender,
      document_id,
      code,
      octets.add(leaf, facts, nonce),
      leaf.length,
      facts.length,
      nonce.length,
    ]
  })
  const accepted = acceptances.map(({ document, chain, content, receipt }) => {
    const { index, sender, id, acceptedAt, bytes, sha256, referenceDigest } = document
    const held = 'octets' in content ? content.octets : NOTHING
    const contentId = 'file' in content ? content.file : null
    const facts = [index, sender, id, acceptedAt, bytes, sha256, referenceDigest, chainOf(chain.fingerprints)]
    return [...facts, contentId, octets.add(held, receipt), held.length, receipt.length]
  })
  const full = tiles.map(({ level, index, hashes, root }) => [level, index, octets.add(hashes, root), hashes.length])
  const { size, root } = end.tree.head
  const latest = Number.isFinite(end.latest) ? new Date(end.latest).toISOString() : null
  return [
    octets.all(),
    ...[size, root, latest, from],
    ...columnsFrom(rows, 10),
    ...columnsFrom(accepted, 12),
    ...columnsFrom(full, 4),
    checkpoint!.note,
  ]
}

const NOTHING = Buffer.alloc(0)

class Octets {
  readonly #pieces: Uint8Array[] = []
  /** SQL counts octets from 1. */
  #next = 1

  /** Where the first of them begins; the others follow. */
  add(...pieces: readonly Uint8Array[]): number {
    const at = this.#next
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#next += piece.length
    }
    return at
  }

  all(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

function columnsFrom(rows: readonly (readonly unknown[])[], count: number): unknown[][] {
  return Array.from({ length: count }, (_, column) => rows.map(row => row[column]))
}
