// A database that a ledger is copied into, under the lock of the log.
import { Fault } from '@seg/core'
import type { CopiedRest, CopySource, CopyStep, CopyTarget } from '../../copy/copy-ledger.ts'
import type { LogTree } from '../../log/log-tree.ts'
import type { TreeHead } from '../../log/merkle.ts'
import type { PostgresConnection } from '../connect.ts'
import { continueTree } from '../writer/log-end.ts'
import { copyRows } from './copy-rows.ts'

/** `latest`: among the last entries, from the last start on. */
const MOVE_HEAD = `WITH last AS (SELECT leaf_index, at, type FROM transactions ORDER BY leaf_index DESC LIMIT 256)
  UPDATE log_head SET size = $1, root = $2, latest = (SELECT MAX(at COLLATE "C") FROM last
    WHERE leaf_index >= COALESCE((SELECT MAX(leaf_index) FROM last WHERE type = 'start'), 0))`

export class PostgresTarget implements CopyTarget {
  readonly #connection: PostgresConnection

  constructor(connection: PostgresConnection) {
    this.#connection = connection
  }

  async head(): Promise<TreeHead> {
    const [row] = await this.#connection.rows('SELECT size, root FROM log_head')
    return { size: Number(row?.size), root: row?.root as Buffer }
  }

  openTree(head: TreeHead, known: LogTree | undefined): Promise<LogTree> {
    return continueTree(this.#connection, known, head)
  }

  async put(source: CopySource, step: CopyStep): Promise<void> {
    const connection = this.#connection
    await connection.tag('BEGIN')
    try {
      await this.#put(source, step)
      const tag = await connection.tag('COMMIT')
      if (tag !== 'COMMIT') throw new Fault('storage-unavailable', 'PostgreSQL rolled a step of the copy back')
    } catch (error) {
      if (!connection.isEnded) await connection.tag('ROLLBACK').catch(() => connection.destroy())
      throw error
    }
  }

  async #put(source: CopySource, { rows, tiles, checkpoints, head }: CopyStep): Promise<void> {
    await copyRows(source, this.#connection, rows)
    for (const { level, index, hashes, root } of tiles)
      await this.#connection.rows('INSERT INTO tiles (level, tile_index, hashes, root) VALUES ($1, $2, $3, $4)', [
        ...[level, index, hashes, root],
      ])
    for (const { treeSize, note } of checkpoints)
      await this.#connection.rows('INSERT INTO checkpoints (tree_size, note) VALUES ($1, $2)', [treeSize, note])
    await this.#connection.rows(MOVE_HEAD, [head.size, head.root])
  }

  async putRest({ keys, cursors, deadLetters }: CopiedRest): Promise<void> {
    const connection = this.#connection
    await connection.rows('DELETE FROM log_keys')
    for (const { from, verifierKey } of keys)
      await connection.rows('INSERT INTO log_keys (from_size, verifier_key) VALUES ($1, $2)', [from, verifierKey])
    for (const { name, index } of cursors)
      await connection.rows(
        'INSERT INTO cursors (name, leaf_index) VALUES ($1, $2) ' +
          'ON CONFLICT (name) DO UPDATE SET leaf_index = excluded.leaf_index',
        [name, index],
      )
    for await (const { cursor, document, at, reason } of deadLetters)
      await connection.rows(
        'INSERT INTO dead_letters (cursor, leaf_index, at, reason) ' +
          'VALUES ($1, $2, $3, $4) ON CONFLICT (cursor, leaf_index) DO NOTHING',
        [cursor, document.index, at, reason.replaceAll('\0', '\u{fffd}')],
      )
  }
}
