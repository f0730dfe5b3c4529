// The statement of a page of the desk. An index begins with kind and outcome; where these are not
// given, there is one search for each pair of them, and the searches are merged in order of time.
import type { DatabaseSync } from 'node:sqlite'
import { type ColumnName, type ColumnValue, positionOf, searchValue } from './fact-columns.ts'
import type { Terms } from './terms.ts'

/** Each at most once; all must hold. Digests in hexadecimal, times in milliseconds since 1970. */
export type DeskFilter = {
  readonly request?: string
  readonly index?: number
  readonly document?: string
  readonly sha256?: string
  readonly certificate?: string
  readonly address?: string
  readonly code?: string
  readonly partner?: string
  readonly outcome?: string
  readonly kind?: string
  readonly from?: number
  readonly to?: number
  /** Values that expressions have found in the document, by their names. */
  readonly where?: readonly (readonly [name: string, value: string])[]
}

/** `after`: rows older than this position; `before`: rows newer; `last`: the oldest rows. */
export type PageOf = { readonly limit: number } & (
  | { readonly after?: number }
  | { readonly before: number }
  | { readonly last: true }
)

export type Query = { readonly sql: string; readonly values: readonly ColumnValue[] }
type Condition = readonly [sql: string, value: ColumnValue]
type Pair = { readonly kind: number; readonly outcome: number }
type Given = Partial<Record<(typeof columns)[number], ColumnValue>>

/** Columns of filters: the first two have few rows for a value, and an index of their own. */
const columns = [
  ...(['leaf_index', 'request'] as const),
  ...(['document', 'sha256', 'certificate', 'address', 'code', 'partner'] as const),
] satisfies (ColumnName | 'leaf_index')[]
const FEW = new Set<string>(['leaf_index', 'request'])
/** Rows of a filter are counted up to here, to begin with the filter that has the fewest. */
const PROBE = 1000

/** Undefined when no row can match. */
export function pageQuery(database: DatabaseSync, terms: Terms, filter: DeskFilter, of: PageOf): Query | undefined {
  const given = readColumns(filter, terms)
  const kind = filter.kind === undefined ? undefined : terms.find(filter.kind)
  const outcome = filter.outcome === undefined ? undefined : terms.find(filter.outcome)
  if (given === undefined) return undefined
  if (filter.kind !== undefined && kind === undefined) return undefined
  if (filter.outcome !== undefined && outcome === undefined) return undefined
  const low = Math.max(filter.from === undefined ? 0 : positionOf(filter.from, 0), 'before' in of ? of.before + 1 : 0)
  const high = Math.min(
    filter.to === undefined ? Number.MAX_SAFE_INTEGER : positionOf(filter.to, 0),
    'after' in of ? (of.after ?? Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER,
  )
  const end = { order: 'before' in of || 'last' in of ? 'ASC' : 'DESC', limit: of.limit + 1 } as const
  // With a plus before its column a condition takes no index.
  const tested = (names: readonly string[]): Condition[] =>
    names.map(name => [`+${name} = ?`, given[name as keyof Given]!])
  const ofPair: Condition[] = [
    ...(kind === undefined ? [] : [['+kind = ?', kind] as const]),
    ...(outcome === undefined ? [] : [['+outcome = ?', outcome] as const]),
  ]
  const names = Object.keys(given) as (keyof Given)[]
  if (filter.where !== undefined && filter.where.length > 0)
    return valueQuery(filter.where, terms, [...tested(names), ...ofPair], { low, high, ...end })
  // SQLite takes a range for a few rows, and could choose the index of kind and outcome alone.
  const range: Condition[] = [
    ['likely(position >= ?)', low],
    ['likely(position < ?)', high],
  ]
  const few = names.find(name => FEW.has(name))
  if (few !== undefined || (names.length === 0 && ofPair.length === 0)) {
    const first: Condition[] = few === undefined ? [] : [[`${few} = ?`, given[few]!]]
    return merge([[...first, ...tested(names.filter(name => name !== few)), ...ofPair, ...range]], end)
  }
  const pairs = pairsOf(database, kind, outcome)
  const leading = chooseIndex(database, pairs, given, range)
  const conditions: Condition[] = [
    ...leading.map((name): Condition => [`${name} = ?`, given[name]!]),
    ...tested(names.filter(name => !leading.includes(name))),
    ...range,
  ]
  return mergePairs(pairs, conditions, end)
}

/** One search for each pair, merged by position. Undefined without a pair: there is no row. */
export function mergePairs(
  pairs: readonly Pair[],
  conditions: readonly Condition[],
  end: { readonly order: 'ASC' | 'DESC'; readonly limit: number },
  what = '*',
): Query | undefined {
  const each = pairs.map(({ kind, outcome }): Condition[] => [
    ['kind = ?', kind],
    ['outcome = ?', outcome],
    ...conditions,
  ])
  return each.length === 0 ? undefined : merge(each, end, what)
}

/** Each kind and outcome that rows have: one step through their index for each. */
export function pairsOf(database: DatabaseSync, kind?: number, outcome?: number): Pair[] {
  if (kind !== undefined && outcome !== undefined) return [{ kind, outcome }]
  const nextKind = database.prepare('SELECT kind FROM facts WHERE kind > ? ORDER BY kind LIMIT 1')
  const nextOutcome = database.prepare(
    'SELECT outcome FROM facts WHERE kind = ? AND outcome > ? ORDER BY outcome LIMIT 1',
  )
  const pairs: Pair[] = []
  for (let of = kind ?? nextKind.get(0)?.kind; of !== undefined; of = nextKind.get(of)?.kind) {
    for (let row = nextOutcome.get(of, 0); row !== undefined; row = nextOutcome.get(of, Number(row.outcome)))
      if (outcome === undefined || row.outcome === outcome)
        pairs.push({ kind: Number(of), outcome: Number(row.outcome) })
    if (kind !== undefined) break
  }
  return pairs
}

/**
 * Columns of the index: the filter that leaves the fewest rows; the others are tested row by row.
 * Partner and code have an index together.
 */
function chooseIndex(
  database: DatabaseSync,
  pairs: readonly Pair[],
  given: Given,
  range: readonly Condition[],
): readonly (keyof Given)[] {
  const names = Object.keys(given) as (keyof Given)[]
  const both = given.partner !== undefined && given.code !== undefined
  const candidates = [...names.filter(name => !both || (name !== 'partner' && name !== 'code')).map(name => [name])]
  if (both) candidates.push(['partner', 'code'])
  if (candidates.length < 2) return candidates[0] ?? []
  const counted = candidates.map(candidate => {
    const conditions = [...candidate.map((name): Condition => [`${name} = ?`, given[name]!]), ...range]
    const query = mergePairs(pairs, conditions, { order: 'DESC', limit: PROBE }, 'position')
    if (query === undefined) return { candidate, rows: 0 }
    const row = database.prepare(`SELECT COUNT(*) AS rows FROM (${query.sql})`).get(...query.values)
    return { candidate, rows: Number(row?.rows) }
  })
  return counted.reduce((fewest, one) => (one.rows < fewest.rows ? one : fewest)).candidate
}

/** Each search is in order by its index: SQLite merges them row by row, and stops at the limit. */
function merge(
  searches: readonly (readonly Condition[])[],
  { order, limit }: { readonly order: 'ASC' | 'DESC'; readonly limit: number },
  what = '*',
): Query {
  const each = searches.map(search => `SELECT ${what} FROM facts WHERE ${search.map(([sql]) => sql).join(' AND ')}`)
  return {
    sql: `${each.join(' UNION ALL ')} ORDER BY position ${order} LIMIT ?`,
    values: [...searches.flatMap(search => search.map(([, value]) => value)), limit],
  }
}

function valueQuery(
  where: NonNullable<DeskFilter['where']>,
  terms: Terms,
  others: readonly Condition[],
  { low, high, order, limit }: { low: number; high: number; order: 'ASC' | 'DESC'; limit: number },
): Query | undefined {
  const conditions: string[] = []
  const values: ColumnValue[] = []
  for (const [i, [name, value]] of where.entries()) {
    const id = terms.find(name)
    if (id === undefined) return undefined
    conditions.push(
      i === 0
        ? 'i.name = ? AND i.value = ?'
        : 'EXISTS (SELECT 1 FROM indexed o WHERE o.name = ? AND o.value = ? AND o.position = i.position)',
    )
    values.push(id, value)
  }
  conditions.push(...others.map(([sql]) => sql), 'i.position >= ?', 'i.position < ?')
  values.push(...others.map(([, value]) => value), low, high, limit)
  // The order of a CROSS JOIN is the one that it is written in (sqlite.org/optoverview.html).
  const sql = `SELECT facts.* FROM indexed i CROSS JOIN facts ON facts.position = i.position
    WHERE ${conditions.join(' AND ')} ORDER BY i.position ${order} LIMIT ?`
  return { sql, values }
}

/** Undefined when a value stands in no row. */
function readColumns({ index, ...filter }: DeskFilter, terms: Terms): Given | undefined {
  const given: Given = index === undefined ? {} : { leaf_index: index }
  for (const name of columns) {
    const text = name === 'leaf_index' ? undefined : filter[name]
    if (name === 'leaf_index' || text === undefined) continue
    const value = searchValue(name, text, terms)
    if (value === undefined) return undefined
    given[name] = value
  }
  return given
}
