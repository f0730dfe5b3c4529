// What is stored, entry by entry, as whoever verifies it needs to see it: nothing is taken for
// granted, not even the type of a column.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import { fingerprintOf } from '../certificate-chain.ts'
import type { KeyRange } from '../log/log-keys.ts'
import { openDatabaseReader } from './database.ts'
import { onDatabase } from './database-fault.ts'
import { emptyViews, LEDGER_FILE, migrations } from './schema.ts'
import { readKeyRanges } from './writer/bind-log.ts'
import { asBuffer } from './writer/open-tree.ts'

export type Value = SQLOutputValue | undefined
export type Row = Readonly<Record<string, Value>>

/** The tables with rows for documents, all keyed by the index of the document's entry. */
const documentTables = ['documents', 'contents', 'content_files', 'receipts'] as const

/**
 * One moment's state. What has an entry below `size` never changes, so all else may be read later.
 */
export type Extent = {
  /** Of the latest checkpoint; both undefined when there is none. */
  readonly size: Value
  readonly note: Value
  /**
   * One past the highest index, and the lowest, of every table with such; undefined for an empty
   * one.
   */
  readonly ends: readonly { readonly table: string; readonly first: number; readonly end: number }[]
  readonly lowestCheckpoint: Value
  /** By level. */
  readonly tiles: ReadonlyMap<Value, Value>
}

/**
 * That of the ledger in a data folder. Throws the Faults `storage-unavailable` and `configuration`.
 */
export function openEvidence(folder: string): Evidence {
  const path = join(folder, LEDGER_FILE)
  if (!existsSync(path))
    throw new Fault(
      'configuration',
      `expected the ledger of a receiver in ${folder} (${LEDGER_FILE}), found none: name its data folder with --data`,
    )
  const database = openDatabaseReader(path, migrations, emptyViews)
  if (onDatabase('read the ledger', () => hasTable(database, 'checkpoints'))) return new Evidence(database)
  database.close()
  throw new Fault(
    'configuration',
    `${path} has no tables: the ledger was lost, with its write-ahead log perhaps; put the folder back from the backup`,
  )
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined
}

export class Evidence {
  readonly #database: DatabaseSync
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#statements = onDatabase('read the ledger', () => prepareStatements(database))
  }

  extent(): Extent {
    return onDatabase('read the ledger', () => {
      this.#database.exec('SAVEPOINT extent')
      try {
        const { extent, ends, tiles } = this.#statements
        const { size, note, lowest } = extent.get() as Row
        const found = ends.flatMap(({ table, statement }) => {
          const { first, last } = statement.get() as Row
          return first === null ? [] : [{ table, first: Number(first), end: Number(last) + 1 }]
        })
        const levels = tiles.all().map(row => [row.level, row.count] as const)
        return {
          size: size ?? undefined,
          note: note ?? undefined,
          ends: found,
          lowestCheckpoint: lowest,
          tiles: new Map(levels),
        }
      } finally {
        this.#database.exec('RELEASE extent')
      }
    })
  }

  /**
   * Entries `from` to before `to`, each with what is known of its document, but not with its bytes.
   */
  entries(from: number, to: number): Row[] {
    return onDatabase('read the ledger', () => this.#statements.entries.all(from, to))
  }

  /** Checkpoints of trees larger than `from`, up to `to`. */
  checkpoints(from: number, to: number): Row[] {
    return onDatabase('read the ledger', () => this.#statements.checkpoints.all(from, to))
  }

  checkpoint(size: number): Value {
    return this.#get('checkpoint', size)?.note
  }

  /** When each key of the log was in use. */
  logKeys(): KeyRange[] {
    return onDatabase('read the ledger', () => readKeyRanges(this.#database))
  }

  /** A document's bytes, when they are in the database. */
  octets(index: number): Buffer | undefined {
    return octetsOf(this.#get('octets', index)?.octets)
  }

  receipt(index: number): Buffer | undefined {
    return octetsOf(this.#get('receipt', index)?.octets)
  }

  /** A certificate in DER. Throws the Fault `log-invalid` when it is missing, or another. */
  certificate(fingerprint: string): Buffer {
    const der = octetsOf(this.#get('certificate', fingerprint)?.der)
    if (der !== undefined && fingerprintOf(der) === fingerprint) return der
    throw new Fault(
      'log-invalid',
      `the certificate ${quote(fingerprint)} is ${der ? 'not the one that was kept' : 'missing'}`,
    )
  }

  /** Whether an entry is an acceptance whose facts were erased. */
  isErasedAcceptance(index: number): boolean {
    return this.#get('erased', index) !== undefined
  }

  /** Undefined also for a tile that is no octets. */
  tile(level: number, index: number): { readonly hashes: Buffer; readonly root: Buffer } | undefined {
    const row = this.#get('tile', level, index)
    const [hashes, root] = [octetsOf(row?.hashes), octetsOf(row?.root)]
    return hashes && root && { hashes, root }
  }

  /** The entry that whoever asks for a document is led to. */
  find(sender: string, id: string): { readonly index: Value; readonly sha256: Value } | undefined {
    const row = this.#get('find', sender, id)
    return row && { index: row.leaf_index, sha256: row.sha256 }
  }

  /** Two entries with one nonce, which is of one entry alone; undefined when there are none. */
  sharedNonce(): { readonly first: Value; readonly last: Value } | undefined {
    const row = onDatabase('read the ledger', () => this.#statements.sharedNonce.get())
    return row && { first: row.first, last: row.last }
  }

  close(): void {
    this.#database.close()
  }

  #get(
    name: 'checkpoint' | 'octets' | 'receipt' | 'tile' | 'find' | 'certificate' | 'erased',
    ...parameters: readonly (string | number)[]
  ): Row | undefined {
    return onDatabase('read the ledger', () => this.#statements[name].get(...parameters))
  }
}

export function octetsOf(value: Value): Buffer | undefined {
  return value instanceof Uint8Array ? asBuffer(value) : undefined
}

function prepareStatements(database: DatabaseSync) {
  return {
    extent: database.prepare(
      `SELECT (SELECT MAX(tree_size) FROM checkpoints) AS size, (SELECT MIN(tree_size) FROM checkpoints) AS lowest,
        (SELECT note FROM checkpoints ORDER BY tree_size DESC LIMIT 1) AS note`,
    ),
    ends: ['transactions', ...documentTables].map(table => ({
      table,
      statement: database.prepare(
        `SELECT (SELECT MIN(leaf_index) FROM ${table}) AS first, (SELECT MAX(leaf_index) FROM ${table}) AS last`,
      ),
    })),
    tiles: database.prepare('SELECT level, COUNT(*) AS count FROM tiles GROUP BY level'),
    entries: database.prepare(
      `SELECT t.*, d.leaf_index AS document, d.sender AS from_sender, d.document_id AS name, d.accepted_at, d.bytes, d.sha256,
        d.reference_digest, COALESCE(h.fingerprints, d.chain) AS chain, c.leaf_index AS content, f.name AS file, r.leaf_index AS receipt
      FROM transactions t
      LEFT JOIN documents d ON d.leaf_index = t.leaf_index
      LEFT JOIN chains h ON h.id = d.chain
      LEFT JOIN contents c ON c.leaf_index = t.leaf_index
      LEFT JOIN content_files f ON f.leaf_index = t.leaf_index
      LEFT JOIN receipts r ON r.leaf_index = t.leaf_index
      WHERE t.leaf_index >= ? AND t.leaf_index < ? ORDER BY t.leaf_index`,
    ),
    checkpoints: database.prepare(
      'SELECT tree_size, note FROM checkpoints WHERE tree_size > ? AND tree_size <= ? ORDER BY tree_size',
    ),
    checkpoint: database.prepare('SELECT note FROM checkpoints WHERE tree_size = ?'),
    octets: database.prepare('SELECT octets FROM contents WHERE leaf_index = ?'),
    receipt: database.prepare('SELECT octets FROM receipts WHERE leaf_index = ?'),
    tile: database.prepare('SELECT hashes, root FROM tiles WHERE level = ? AND tile_index = ?'),
    certificate: database.prepare('SELECT der FROM certificates WHERE fingerprint = ?'),
    erased: database.prepare(
      "SELECT 1 FROM transactions WHERE leaf_index = ? AND type = 'accepted' AND erased_at IS NOT NULL",
    ),
    find: database.prepare('SELECT leaf_index, sha256 FROM documents WHERE sender = ? AND document_id = ?'),
    sharedNonce: database.prepare(
      `SELECT MIN(leaf_index) AS first, MAX(leaf_index) AS last FROM transactions
      WHERE nonce IS NOT NULL GROUP BY nonce HAVING COUNT(*) > 1 LIMIT 1`,
    ),
  }
}
