// How long the desk keeps rows: by age, and by the size of its file. Where the file is full, who
// has the most rows loses the oldest of them: no partner can displace the rows of others.
import type { DatabaseSync } from 'node:sqlite'
import { mergePairs, pairsOf } from './desk-query.ts'
import { positionOf } from './fact-columns.ts'

export type Retention = { readonly days: number; readonly bytes: number }

const DAY = 24 * 3600 * 1000
/** The oldest first. */
const ALL = { low: 0, high: Number.MAX_SAFE_INTEGER, order: 'ASC' } as const
/** Rows removed in one transaction. */
const BATCH = 1000

/** Removes some of what is due; whether there may be more. One transaction. */
export function prune(database: DatabaseSync, { days, bytes }: Retention, now: number): boolean {
  const begin = now - days * DAY
  const { changes } = database
    .prepare('DELETE FROM facts WHERE position IN (SELECT position FROM facts WHERE position < ? LIMIT ?)')
    .run(positionOf(begin, 0), BATCH)
  if (changes > 0) return true
  database.prepare('DELETE FROM minutes WHERE minute < ?').run(Math.floor(begin / 60_000))
  return usedBytes(database) > bytes && pruneLargest(database)
}

/** Without pages that are free again. */
export function usedBytes(database: DatabaseSync): number {
  const pragma = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0])
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
}

/** Rows without a partner, mostly failed connections, are one share. */
function pruneLargest(database: DatabaseSync): boolean {
  const largest = database
    .prepare('SELECT partner, SUM(events) AS events FROM minutes GROUP BY partner ORDER BY events DESC')
    .all()
  const pairs = pairsOf(database)
  for (const { partner } of largest) {
    const whose = ['partner IS ?', partner === 0 ? null : Number(partner)] as const
    const oldest = mergePairs(pairs, [whose], ALL, BATCH, 'position')
    if (oldest === undefined) return false
    const { changes } = database.prepare(`DELETE FROM facts WHERE position IN (${oldest.sql})`).run(...oldest.values)
    if (changes > 0) return true
  }
  return false
}
