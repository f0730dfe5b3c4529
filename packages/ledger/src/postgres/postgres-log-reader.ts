// Reading the transparency log on PostgreSQL: checkpoints, tiles and entries.
import type { LogReader } from '../ledger.ts'
import { hashLeaf } from '../log/merkle.ts'
import { formatEntries, splitTile, TILE_WIDTH } from '../log/tiles.ts'
import type { PostgresRow } from './connect.ts'
import type { PostgresConnections } from './connections.ts'

export class PostgresLogReader implements LogReader {
  readonly #connections: PostgresConnections

  constructor(connections: PostgresConnections) {
    this.#connections = connections
  }

  async size(): Promise<number> {
    return Number((await this.#rows('SELECT size FROM log_head'))[0]?.size ?? 0)
  }

  async checkpoint(): Promise<string | undefined> {
    const row = (await this.#rows('SELECT note FROM checkpoints ORDER BY tree_size DESC LIMIT 1'))[0]
    return row && String(row.note)
  }

  async tile(level: number, index: number, width: number): Promise<Buffer | undefined> {
    const [stored] = await this.#rows('SELECT hashes FROM tiles WHERE level = $1 AND tile_index = $2', level, index)
    const hashes = stored === undefined ? await this.#partialTile(level, index) : splitTile(stored.hashes as Buffer)
    return hashes.length < width ? undefined : Buffer.concat(hashes.slice(0, width))
  }

  async entries(index: number, width: number): Promise<Buffer | undefined> {
    const leaves = await this.#leaves(index, width)
    return leaves.length < width ? undefined : formatEntries(leaves)
  }

  /** A tile that is not full yet, from what stands below it. */
  async #partialTile(level: number, index: number): Promise<Buffer[]> {
    if (level === 0) return (await this.#leaves(index, TILE_WIDTH)).map(hashLeaf)
    const below = await this.#rows(
      'SELECT root FROM tiles WHERE level = $1 AND tile_index >= $2 ORDER BY tile_index LIMIT $3',
      level - 1,
      index * TILE_WIDTH,
      TILE_WIDTH,
    )
    return below.map(({ root }) => root as Buffer)
  }

  async #leaves(index: number, count: number): Promise<Buffer[]> {
    const from = index * TILE_WIDTH
    const rows = await this.#rows(
      'SELECT leaf FROM transactions WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index',
      from,
      from + count,
    )
    return rows.map(({ leaf }) => leaf as Buffer)
  }

  #rows(text: string, ...values: readonly number[]): Promise<readonly PostgresRow[]> {
    return this.#connections.rows('read the log', text, values)
  }
}
