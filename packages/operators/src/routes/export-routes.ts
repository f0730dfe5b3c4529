// Lists as CSV, to be saved: bounded in rows and number, each with a record of who took what.
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Permission } from '../access/roles.ts'
import { StreamLimit } from '../access/stream-limit.ts'
import { actAs } from '../api/api-act.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, operatorOf, RawAnswer, route } from '../api/route.ts'
import { exactly, Type } from '../api/schema.ts'
import type { FactKind } from '../desk/fact.ts'
import { deskFilterOf, factFilters, factNames, factRow } from './fact-lists.ts'

/** Rows of one export, and rows that are read at a time. */
export const MOST_ROWS = 100_000
const PAGE = 500
/** Each reads for seconds. */
const underWay = new StreamLimit('exports', { most: 4, mostOfOne: 2 })

/** Columns of the audit trail, by the fields of a record. */
const auditColumns = ['number', 'digest', 'leaf', 'at', 'action', 'category', 'outcome', 'actor', 'from', 'on', 'why']

export const exportRoutes: readonly ApiRoute[] = [
  factExport('documents', 'document', 'documents.read'),
  factExport('refusals', 'refusal', 'documents.read'),
  factExport('deliveries', 'delivery', 'deliveries.read'),
  route({
    method: 'GET',
    path: '/api/v1/exports/audit',
    permission: 'audit.read',
    act: 'document.list-exported',
    summary: `The latest ${MOST_ROWS} records of the audit trail, as CSV.`,
    query: exactly({}),
    response: Type.String(),
    type: 'text/csv',
    handle: (request, parts) => give('audit', request, parts, csvOfAudit(parts)),
  }),
]

function factExport(name: string, kind: FactKind, permission: Permission): ApiRoute {
  return route({
    method: 'GET',
    path: `/api/v1/exports/${name}`,
    permission,
    act: 'document.list-exported',
    summary: `The latest ${MOST_ROWS} rows of the list ${name}, as CSV; \`to\` goes on from the last one.`,
    query: exactly(factFilters),
    response: Type.String(),
    type: 'text/csv',
    handle: (request, parts) => give(name, request, parts, csvOfFacts(kind, request, parts)),
  })
}

async function give(
  name: string,
  request: ApiRequest<unknown, unknown, unknown>,
  parts: ApiParts,
  lines: AsyncGenerator<string>,
): Promise<RawAnswer> {
  const end = underWay.begin(operatorOf(request))
  // What cannot be read at all is refused before anything is answered.
  const first = await lines.next().catch(error => {
    end()
    throw error
  })
  const body = Readable.from(following(first, lines), { objectMode: false })
  body.once('close', end)
  try {
    const on = { kind: 'list', id: `${name} ${JSON.stringify(request.query ?? {})}` }
    await actAs(request, parts, { action: 'document.list-exported', category: 'document', on }, async () => {})
  } catch (error) {
    body.destroy()
    throw error
  }
  const file = `${name}-${parts.now().toISOString().slice(0, 10)}.csv`
  const fields = { 'content-disposition': `attachment; filename="${file}"` }
  return new RawAnswer('text/csv; charset=utf-8; header=present', body, { fields })
}

async function* following(first: IteratorResult<string>, lines: AsyncGenerator<string>): AsyncGenerator<string> {
  if (first.done !== true) yield first.value
  yield* lines
}

type FactQuery = Parameters<typeof deskFilterOf>[1]

async function* csvOfFacts(
  kind: FactKind,
  { query, signal }: Pick<ApiRequest<unknown, FactQuery>, 'query' | 'signal'>,
  { desk }: ApiParts,
): AsyncGenerator<string> {
  const filter = deskFilterOf(kind, query)
  let heading = csvLine(factNames)
  let after: number | undefined
  for (let rows = 0; rows < MOST_ROWS; ) {
    const { facts, next } = desk().page(filter, {
      limit: Math.min(PAGE, MOST_ROWS - rows),
      ...(after !== undefined && { after }),
    })
    const lines = facts.map(fact => {
      const row = factRow(fact) as Readonly<Record<string, unknown>>
      return csvLine(factNames.map(name => row[name]))
    })
    const text = heading + lines.join('')
    if (text !== '') yield text
    heading = ''
    if (next === undefined) return
    after = next
    rows += facts.length
    // A page may have no row, and another after it: others of the thread get their turn.
    await nextTurn()
    // Who has gone has no export under way: without a row nothing else would end it.
    if (signal.aborted) return
  }
}

async function* csvOfAudit({ audit }: ApiParts): AsyncGenerator<string> {
  yield csvLine(auditColumns)
  const { newest } = audit
  const oldest = Math.max(0, newest - MOST_ROWS)
  for (let top = newest; top > oldest; top -= PAGE) {
    const bottom = Math.max(oldest, top - PAGE)
    const records = audit.after(bottom, top - bottom).reverse()
    const lines = records.map(({ number, digest, leaf, text }) => {
      const record = { ...(JSON.parse(text) as object), number, digest, leaf } as Readonly<Record<string, unknown>>
      return csvLine(auditColumns.map(name => record[name]))
    })
    yield lines.join('')
  }
}

/**
 * Where a formula would begin in spreadsheets, in the widths that they read (OWASP, CSV injection):
 * also after what separates cells for one that is set to a semicolon or a tab, and after spaces.
 */
const FORMULA = /^(?=\s*[=+\-@＝＋－＠]|[\t\r\n])|(?<=[;\t\r\n])(?=[^\S\t\r\n]*[=+\-@＝＋－＠])/g

/**
 * A line of CSV (RFC 4180) that a spreadsheet shows and never evaluates. Numbers and truth values
 * are our own.
 */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvCell).join(',')}\r\n`
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = text.replace(FORMULA, "'")
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
