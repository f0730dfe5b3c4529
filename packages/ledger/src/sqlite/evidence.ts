// The evidence that verification asks for, from the tables and files of the ledger on SQLite.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import { readFileChunks } from '../files/file-chunks.ts'
import type { KeyRange } from '../log/log-keys.ts'
import {
  type Evidence,
  type Extent,
  octetsOf,
  type ReadOctets,
  type StoredCheckpoint,
  type StoredEntry,
  type StoredValue,
} from '../verification/evidence.ts'
import { openDatabaseReader } from './database.ts'
import { onDatabase } from './database-fault.ts'
import { emptyViews, LEDGER_FILE, migrations } from './schema.ts'
import { contentsFolder } from './sqlite-reader.ts'
import { readKeyRanges } from './writer/bind-log.ts'

/** The tables with rows for documents, all keyed by the index of the document's entry. */
const documentTables = ['documents', 'contents', 'content_files', 'receipts'] as const
const FILE_NAME = /^[0-9a-f]{32}$/

type Row = Readonly<Record<string, SQLOutputValue | undefined>>

/**
 * That of the ledger in a data folder; the caller closes it. Throws the Faults
 * `storage-unavailable` and `configuration`.
 */
export function openSqliteEvidence(folder: string): Evidence {
  const path = join(folder, LEDGER_FILE)
  if (!existsSync(path))
    throw new Fault(
      'configuration',
      `expected the ledger of a receiver in ${folder} (${LEDGER_FILE}), found none: name its data folder with --data`,
    )
  const database = openDatabaseReader(path, migrations, emptyViews)
  if (onDatabase('read the ledger', () => hasTable(database, 'checkpoints')))
    return new SqliteEvidence(folder, database)
  database.close()
  throw new Fault(
    'configuration',
    `${path} has no tables: the ledger was lost, with its write-ahead log perhaps; put the folder back from the backup`,
  )
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined
}

export class SqliteEvidence implements Evidence {
  readonly #folder: string
  readonly #database: DatabaseSync
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(folder: string, database: DatabaseSync) {
    this.#folder = folder
    this.#database = database
    this.#statements = onDatabase('read the ledger', () => prepareStatements(database))
  }

  async extent(): Promise<Extent> {
    return onDatabase('read the ledger', () => {
      this.#database.exec('SAVEPOINT extent')
      try {
        const { extent, spans, tiles } = this.#statements
        const { size, note, lowest } = extent.get() as Row
        const [entries, ...documents] = spans.map(({ table, statement }) => {
          const { first, last } = statement.get() as Row
          return first === null ? undefined : { table, first: Number(first), end: Number(last) + 1 }
        })
        return {
          size: size ?? undefined,
          note: note ?? undefined,
          entries,
          documents: documents.filter(span => span !== undefined),
          lowestCheckpoint: lowest,
          tiles: new Map(tiles.all().map(row => [row.level, row.count] as const)),
        }
      } finally {
        this.#database.exec('RELEASE extent')
      }
    })
  }

  async entries(from: number, to: number): Promise<StoredEntry[]> {
    const rows = onDatabase('read the ledger', () => this.#statements.entries.all(from, to))
    return rows.map(row => {
      const contents = [...(row.content === null ? [] : ['content']), ...(row.file === null ? [] : ['file'])]
      return { ...row, contents } as unknown as StoredEntry
    })
  }

  async checkpoints(from: number, to: number): Promise<StoredCheckpoint[]> {
    const rows = onDatabase('read the ledger', () => this.#statements.checkpoints.all(from, to))
    return rows.map(({ tree_size: treeSize, note }) => ({ treeSize, note }))
  }

  async checkpoint(size: number): Promise<StoredValue> {
    return this.#get('checkpoint', size)?.note
  }

  async logKeys(): Promise<KeyRange[]> {
    return onDatabase('read the ledger', () => readKeyRanges(this.#database))
  }

  async content(index: number): Promise<ReadOctets> {
    const file = this.#get('file', index)?.name
    if (file !== undefined) return this.#openFile(index, String(file))
    const octets = octetsOf(this.#get('octets', index)?.octets) ?? Buffer.alloc(0)
    return () => [octets]
  }

  async receipt(index: number): Promise<StoredValue> {
    return this.#get('receipt', index)?.octets
  }

  async certificate(fingerprint: string): Promise<StoredValue> {
    return this.#get('certificate', fingerprint)?.der
  }

  async isErasedAcceptance(index: number): Promise<boolean> {
    return this.#get('erased', index) !== undefined
  }

  async tile(level: number, index: number): Promise<{ hashes: StoredValue; root: StoredValue } | undefined> {
    const row = this.#get('tile', level, index)
    return row && { hashes: row.hashes, root: row.root }
  }

  async find(sender: string, id: string): Promise<{ index: StoredValue; sha256: StoredValue } | undefined> {
    const row = this.#get('find', sender, id)
    return row && { index: row.leaf_index, sha256: row.sha256 }
  }

  async sharedNonce(): Promise<{ first: StoredValue; last: StoredValue } | undefined> {
    const row = onDatabase('read the ledger', () => this.#statements.sharedNonce.get())
    return row && { first: row.first, last: row.last }
  }

  async cursors(): Promise<{ name: string; index: number }[]> {
    const rows = onDatabase('read the ledger', () => this.#statements.cursors.all())
    return rows.map(({ name, leaf_index }) => ({ name: String(name), index: Number(leaf_index) }))
  }

  async close(): Promise<void> {
    this.#database.close()
  }

  #openFile(index: number, name: string): ReadOctets {
    if (!FILE_NAME.test(name))
      throw new Fault('log-invalid', `entry ${index} has its octets in a file called ${quote(name)}`)
    const path = join(contentsFolder(this.#folder), name)
    return async function* () {
      try {
        yield* readFileChunks(path)
      } catch (cause) {
        const isGone = cause instanceof Fault && (cause.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
        throw isGone
          ? new Fault('log-invalid', `the file ${name} with the octets of entry ${index} is missing`, { cause })
          : cause
      }
    }
  }

  #get(name: SingleRow, ...parameters: readonly (string | number)[]): Row | undefined {
    return onDatabase('read the ledger', () => this.#statements[name].get(...parameters))
  }
}

type SingleRow = 'checkpoint' | 'octets' | 'file' | 'receipt' | 'tile' | 'find' | 'certificate' | 'erased'

function prepareStatements(database: DatabaseSync) {
  return {
    extent: database.prepare(
      `SELECT (SELECT MAX(tree_size) FROM checkpoints) AS size, (SELECT MIN(tree_size) FROM checkpoints) AS lowest,
        (SELECT note FROM checkpoints ORDER BY tree_size DESC LIMIT 1) AS note`,
    ),
    spans: ['transactions', ...documentTables].map(table => ({
      table,
      statement: database.prepare(
        `SELECT (SELECT MIN(leaf_index) FROM ${table}) AS first, (SELECT MAX(leaf_index) FROM ${table}) AS last`,
      ),
    })),
    tiles: database.prepare('SELECT level, COUNT(*) AS count FROM tiles GROUP BY level'),
    entries: database.prepare(
      `SELECT t.*, d.leaf_index AS document, d.sender AS from_sender, d.document_id AS name, d.accepted_at, d.bytes,
        d.sha256, d.reference_digest, COALESCE(h.fingerprints, d.chain) AS chain, c.leaf_index AS content,
        f.name AS file, r.leaf_index AS receipt
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
    file: database.prepare('SELECT name FROM content_files WHERE leaf_index = ?'),
    receipt: database.prepare('SELECT octets FROM receipts WHERE leaf_index = ?'),
    tile: database.prepare('SELECT hashes, root FROM tiles WHERE level = ? AND tile_index = ?'),
    certificate: database.prepare('SELECT der FROM certificates WHERE fingerprint = ?'),
    erased: database.prepare(
      "SELECT 1 FROM transactions WHERE leaf_index = ? AND type = 'accepted' AND erased_at IS NOT NULL",
    ),
    find: database.prepare('SELECT leaf_index, sha256 FROM documents WHERE sender = ? AND document_id = ?'),
    cursors: database.prepare('SELECT name, leaf_index FROM cursors'),
    sharedNonce: database.prepare(
      `SELECT MIN(leaf_index) AS first, MAX(leaf_index) AS last FROM transactions
      WHERE nonce IS NOT NULL GROUP BY nonce HAVING COUNT(*) > 1 LIMIT 1`,
    ),
  }
}
