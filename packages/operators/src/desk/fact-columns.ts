// Facts as rows of the desk, and back, and as JSON. `position` is the key: rows of the ledger have
// the same one whenever they are entered.
import type { FaultCode } from '@seg/core'
import type { Fact, FactKind, FactOutcome } from './fact.ts'
import type { Terms } from './terms.ts'

/** Rows within one millisecond. */
const WITHIN = 4096

export type ColumnValue = number | string | Uint8Array | null
export type FactRow = Readonly<Record<string, unknown>>

/** How a fact's field stands in its column. */
export type Form = 'term' | 'text' | 'number' | 'hex' | 'uuid' | 'time'

/**
 * Columns that only the memory of the gateway can fill, and those that its ledger or outbox can,
 * too.
 */
export const columns = {
  partner: { field: 'partner', form: 'term' },
  document: { field: 'document', form: 'text' },
  bytes: { field: 'bytes', form: 'number' },
  sha256: { field: 'sha256', form: 'hex' },
  code: { field: 'code', form: 'term' },
  detail: { field: 'detail', form: 'text' },
  certificate: { field: 'certificate', form: 'hex' },
  tls_version: { field: 'tlsVersion', form: 'term' },
  cipher: { field: 'cipher', form: 'term' },
  tls_group: { field: 'group', form: 'term' },
  canonicalization: { field: 'canonicalization', form: 'term' },
  digest_algorithm: { field: 'digestAlgorithm', form: 'term' },
  signature_algorithm: { field: 'signatureAlgorithm', form: 'term' },
  canonical_bytes: { field: 'canonicalBytes', form: 'number' },
  receive_us: { field: 'receiveTime', form: 'time' },
  verify_us: { field: 'verifyTime', form: 'time' },
  decide_us: { field: 'decideTime', form: 'time' },
  commit_us: { field: 'commitTime', form: 'time' },
  total_us: { field: 'totalTime', form: 'time' },
  request: { field: 'request', form: 'uuid' },
  address: { field: 'address', form: 'text' },
  target: { field: 'target', form: 'term' },
  tries: { field: 'tries', form: 'number' },
  count: { field: 'count', form: 'number' },
} as const satisfies Record<string, { field: keyof Fact; form: Form }>

export type ColumnName = keyof typeof columns
export const columnNames = Object.keys(columns) as ColumnName[]

/** As a row of the desk is read. */
export type KeptFact = Fact & {
  readonly position: number
  /** Whether the gateway itself noted it: if not, what ledger and outbox do not have is missing. */
  readonly isRecorded: boolean
  /** What expressions have found in the document, by their names; and why some have not. */
  readonly values?: Readonly<Record<string, readonly string[]>>
  readonly notIndexed?: Readonly<Record<string, string>>
}

export function positionOf(at: number, within: number): number {
  return at * WITHIN + (within % WITHIN)
}

/** Milliseconds since 1970. */
export function timeOf(position: number): number {
  return Math.floor(position / WITHIN)
}

/** The values of a fact in the order of `columnNames`. */
export function valuesOf(fact: Fact, terms: Terms): ColumnValue[] {
  return columnNames.map(name => {
    const { field, form } = columns[name]
    return write(fact[field], form, terms)
  })
}

export function readFact(row: FactRow, terms: Terms): KeptFact {
  const position = Number(row.position)
  const fact: Record<string, unknown> = {
    position,
    kind: terms.text(row.kind) as FactKind,
    outcome: terms.text(row.outcome) as FactOutcome,
    at: timeOf(position),
    isRecorded: row.is_recorded === 1,
    index: row.leaf_index ?? undefined,
    entry: row.entry ?? undefined,
  }
  for (const name of columnNames) {
    const { field, form } = columns[name]
    fact[field] = row[name] === null ? undefined : read(row[name], form, terms)
  }
  return fact as KeptFact
}

/** What a filter by a column compares with; undefined when no row can have it. */
export function searchValue(name: ColumnName, value: string, terms: Terms): ColumnValue | undefined {
  const { form } = columns[name]
  return form === 'term' ? terms.find(value) : (write(value, form, terms) ?? undefined)
}

function write(value: unknown, form: Form, terms: Terms): ColumnValue {
  if (value === undefined || value === null) return null
  switch (form) {
    case 'term':
      return terms.enter(value as FaultCode)
    case 'hex':
      return Buffer.from(String(value).replaceAll(':', ''), 'hex')
    case 'uuid':
      return Buffer.from(
        String(value)
          .replace(/^urn:uuid:/, '')
          .replaceAll('-', ''),
        'hex',
      )
    case 'time':
      return Math.round(Number(value) * 1000)
    default:
      return value as number | string
  }
}

function read(value: unknown, form: Form, terms: Terms): unknown {
  switch (form) {
    case 'term':
      return terms.text(value)
    case 'hex':
      return Buffer.from(value as Uint8Array).toString('hex')
    case 'uuid':
      return `urn:uuid:${Buffer.from(value as Uint8Array)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`
    case 'time':
      return Number(value) / 1000
    default:
      return value
  }
}

/** Digits instead of octets: to make an object of these costs more than the rest of a row. */
const readAsText = columnNames.map(name => {
  const isOctets = columns[name].form === 'hex' || columns[name].form === 'uuid'
  return isOctets ? `iif(${name} IS NULL, NULL, lower(hex(${name})))` : name
})

/** Rows between two positions, the oldest first, as arrays for `formatFact`. */
export const NEWER_FACTS = `SELECT position, kind, outcome, is_recorded, leaf_index, entry, ${readAsText.join(', ')}
  FROM facts WHERE position > ? AND position < ? ORDER BY position LIMIT ?`

export type FactValues = readonly unknown[]

const jsonForms: Readonly<Record<Form, (value: unknown, terms: Terms) => string>> = {
  term: (value, terms) => terms.quoted(value),
  text: value => JSON.stringify(value),
  number: value => `${value}`,
  hex: value => `"${value}"`,
  uuid: value => {
    const digits = String(value)
    const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)]
    return `"urn:uuid:${parts.join('-')}-${digits.slice(20)}"`
  },
  time: value => `${Number(value) / 1000}`,
}

const jsonNames = columnNames.map(name => `,"${columns[name].field}":`)
const jsonWriters = columnNames.map(name => jsonForms[columns[name].form])

/** Columns before those of `columns`. */
const FIRST = 6

/** As JSON, straight from the columns: who follows what happens takes thousands a second. */
export function formatFact(row: FactValues, terms: Terms): string {
  const [position, kind, outcome, isRecorded, index, entry] = row
  let text =
    `{"id":"${position}","at":"${new Date(timeOf(Number(position))).toISOString()}"` +
    `,"kind":${terms.quoted(kind)},"outcome":${terms.quoted(outcome)},"isRecorded":${isRecorded === 1}` +
    `,"index":${index},"entry":${entry}`
  for (let i = 0; i < jsonNames.length; i++) {
    const value = row[FIRST + i]
    text += jsonNames[i]! + (value === null ? 'null' : jsonWriters[i]!(value, terms))
  }
  return `${text}}`
}
