// Of several filters one leads to the rows, and the others are tested row by row: the one with the
// fewest rows. Of a filter with very many rows a page looks through a part, so that each answer is
// fast, also where the filters have nothing in common.
import type { DatabaseSync } from 'node:sqlite'
import type { ColumnValue } from './fact-columns.ts'

export type Query = { readonly sql: string; readonly values: readonly ColumnValue[] }

/** Positions from `low` on, before `high`. */
export type PositionRange = { readonly low: number; readonly high: number; readonly order: 'ASC' | 'DESC' }

/** Positions of the rows of a filter within a range, in its order, so many at most. */
export type Positions = (range: PositionRange, limit: number) => Query | undefined

/** Rows of each filter that are counted, and of the one that leads that are looked through. */
const PROBE = 1000
export const LOOK = 10_000

type Chosen<Lead> = {
  readonly lead: Lead
  /** The part of the range that is looked through. */
  readonly range: PositionRange
  /** Where that part ends, when it is not the whole: the next page begins there. */
  readonly end: number | undefined
}

/** `isTested`: whether there are other conditions than those of the filter that leads. */
export function chooseLead<Lead extends { readonly positions: Positions }>(
  database: DatabaseSync,
  leads: readonly [Lead, ...Lead[]],
  range: PositionRange,
  isTested: boolean,
): Chosen<Lead> {
  const [first, ...others] = leads
  if (!isTested) return { lead: first, range, end: undefined }
  let [lead, found] = [first, count(database, first.positions, range, PROBE)]
  for (const other of others) {
    const counted = count(database, other.positions, range, PROBE)
    if (isFewer(counted, found, range)) [lead, found] = [other, counted]
  }
  if (found.rows === PROBE) found = count(database, lead.positions, range, LOOK)
  if (found.rows < LOOK) return { lead, range, end: undefined }
  const end = found.farthest
  return { lead, range: range.order === 'ASC' ? { ...range, high: end + 1 } : { ...range, low: end }, end }
}

type Found = { readonly rows: number; readonly farthest: number }

/** Of two that have more rows than were counted, the one whose rows are farther apart. */
function isFewer(a: Found, b: Found, { order }: PositionRange): boolean {
  if (a.rows !== b.rows) return a.rows < b.rows
  return order === 'ASC' ? a.farthest > b.farthest : a.farthest < b.farthest
}

function count(database: DatabaseSync, positions: Positions, range: PositionRange, most: number): Found {
  const query = positions(range, most)
  if (query === undefined) return { rows: 0, farthest: 0 }
  const farthest = range.order === 'ASC' ? 'MAX' : 'MIN'
  const row = database
    .prepare(`SELECT COUNT(*) AS rows, ${farthest}(position) AS farthest FROM (${query.sql})`)
    .get(...query.values)
  return { rows: Number(row?.rows), farthest: Number(row?.farthest) }
}
