// The statement of a page of the desk. An index begins with kind and outcome; where these are not
// given, there is one search for each pair of them, and the searches are merged in order of time.
import type { DatabaseSync } from 'node:sqlite'
import { type ColumnName, type ColumnValue, positionOf, searchValue } from './fact-columns.ts'
import { chooseLead, type PositionRange, type Positions, type Query } from './leading-filter.ts'
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

/** `end`: rows beyond this position are not looked at by this page. */
export type PageQuery = Query & { readonly end: number | undefined }

type Condition = readonly [sql: string, value: ColumnValue]
type Pair = { readonly kind: number; readonly outcome: number }
type Given = Partial<Record<(typeof columns)[number], ColumnValue>>

/** Columns of filters: the first two have few rows for a value, and an index of their own. */
const columns = [
  ...(['leaf_index', 'request'] as const),
  ...(['document', 'sha256', 'certificate', 'address', 'code', 'partner'] as const),
] satisfies (ColumnName | 'leaf_index')[]
const FEW = new Set<string>(['leaf_index', 'request'])

/** Undefined when no row can match. */
export function pageQuery(database: DatabaseSync, terms: Terms, filter: DeskFilter, of: PageOf): PageQuery | undefined {
  const given = readColumns(filter, terms)
  const kind = filter.kind === undefined ? undefined : terms.find(filter.kind)
  const outcome = filter.outcome === undefined ? undefined : terms.find(filter.outcome)
  if (given === undefined) return undefined
  if (filter.kind !== undefined && kind === undefined) return undefined
  if (filter.outcome !== undefined && outcome === undefined) return undefined
  const range = rangeOf(filter, of)
  const limit = of.limit + 1
  const ofPair: Condition[] = [
    ...(kind === undefined ? [] : [['+kind = ?', kind] as const]),
    ...(outcome === undefined ? [] : [['+outcome = ?', outcome] as const]),
  ]
  const names = Object.keys(given) as (keyof Given)[]
  if (filter.where !== undefined && filter.where.length > 0)
    return valueQuery(database, filter.where, terms, [...tested(names, given), ...ofPair], range, limit)
  const few = names.find(name => FEW.has(name))
  if (few !== undefined || (names.length === 0 && ofPair.length === 0)) {
    const first: Condition[] = few === undefined ? [] : [[`${few} = ?`, given[few]!]]
    const others = tested(
      names.filter(name => name !== few),
      given,
    )
    return { ...merge([[...first, ...others, ...ofPair]], range, limit), end: undefined }
  }
  const pairs = pairsOf(database, kind, outcome)
  const [lead, ...more] = indexesFor(names).map(led => ({ led, positions: positionsOf(pairs, led, given) }))
  const chosen = chooseLead(database, [lead!, ...more], range, more.length > 0)
  const { led } = chosen.lead
  const rest = names.filter(name => !led.includes(name))
  const query = mergePairs(pairs, [...equal(led, given), ...tested(rest, given)], chosen.range, limit)
  return query && { ...query, end: chosen.end }
}

/** One search for each pair, merged by position. Undefined without a pair: there is no row. */
export function mergePairs(
  pairs: readonly Pair[],
  conditions: readonly Condition[],
  range: PositionRange,
  limit: number,
  what = '*',
): Query | undefined {
  const each = pairs.map(({ kind, outcome }): Condition[] => [
    ['kind = ?', kind],
    ['outcome = ?', outcome],
    ...conditions,
  ])
  return each.length === 0 ? undefined : merge(each, range, limit, what)
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

function rangeOf({ from, to }: DeskFilter, of: PageOf): PositionRange {
  return {
    low: Math.max(from === undefined ? 0 : positionOf(from, 0), 'before' in of ? of.before + 1 : 0),
    high: Math.min(
      to === undefined ? Number.MAX_SAFE_INTEGER : positionOf(to, 0),
      'after' in of ? (of.after ?? Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER,
    ),
    order: 'before' in of || 'last' in of ? 'ASC' : 'DESC',
  }
}

/** Columns of each index that could lead; partner and code have one together. */
function indexesFor(names: readonly (keyof Given)[]): readonly (readonly (keyof Given)[])[] {
  const isBoth = names.includes('partner') && names.includes('code')
  const alone = names.filter(name => !isBoth || (name !== 'partner' && name !== 'code')).map(name => [name])
  if (isBoth) alone.push(['partner', 'code'])
  return alone.length === 0 ? [[]] : alone
}

function positionsOf(pairs: readonly Pair[], led: readonly (keyof Given)[], given: Given): Positions {
  return (range, limit) => mergePairs(pairs, equal(led, given), range, limit, 'position')
}

function equal(names: readonly (keyof Given)[], given: Given): Condition[] {
  return names.map(name => [`${name} = ?`, given[name]!])
}

/** With a plus before its column a condition takes no index. */
function tested(names: readonly (keyof Given)[], given: Given): Condition[] {
  return names.map(name => [`+${name} = ?`, given[name]!])
}

/** Each search is in order by its index: SQLite merges them row by row, and stops at the limit. */
function merge(
  searches: readonly (readonly Condition[])[],
  { low, high, order }: PositionRange,
  limit: number,
  what = '*',
): Query {
  // SQLite takes a range for a few rows, and could choose the index of kind and outcome alone.
  const within: Condition[] = [
    ['likely(position >= ?)', low],
    ['likely(position < ?)', high],
  ]
  const all = searches.map(search => [...search, ...within])
  const each = all.map(search => `SELECT ${what} FROM facts WHERE ${search.map(([sql]) => sql).join(' AND ')}`)
  return {
    sql: `${each.join(' UNION ALL ')} ORDER BY position ${order} LIMIT ?`,
    values: [...all.flatMap(search => search.map(([, value]) => value)), limit],
  }
}

/** By the values of one name, of which the others are tested row by row. */
function valueQuery(
  database: DatabaseSync,
  where: NonNullable<DeskFilter['where']>,
  terms: Terms,
  others: readonly Condition[],
  range: PositionRange,
  limit: number,
): PageQuery | undefined {
  const found = where.map(([name, value]) => [terms.find(name), value] as const)
  const known = found.flatMap(([id, value]) => (id === undefined ? [] : [[id, value] as const]))
  if (known.length < found.length) return undefined
  const [lead, ...more] = known.map(pair => ({ pair, positions: positionsOfValue(pair) }))
  const chosen = chooseLead(database, [lead!, ...more], range, more.length + others.length > 0)
  const rest = [lead!, ...more].filter(one => one !== chosen.lead)
  const also = 'EXISTS (SELECT 1 FROM indexed o WHERE o.name = ? AND o.value = ? AND o.position = i.position)'
  const { low, high, order } = chosen.range
  // The order of a CROSS JOIN is the one that it is written in (sqlite.org/optoverview.html).
  const sql = `SELECT facts.* FROM indexed i CROSS JOIN facts ON facts.position = i.position
    WHERE ${['i.name = ? AND i.value = ?', ...rest.map(() => also), ...others.map(([other]) => other)].join(' AND ')}
    AND i.position >= ? AND i.position < ? ORDER BY i.position ${order} LIMIT ?`
  const pairs = [chosen.lead, ...rest].flatMap(({ pair }) => pair)
  return { sql, values: [...pairs, ...others.map(([, value]) => value), low, high, limit], end: chosen.end }
}

function positionsOfValue([name, value]: readonly [number, string]): Positions {
  return ({ low, high, order }, limit) => ({
    sql: `SELECT position FROM indexed WHERE name = ? AND value = ? AND position >= ? AND position < ?
      ORDER BY position ${order} LIMIT ?`,
    values: [name, value, low, high, limit],
  })
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
