// Reading the transparency log beside its writer: checkpoints, tiles and entries.
import type { DatabaseSync } from 'node:sqlite'
import type { LogReader } from '../ledger.ts'
import { hashLeaf } from '../log/merkle.ts'
import { formatEntries, splitTile, TILE_WIDTH } from '../log/tiles.ts'
import { onDatabase } from './database-fault.ts'
import { asBuffer, readSize } from './writer/open-tree.ts'

type Row = Readonly<Record<string, unknown>>

export class SqliteLogReader implements LogReader {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  async size(): Promise<number> {
    return onDatabase('read the log', () => readSize(this.#database))
  }

  async checkpoint(): Promise<string | undefined> {
    const row = this.#all('SELECT note FROM checkpoints ORDER BY tree_size DESC LIMIT 1')[0]
    return row && String(row.note)
  }

  async tile(level: number, index: number, width: number): Promise<Buffer | undefined> {
    const stored = this.#all('SELECT hashes FROM tiles WHERE level = ? AND tile_index = ?', level, index)[0]
    const hashes =
      stored === undefined ? this.#partialTile(level, index) : splitTile(asBuffer(stored.hashes as Uint8Array))
    return hashes.length < width ? undefined : Buffer.concat(hashes.slice(0, width))
  }

  async entries(index: number, width: number): Promise<Buffer | undefined> {
    const leaves = this.#leaves(index, width)
    return leaves.length < width ? undefined : formatEntries(leaves)
  }

  /** A tile that is not full yet, from what stands below it. */
  #partialTile(level: number, index: number): Buffer[] {
    if (level === 0) return this.#leaves(index, TILE_WIDTH).map(hashLeaf)
    const below = this.#all(
      'SELECT root FROM tiles WHERE level = ? AND tile_index >= ? ORDER BY tile_index LIMIT ?',
      level - 1,
      index * TILE_WIDTH,
      TILE_WIDTH,
    )
    return below.map(({ root }) => asBuffer(root as Uint8Array))
  }

  #leaves(index: number, count: number): Buffer[] {
    const from = index * TILE_WIDTH
    const rows = this.#all(
      'SELECT leaf FROM transactions WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index',
      from,
      from + count,
    )
    return rows.map(({ leaf }) => asBuffer(leaf as Uint8Array))
  }

  #all(sql: string, ...parameters: readonly number[]): Row[] {
    return onDatabase('read the log', () => this.#database.prepare(sql).all(...parameters))
  }
}
