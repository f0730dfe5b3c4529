// The end of a log on PostgreSQL, which the batch under the lock continues: the tree of the batch
// before, with what other nodes have appended since.
import { amount, Fault } from '@seg/core'
import { LogTree } from '../../log/log-tree.ts'
import { hashLeaf, type TreeHead } from '../../log/merkle.ts'
import { TILE_WIDTH } from '../../log/tiles.ts'
import type { PostgresConnection, PostgresRow } from '../connect.ts'

/** Entries of others that are hashed one by one; beyond, the tree's edge is read again. */
const MOST_APPENDED = 256

/** Of the log's head. Throws the Fault `storage-unavailable`: it would be a second history. */
export function checkNotMoved({ has_moved }: PostgresRow): void {
  if (has_moved !== true) return
  throw new Fault(
    'storage-unavailable',
    'the ledger of this database was moved to a data folder (`receiver migrate`), and is continued there: ' +
      'start the receiver with that folder, without --ledger',
  )
}

/**
 * The tree of the log's head: `known`, which is changed, or one that is opened. Throws the Fault
 * `storage-unavailable` when the entries do not make the root that the head has.
 */
export async function continueTree(
  connection: PostgresConnection,
  known: LogTree | undefined,
  head: TreeHead,
): Promise<LogTree> {
  const isNear = known !== undefined && known.size <= head.size && head.size - known.size <= MOST_APPENDED
  const tree = isNear ? known : await openTreeAt(connection, head.size)
  if (tree.size < head.size)
    for (const leaf of await readLeaves(connection, tree.size, head.size)) tree.append(hashLeaf(leaf))
  const { size, root } = tree.head
  if (size === head.size && root.equals(head.root)) return tree
  throw new Fault(
    'storage-unavailable',
    `the log in the database is damaged: its head has ${amount(head.size, 'entry')} with the ` +
      `root ${head.root.toString('hex')}, its entries are ${size} with ${root.toString('hex')}`,
  )
}

/** Its right edge: at most 255 entries, and the roots of 255 tiles a level. */
async function openTreeAt(connection: PostgresConnection, size: number): Promise<LogTree> {
  const edge = [(await readLeaves(connection, lastFull(size), size)).map(hashLeaf)]
  for (let count = Math.floor(size / TILE_WIDTH); count > 0; count = Math.floor(count / TILE_WIDTH)) {
    const rows = await connection.rows(
      'SELECT root FROM tiles WHERE level = $1 AND tile_index >= $2 ORDER BY tile_index',
      [edge.length - 1, lastFull(count)],
    )
    edge.push(rows.map(({ root }) => root as Buffer))
  }
  return new LogTree(noTile, size, edge)
}

async function readLeaves(connection: PostgresConnection, from: number, to: number): Promise<Buffer[]> {
  const rows = await connection.rows(
    'SELECT leaf FROM transactions WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index',
    [from, to],
  )
  return rows.map(({ leaf }) => leaf as Buffer)
}

/** Proofs of new entries stand in the edge, and in what has just become full. */
function noTile(level: number, index: number): never {
  throw new TypeError(`the tile ${level}/${index} was asked for by a batch`)
}

function lastFull(count: number): number {
  return count - (count % TILE_WIDTH)
}
