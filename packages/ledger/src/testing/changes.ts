// Changes that somebody with access to the database could make to what a ledger has stored, record
// by record.
import type { DatabaseSync } from 'node:sqlite'
import { TILE_WIDTH } from '../log/tiles.ts'

/** What a change is, and the first entry that anything it touches belongs to. */
export type Change = { readonly sql: string; readonly from: number }
type Key = number | string
type StoredRecord = { readonly key: Key; readonly from: number }

/** Tables by their key, the columns that are edited, and those that are cut short. */
export const tables = {
  transactions: {
    key: 'leaf_index',
    columns: ['at', 'type', 'sender', 'document_id', 'code', 'leaf', 'facts', 'nonce', 'erased_at'],
    cut: ['leaf', 'facts', 'nonce'],
  },
  documents: {
    key: 'leaf_index',
    columns: ['sender', 'document_id', 'accepted_at', 'bytes', 'sha256', 'reference_digest', 'chain'],
    cut: ['sender', 'document_id', 'accepted_at', 'sha256', 'reference_digest'],
  },
  contents: { key: 'leaf_index', columns: ['octets'], cut: ['octets'] },
  content_files: { key: 'name', columns: ['name', 'leaf_index'], cut: ['name'] },
  receipts: { key: 'leaf_index', columns: ['octets'], cut: ['octets'] },
  tiles: { key: 'rowid', columns: ['hashes', 'root', 'level', 'tile_index'], cut: ['hashes', 'root'] },
  checkpoints: { key: 'tree_size', columns: ['note', 'tree_size'], cut: ['note'] },
} as const
const octetColumns: ReadonlySet<string> = new Set(['octets', 'leaf', 'facts', 'nonce', 'hashes', 'root'])
const numberColumns: ReadonlySet<string> = new Set(['leaf_index', 'tree_size', 'tile_index', 'level', 'bytes', 'chain'])
export type TableName = keyof typeof tables

/** In their order. */
export function readRecords(database: DatabaseSync, table: TableName): StoredRecord[] {
  const { key } = tables[table]
  const rows = database
    .prepare(`SELECT rowid, ${key} AS key, * FROM ${table} ORDER BY ${table === 'tiles' ? 'level, tile_index' : key}`)
    .all()
  return rows.map((row, i) => {
    // A tile is compared when its last entry comes; a checkpoint belongs to the entries since the
    // one before.
    const span = TILE_WIDTH ** (Number(row.level) + 1)
    const from = { tiles: (Number(row.tile_index) + 1) * span - 1, checkpoints: Number(rows[i - 1]?.tree_size ?? 0) }
    return {
      key: row.key as Key,
      from: table === 'tiles' || table === 'checkpoints' ? from[table] : Number(row.leaf_index),
    }
  })
}

export function removals(
  database: DatabaseSync,
  table: TableName,
  records: readonly StoredRecord[],
  size: number,
): Change[] {
  const { key } = tables[table]
  const removed = records.map(record => ({
    sql: `DELETE FROM ${table} WHERE ${key} = ${literal(record.key)}`,
    ...record,
  }))
  if (table !== 'checkpoints') return removed
  // One that no receipt names was shown to nobody, so nobody loses it; but for the latest.
  const named = database
    .prepare("SELECT DISTINCT json_extract(CAST(octets AS TEXT), '$.treeSize') AS size FROM receipts")
    .all()
  const sizes = new Set([...named.map(row => row.size), size])
  return removed.filter(record => sizes.has(record.key))
}

export function exchanges(table: TableName, records: readonly StoredRecord[]): Change[] {
  const { key } = tables[table]
  return records.slice(1).map((next, i) => {
    const record = records[i]!
    return { sql: exchangeKeys(table, key, record.key, next.key).join(';'), from: Math.min(record.from, next.from) }
  })
}

export function exchangeKeys(table: TableName, key: string, a: Key, b: Key): string[] {
  // Tiles have their place beside what is exchanged.
  const set = (from: Key, to: Key) => `UPDATE ${table} SET ${key} = ${literal(to)} WHERE ${key} = ${literal(from)}`
  if (table !== 'tiles') return [set(a, -9), set(b, a), set(-9, b)]
  const other = (column: string) =>
    `${column} = (SELECT ${column} FROM tiles o WHERE o.rowid IN (${a}, ${b}) AND o.rowid <> tiles.rowid)`
  return [`UPDATE tiles SET ${other('hashes')}, ${other('root')} WHERE rowid IN (${a}, ${b})`]
}

/** Every column of each. */
export function edits(table: TableName, records: readonly StoredRecord[]): Change[] {
  const { key, columns } = tables[table]
  return records.flatMap(record =>
    columns.map(column => ({
      sql: `UPDATE ${table} SET ${edited(column)} WHERE ${key} = ${literal(record.key)}`,
      from: record.from,
    })),
  )
}

function edited(column: string): string {
  if (numberColumns.has(column)) return `${column} = ${column} + 1000`
  // Random octets may begin with any.
  const first = `CASE WHEN substr(${column}, 1, 1) = x'21' THEN x'22' ELSE x'21' END`
  if (octetColumns.has(column)) return `${column} = CAST((${first}) || substr(${column}, 2) AS BLOB)`
  return `${column} = CASE WHEN ${column} IS NULL THEN 'x' ELSE 'x' || substr(${column}, 2) END`
}

export function cuts(table: TableName, records: readonly StoredRecord[]): Change[] {
  const { key, cut } = tables[table]
  return records.flatMap(record =>
    cut.map(column => ({
      sql: `UPDATE ${table} SET ${shortened(column)} WHERE ${key} = ${literal(record.key)}`,
      from: record.from,
    })),
  )
}

function shortened(column: string): string {
  const type = octetColumns.has(column) ? 'BLOB' : 'TEXT'
  return `${column} = CAST(substr(${column}, 1, length(${column}) - 1) AS ${type})`
}

function literal(key: Key): string {
  return typeof key === 'number' ? String(key) : `'${key}'`
}
