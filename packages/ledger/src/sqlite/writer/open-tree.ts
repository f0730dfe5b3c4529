// The end of a stored log, which its writer continues: the tree, its right edge made of at most 255
// entries and the roots of 255 tiles a level, the rest read when it is asked for; and the time.
import type { DatabaseSync } from 'node:sqlite'
import { LogTree } from '../../log/log-tree.ts'
import { hashLeaf } from '../../log/merkle.ts'
import { TILE_WIDTH } from '../../log/tiles.ts'

/** Among the last entries, from the last start on. */
const LATEST = `WITH last AS (SELECT * FROM transactions ORDER BY leaf_index DESC LIMIT 256)
  SELECT MAX(at) AS at FROM last
  WHERE leaf_index >= COALESCE((SELECT MAX(leaf_index) FROM last WHERE type = 'start'), 0)`

export function openTree(database: DatabaseSync): LogTree {
  const readLeaves = database.prepare('SELECT leaf FROM transactions WHERE leaf_index >= ? ORDER BY leaf_index')
  const readRoots = database.prepare('SELECT root FROM tiles WHERE level = ? AND tile_index >= ? ORDER BY tile_index')
  const size = readSize(database)
  const edge = [octetsOf(readLeaves.all(lastFull(size)), 'leaf').map(hashLeaf)]
  for (let count = Math.floor(size / TILE_WIDTH); count > 0; count = Math.floor(count / TILE_WIDTH)) {
    edge.push(octetsOf(readRoots.all(edge.length - 1, lastFull(count)), 'root'))
  }
  return new LogTree(tileReader(database), size, edge)
}

/** The latest time since the last start, in milliseconds since 1970. */
export function readLatestTime(database: DatabaseSync): number {
  const row = database.prepare(LATEST).get()
  return typeof row?.at === 'string' ? Date.parse(row.at) : Number.NEGATIVE_INFINITY
}

export function readSize(database: DatabaseSync): number {
  const row = database.prepare('SELECT MAX(leaf_index) AS last FROM transactions').get()
  return row?.last === null || row === undefined ? 0 : Number(row.last) + 1
}

export function tileReader(database: DatabaseSync): (level: number, index: number) => Buffer {
  const statement = database.prepare('SELECT hashes FROM tiles WHERE level = ? AND tile_index = ?')
  return (level, index) => asBuffer(statement.get(level, index)!.hashes as Uint8Array)
}

/** node:sqlite gives plain Uint8Arrays. */
export function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length)
}

function lastFull(count: number): number {
  return count - (count % TILE_WIDTH)
}

function octetsOf(rows: readonly Record<string, unknown>[], column: string): Buffer[] {
  return rows.map(row => asBuffer(row[column] as Uint8Array))
}
