// The evidence that verification asks for, from the tables of the ledger on PostgreSQL.
import { Fault } from '@seg/core'
import type { KeyRange } from '../log/log-keys.ts'
import type {
  Evidence,
  Extent,
  ReadOctets,
  Span,
  StoredCheckpoint,
  StoredEntry,
  StoredValue,
} from '../verification/evidence.ts'
import type { PostgresRow } from './connect.ts'
import { PostgresConnections } from './connections.ts'
import type { PostgresPlace } from './postgres-place.ts'
import { readContent } from './postgres-reader.ts'

/** The tables with rows for documents, all keyed by the index of the document's entry. */
const documentTables = ['documents', 'contents', 'receipts'] as const

export class PostgresEvidence implements Evidence {
  readonly #connections: PostgresConnections

  constructor(place: PostgresPlace) {
    // Some questions read all of a table, so no answer is late.
    this.#connections = new PostgresConnections(place, { purpose: 'verification' }, 1)
  }

  /** In one statement, which sees one moment. */
  async extent(): Promise<Extent> {
    const spans = ['transactions', ...documentTables].map(
      name =>
        `(SELECT MIN(leaf_index) FROM ${name}) AS ${name}_first, (SELECT MAX(leaf_index) FROM ${name}) AS ${name}_last`,
    )
    const [row] = await this.#rows(
      `SELECT (SELECT MAX(tree_size) FROM checkpoints) AS size, (SELECT MIN(tree_size) FROM checkpoints) AS lowest,
        (SELECT note FROM checkpoints ORDER BY tree_size DESC LIMIT 1) AS note, ${spans.join(', ')},
        (SELECT COALESCE(json_agg(json_build_array(level, count)), '[]') FROM
          (SELECT level, COUNT(*) AS count FROM tiles GROUP BY level) t) AS tiles`,
    )
    const { size, note, lowest, tiles } = row!
    const [entries, ...documents] = ['transactions', ...documentTables].map(table => spanOf(table, row!))
    return {
      size: numberOf(size) ?? undefined,
      note: (note ?? undefined) as StoredValue,
      entries,
      documents: documents.filter(span => span !== undefined),
      lowestCheckpoint: numberOf(lowest),
      tiles: new Map(tiles as [number, number][]),
    }
  }

  async entries(from: number, to: number): Promise<StoredEntry[]> {
    const rows = await this.#rows(
      `SELECT t.*, d.leaf_index AS document, d.sender AS from_sender, d.document_id AS name, d.accepted_at, d.bytes,
        d.sha256, d.reference_digest, h.fingerprints AS chain, c.leaf_index AS content,
        (SELECT p.n FROM pieces p WHERE p.content_id = d.content_id AND p.n = 0) AS piece, r.leaf_index AS receipt
      FROM transactions t
      LEFT JOIN documents d ON d.leaf_index = t.leaf_index
      LEFT JOIN chains h ON h.id = d.chain
      LEFT JOIN contents c ON c.leaf_index = t.leaf_index
      LEFT JOIN receipts r ON r.leaf_index = t.leaf_index
      WHERE t.leaf_index >= $1 AND t.leaf_index < $2 ORDER BY t.leaf_index`,
      from,
      to,
    )
    return rows.map(({ content, piece, ...row }) => {
      const numbers = Object.fromEntries(
        ['leaf_index', 'document', 'bytes', 'receipt'].map(name => [name, numberOf(row[name])]),
      )
      const contents = [...(content === null ? [] : ['content']), ...(piece === null ? [] : ['pieces'])]
      return { ...row, ...numbers, contents } as unknown as StoredEntry
    })
  }

  async checkpoints(from: number, to: number): Promise<StoredCheckpoint[]> {
    const rows = await this.#rows(
      'SELECT tree_size, note FROM checkpoints WHERE tree_size > $1 AND tree_size <= $2 ORDER BY tree_size',
      from,
      to,
    )
    return rows.map(row => ({ treeSize: numberOf(row.tree_size), note: String(row.note) }))
  }

  async checkpoint(size: number): Promise<StoredValue> {
    return (await this.#row('SELECT note FROM checkpoints WHERE tree_size = $1', size))?.note as StoredValue
  }

  async logKeys(): Promise<KeyRange[]> {
    return readLogKeyRows(await this.#rows(LOG_KEYS))
  }

  async content(index: number): Promise<ReadOctets> {
    return readContent(this.#connections, index)
  }

  async receipt(index: number): Promise<StoredValue> {
    return (await this.#row('SELECT octets FROM receipts WHERE leaf_index = $1', index))?.octets as StoredValue
  }

  async certificate(fingerprint: string): Promise<StoredValue> {
    return (await this.#row('SELECT der FROM certificates WHERE fingerprint = $1', fingerprint))?.der as StoredValue
  }

  async isErasedAcceptance(index: number): Promise<boolean> {
    const text = "SELECT 1 FROM transactions WHERE leaf_index = $1 AND type = 'accepted' AND erased_at IS NOT NULL"
    return (await this.#row(text, index)) !== undefined
  }

  async tile(level: number, index: number): Promise<{ hashes: StoredValue; root: StoredValue } | undefined> {
    const row = await this.#row('SELECT hashes, root FROM tiles WHERE level = $1 AND tile_index = $2', level, index)
    return row && { hashes: row.hashes as StoredValue, root: row.root as StoredValue }
  }

  async find(sender: string, id: string): Promise<{ index: StoredValue; sha256: StoredValue } | undefined> {
    const text = 'SELECT leaf_index, sha256 FROM documents WHERE sender = $1 AND document_id = $2'
    const row = await this.#row(text, sender, id)
    return row && { index: numberOf(row.leaf_index), sha256: String(row.sha256) }
  }

  async sharedNonce(): Promise<{ first: StoredValue; last: StoredValue } | undefined> {
    const row = await this.#row(
      `SELECT MIN(leaf_index) AS first, MAX(leaf_index) AS last FROM transactions
      WHERE nonce IS NOT NULL GROUP BY nonce HAVING COUNT(*) > 1 LIMIT 1`,
    )
    return row && { first: numberOf(row.first), last: numberOf(row.last) }
  }

  async cursors(): Promise<{ name: string; index: number }[]> {
    const rows = await this.#rows('SELECT name, leaf_index FROM cursors')
    return rows.map(({ name, leaf_index }) => ({ name: String(name), index: Number(leaf_index) }))
  }

  async close(): Promise<void> {
    await this.#connections.close()
  }

  #rows(text: string, ...values: readonly unknown[]): Promise<readonly PostgresRow[]> {
    return this.#connections.rows('read the ledger', text, values).catch(error => {
      throw isUndefinedTable(error) ? noLedger(error) : error
    })
  }

  async #row(text: string, ...values: readonly unknown[]): Promise<PostgresRow | undefined> {
    return (await this.#rows(text, ...values))[0]
  }
}

export const LOG_KEYS = 'SELECT from_size, verifier_key FROM log_keys ORDER BY from_size'

export function readLogKeyRows(rows: readonly PostgresRow[]): KeyRange[] {
  return rows.map(row => ({ from: Number(row.from_size), verifierKey: String(row.verifier_key) }))
}

function spanOf(table: string, row: PostgresRow): Span | undefined {
  const [first, last] = [row[`${table}_first`], row[`${table}_last`]]
  return first === null ? undefined : { table, first: Number(first), end: Number(last) + 1 }
}

/** pg gives an int8 as text. */
function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function isUndefinedTable(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '42P01'
}

function noLedger(cause: unknown): Fault {
  const detail =
    'expected the tables of a ledger in the database, found none: a receiver that starts with it makes them'
  return new Fault('configuration', detail, { cause })
}
