// A data folder that a ledger is copied into: its database has another name until all of it is
// there, and the folder says that it must have one, so no receiver starts with a part.
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault, type FileLock, makeDurableFolder, quote, syncFolder, writeDurableFile } from '@seg/core'
import { splitFingerprints } from '../certificate-chain.ts'
import type { CopiedRest, CopySource, CopyStep, CopyTarget } from '../copy/copy-ledger.ts'
import { markFolder } from '../files/data-folder.ts'
import { lockFolder } from '../files/folder-lock.ts'
import { onStorage } from '../files/storage-fault.ts'
import { HELD_IN_MEMORY } from '../ledger.ts'
import type { LogTree } from '../log/log-tree.ts'
import type { TreeHead } from '../log/merkle.ts'
import { octetsOf, type StoredEntry, type StoredValue } from '../verification/evidence.ts'
import { openDatabase } from './database.ts'
import { onDatabase } from './database-fault.ts'
import { LEDGER_FILE, migrations } from './schema.ts'
import { ledgerFolder } from './sqlite-ledger.ts'
import { contentsFolder } from './sqlite-reader.ts'
import { transact } from './transact.ts'
import { openTree } from './writer/open-tree.ts'

const COPYING = `.copying-${LEDGER_FILE}`
/** What this copy is one of, and its id, as long as it is unfinished. */
const ID_FILE = `${COPYING}-id`
/** What an unfinished copy has in its folder, and its audit trail. */
const OWN = /^(?:lost\+found|lock|seg-folder\.json|contents|audit\.sqlite(?:-\w+)?|\.tmp-.*)$/

/** What is read of a document before the transaction that stores it. */
type Content = { readonly octets: Buffer } | { readonly file: string } | undefined

export class SqliteTarget implements CopyTarget {
  /** The same in each run that continues this copy, and that of no other. */
  readonly id: string
  readonly #folder: string
  readonly #database: DatabaseSync
  readonly #lock: FileLock

  private constructor(folder: string, id: string, database: DatabaseSync, lock: FileLock) {
    this.#folder = folder
    this.id = id
    this.#database = database
    this.#lock = lock
  }

  /**
   * A folder that is new, empty, or has what an earlier run has copied of the same `origin`: of
   * another one some entries may have other documents. Throws the Faults `configuration` and
   * `storage-unavailable`.
   */
  static async open(folder: string, origin: string): Promise<SqliteTarget> {
    return onStorage(`open the folder ${folder}`, async () => {
      await makeDurableFolder(folder, 0o700)
      const other = readdirSync(folder).find(name => !OWN.test(name) && !name.startsWith(COPYING))
      if (other !== undefined)
        throw new Fault('configuration', `expected an empty folder, or an unfinished copy, found ${quote(other)} there`)
      const lock = lockFolder(folder)
      try {
        await markFolder(folder, ledgerFolder)
        await makeDurableFolder(contentsFolder(folder), 0o700)
        const id = await keepId(join(folder, ID_FILE), origin)
        return new SqliteTarget(folder, id, await openDatabase(join(folder, COPYING), migrations), lock)
      } catch (error) {
        lock.release()
        throw error
      }
    })
  }

  async head(): Promise<TreeHead> {
    return onDatabase('read the copy', () => openTree(this.#database).head)
  }

  async openTree(head: TreeHead, known: LogTree | undefined): Promise<LogTree> {
    return known?.size === head.size ? known : onDatabase('read the copy', () => openTree(this.#database))
  }

  /** Crash before the commit: files that no row names, which the first start puts aside. */
  async put(source: CopySource, { rows, tiles, checkpoints }: CopyStep): Promise<void> {
    const contents = new Map<StoredEntry, Content>()
    const receipts = new Map<StoredEntry, StoredValue>()
    const certificates = new Map<string, Buffer>()
    for (const row of rows.filter(({ document }) => document !== null)) {
      contents.set(row, await this.#readContent(source, row))
      receipts.set(row, await source.receipt(Number(row.leaf_index)))
      for (const name of typeof row.chain === 'string' ? splitFingerprints(row.chain) : [])
        if (!certificates.has(name)) certificates.set(name, octetsOf(await source.certificate(name)) ?? Buffer.alloc(0))
    }
    if ([...contents.values()].some(content => content !== undefined && 'file' in content))
      await syncFolder(contentsFolder(this.#folder))
    const insert = prepareStatements(this.#database)
    onDatabase('write the copy', () =>
      transact(this.#database, () => {
        for (const row of rows) {
          const { leaf_index: index, at, type, sender, document_id, code, leaf, facts, nonce, erased_at } = row
          const values = [index, at, type, sender, document_id, code, leaf, facts, nonce, erased_at]
          insert.transaction.run(...values.map(storable))
          if (row.document === null) continue
          for (const name of typeof row.chain === 'string' ? splitFingerprints(row.chain) : [])
            insert.certificate.run(name, certificates.get(name)!)
          if (typeof row.chain === 'string') insert.chain.run(row.chain)
          const { from_sender, name, accepted_at, bytes, sha256, reference_digest, chain } = row
          const columns = [index, from_sender, name, accepted_at, bytes, sha256, reference_digest, chain]
          insert.document.run(...columns.map(storable))
          const content = contents.get(row)
          if (content !== undefined && 'octets' in content) insert.content.run(storable(index), content.octets)
          if (content !== undefined && 'file' in content) insert.contentFile.run(content.file, storable(index))
          const receipt = receipts.get(row)
          if (receipt !== undefined) insert.receipt.run(storable(index), storable(receipt))
        }
        for (const { level, index, hashes, root } of tiles) insert.tile.run(level, index, hashes, root)
        for (const { treeSize, note } of checkpoints) insert.checkpoint.run(storable(treeSize), storable(note))
      }),
    )
  }

  async putRest({ keys, cursors, deadLetters }: CopiedRest): Promise<void> {
    const letters = await Array.fromAsync(deadLetters)
    onDatabase('write the copy', () =>
      transact(this.#database, () => {
        for (const table of ['log_keys', 'cursors', 'dead_letters']) this.#database.exec(`DELETE FROM ${table}`)
        const run = (sql: string, ...values: readonly (string | number)[]) => this.#database.prepare(sql).run(...values)
        for (const { from, verifierKey } of keys) run('INSERT INTO log_keys VALUES (?, ?)', from, verifierKey)
        for (const { name, index } of cursors) run('INSERT INTO cursors VALUES (?, ?)', name, index)
        for (const { cursor, document, at, reason } of letters)
          run('INSERT INTO dead_letters VALUES (?, ?, ?, ?)', cursor, document.index, at, reason)
      }),
    )
  }

  /** Crash before: an unfinished copy. After: the ledger of this folder, all of it. */
  async giveName(): Promise<void> {
    this.#database.close()
    await onStorage(`finish the copy in ${this.#folder}`, async () => {
      await rename(join(this.#folder, COPYING), join(this.#folder, LEDGER_FILE))
      await rm(join(this.#folder, ID_FILE), { force: true })
      await syncFolder(this.#folder)
    })
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
    this.#lock.release()
  }

  async #readContent(source: CopySource, { leaf_index, bytes, contents }: StoredEntry): Promise<Content> {
    if (contents.length === 0) return undefined
    const pieces = asAsync((await source.content(Number(leaf_index)))())
    if (Number(bytes) <= HELD_IN_MEMORY) return { octets: Buffer.concat(await Array.fromAsync(pieces)) }
    const file = randomUUID().replaceAll('-', '')
    await writeDurableFile(join(contentsFolder(this.#folder), file), pieces, { mode: 0o600 })
    return { file }
  }
}

async function keepId(path: string, origin: string): Promise<string> {
  if (!existsSync(path)) await writeDurableFile(path, `${origin}\n${randomUUID()}\n`, { mode: 0o600 })
  const [found, id = ''] = (await readFile(path, 'utf8')).split('\n')
  if (found === origin) return id
  throw new Fault(
    'configuration',
    'the unfinished copy there was made of something else, so it is not continued: name an empty folder',
  )
}

async function* asAsync(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}

function storable(value: StoredValue): string | number | bigint | Uint8Array | null {
  return value ?? null
}

function prepareStatements(database: DatabaseSync) {
  return {
    transaction: database.prepare(
      'INSERT INTO transactions (leaf_index, at, type, sender, document_id, code, leaf, facts, nonce, erased_at) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    certificate: database.prepare('INSERT INTO certificates VALUES (?, ?) ON CONFLICT (fingerprint) DO NOTHING'),
    chain: database.prepare('INSERT INTO chains (fingerprints) VALUES (?) ON CONFLICT (fingerprints) DO NOTHING'),
    document: database.prepare(
      'INSERT INTO documents (leaf_index, sender, document_id, accepted_at, bytes, sha256, reference_digest, chain) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT id FROM chains WHERE fingerprints = ?))',
    ),
    content: database.prepare('INSERT INTO contents (leaf_index, octets) VALUES (?, ?)'),
    contentFile: database.prepare('INSERT INTO content_files (name, leaf_index) VALUES (?, ?)'),
    receipt: database.prepare('INSERT INTO receipts (leaf_index, octets) VALUES (?, ?)'),
    tile: database.prepare('INSERT INTO tiles (level, tile_index, hashes, root) VALUES (?, ?, ?, ?)'),
    checkpoint: database.prepare('INSERT INTO checkpoints (tree_size, note) VALUES (?, ?)'),
  }
}
