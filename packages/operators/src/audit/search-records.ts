// The audit trail, page by page and narrowed by who, what, on what and when.
import type { AuditTrail, KeptRecord } from './audit-trail.ts'

/** Undefined: any. */
export type RecordFilter = {
  /** Of the act, or how its name begins. */
  readonly action?: string | undefined
  readonly who?: string | undefined
  /** Id of the thing that it was done to. */
  readonly on?: string | undefined
  readonly outcome?: string | undefined
  /** RFC 3339 in UTC with milliseconds, as records have it. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** A condition of SQL for each, with its own name as the parameter. */
const conditions: Readonly<Record<keyof RecordFilter, string>> = {
  action: "substr(json_extract(record, '$.action'), 1, length(:action)) = :action",
  who: "json_extract(record, '$.actor.id') = :who",
  on: "json_extract(record, '$.on.id') = :on",
  outcome: "json_extract(record, '$.outcome') = :outcome",
  from: "json_extract(record, '$.at') >= :from",
  to: "json_extract(record, '$.at') <= :to",
}

/** Records that one request looks at: the filters have no index. */
const LOOKED_AT = 20_000

export type FoundRecords = {
  /** The newest first. */
  readonly records: readonly KeptRecord[]
  /** Where older records begin, found or not yet looked at: `after` of the next page. */
  readonly next: number | undefined
  /** The same of newer ones: `before`. */
  readonly prev: number | undefined
}

type Position =
  | { readonly limit: number; readonly after?: number }
  | { readonly limit: number; readonly before: number }

export function searchRecords(audit: AuditTrail, filter: RecordFilter, position: Position): FoundRecords {
  const { limit } = position
  const { newest } = audit
  const given = Object.entries(filter).filter((pair): pair is [keyof RecordFilter, string] => pair[1] !== undefined)
  const where = given.map(([name]) => ` AND ${conditions[name]}`).join('')
  const values = Object.fromEntries(given)
  const most = where === '' ? limit : LOOKED_AT
  if ('before' in position) {
    const low = Math.min(position.before, newest) + 1
    const high = Math.min(newest, low + most - 1)
    const found = audit.search({ low, high, limit, isUpward: true }, where, values)
    const end = found.length === limit ? found.at(-1)!.number : high
    return {
      records: found.toReversed(),
      next: low > 1 ? low : undefined,
      prev: end < newest ? end : undefined,
    }
  }
  const top = Math.min(newest + 1, position.after ?? newest + 1)
  const low = Math.max(1, top - most)
  const records = audit.search({ low, high: top - 1, limit, isUpward: false }, where, values)
  const bottom = records.length === limit ? records.at(-1)!.number : low
  return {
    records,
    next: bottom > 1 ? bottom : undefined,
    prev: top <= newest ? top - 1 : undefined,
  }
}
