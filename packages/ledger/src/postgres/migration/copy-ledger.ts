// A ledger of any store copied into an empty database: what its evidence shows, 256 entries in a
// transaction, under the lock of the log. The tree is computed anew, so the root proves the copy.
import { amount, Fault } from '@seg/core'
import { openCheckpoint, parseVerifierKey } from '../../log/checkpoint.ts'
import { LogKeys } from '../../log/log-keys.ts'
import type { LogTree } from '../../log/log-tree.ts'
import { hashLeaf, type TreeHead } from '../../log/merkle.ts'
import { TILE_WIDTH } from '../../log/tiles.ts'
import { type Evidence, octetsOf } from '../../verification/evidence.ts'
import type { PostgresConnection } from '../connect.ts'
import { continueTree } from '../writer/log-end.ts'
import { copyRows } from './copy-rows.ts'

/** `latest`: among the last entries, from the last start on. */
const MOVE_HEAD = `WITH last AS (SELECT leaf_index, at, type FROM transactions ORDER BY leaf_index DESC LIMIT 256)
  UPDATE log_head SET size = $1, root = $2, latest = (SELECT MAX(at COLLATE "C") FROM last
    WHERE leaf_index >= COALESCE((SELECT MAX(leaf_index) FROM last WHERE type = 'start'), 0))`

export type CopyProgress = { readonly entries: number; readonly of: number }

/**
 * From where an earlier run ended. Crash on the way: whole steps, in a database that no receiver
 * starts with; the next run continues. Throws the Fault `log-invalid` when the copy has not the
 * root of the source's last checkpoint.
 */
export async function* copyLedger(
  source: Evidence,
  connection: PostgresConnection,
): AsyncGenerator<CopyProgress, TreeHead> {
  const { note } = await source.extent()
  if (typeof note !== 'string') throw new Fault('configuration', 'the ledger has no entries: start with an empty one')
  const keys = await source.logKeys()
  const last = openCheckpoint(
    note,
    verifierOf(
      keys.map(({ verifierKey }) => verifierKey),
      note,
    ),
  )
  let tree: LogTree | undefined
  for (;;) {
    const head = await readHead(connection)
    if (head.size > last.size)
      throw new Fault('log-invalid', `the database has ${amount(head.size, 'entry')}, the ledger ${last.size}`)
    tree = await continueTree(connection, tree, head)
    if (head.size === last.size) break
    const to = Math.min(last.size, head.size - (head.size % TILE_WIDTH) + TILE_WIDTH)
    await copyStep(source, connection, tree, head.size, to)
    yield { entries: to, of: last.size }
  }
  const { root } = tree.head
  if (!root.equals(last.root))
    throw new Fault(
      'log-invalid',
      `the copy has the root ${root.toString('hex')}, ` +
        `the last checkpoint ${last.root.toString('hex')}: verify the ledger with \`receiver log verify\``,
    )
  return last
}

async function copyStep(
  source: Evidence,
  connection: PostgresConnection,
  tree: LogTree,
  from: number,
  to: number,
): Promise<void> {
  const rows = await source.entries(from, to)
  await connection.tag('BEGIN')
  try {
    await copyRows(source, connection, rows)
    for (const [i, row] of rows.entries()) {
      const leaf = octetsOf(row.leaf)
      if (leaf === undefined || row.leaf_index !== from + i)
        throw new Fault('log-invalid', `entry ${from + i} is missing`)
      for (const { level, index, hashes, root } of tree.append(hashLeaf(leaf)))
        await connection.rows('INSERT INTO tiles (level, tile_index, hashes, root) VALUES ($1, $2, $3, $4)', [
          level,
          index,
          hashes,
          root,
        ])
    }
    for (const { treeSize, note } of await source.checkpoints(from, to))
      await connection.rows('INSERT INTO checkpoints (tree_size, note) VALUES ($1, $2)', [treeSize, note])
    const { size, root } = tree.head
    if (size !== to) throw new Fault('log-invalid', `entry ${size} is missing`)
    await connection.rows(MOVE_HEAD, [size, root])
    const tag = await connection.tag('COMMIT')
    if (tag !== 'COMMIT') throw new Fault('storage-unavailable', 'PostgreSQL rolled a step of the copy back')
  } catch (error) {
    if (!connection.isEnded) await connection.tag('ROLLBACK').catch(() => connection.destroy())
    throw error
  }
}

async function readHead(connection: PostgresConnection): Promise<TreeHead> {
  const [row] = await connection.rows('SELECT size, root FROM log_head')
  return { size: Number(row?.size), root: row?.root as Buffer }
}

/** What the last checkpoint was signed with. */
function verifierOf(keys: readonly string[], note: string) {
  const known = keys.at(-1)
  if (known === undefined)
    throw new Fault('configuration', 'the ledger is bound to no key: start its receiver once, and stop it')
  return LogKeys.single(parseVerifierKey(known)).at(Number(note.split('\n')[1]))
}
