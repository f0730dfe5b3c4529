// Entries of the log, from docs/log.md: what a leaf shows, and the facts that it commits to, in
// which order, and of which form.
import { createHash } from 'node:crypto'
import { decodeUtf8 } from './checkpoint.ts'
import { demand, Rejected } from './rejected.ts'

/** What a leaf shows; of version 1 that is all there is. */
export type Entry = Values & { readonly v: 1 | 2; readonly type: string; readonly at: string }
/** What opens a leaf of version 2. */
export type Opening = { readonly facts: Uint8Array; readonly nonce: Uint8Array }

type Values = Readonly<Record<string, string | number | null>>
type Form = (value: unknown) => boolean
type Forms = Readonly<Record<string, Form>>

const text: Form = value => typeof value === 'string'
const count: Form = value => Number.isSafeInteger(value) && (value as number) >= 0
const positive: Form = value => count(value) && value !== 0
const time: Form = value =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && isTime(value)
const digest = (...lengths: readonly number[]): Form => {
  return value => typeof value === 'string' && lengths.includes(Buffer.from(value, 'base64').length) && isBase64(value)
}
const sha256 = digest(32)

const accepted = { sender: text, document: text, bytes: count, sha256, reference: digest(32, 48, 64) }
const others = {
  refused: { sender: text, code: text, sha256: (value: unknown) => value === null || sha256(value) },
  omitted: { sender: text, count: positive, since: time },
  conflict: { sender: text, document: text, sha256, accepted: count },
  admin: { action: text, subject: text, by: text },
  start: { version: text },
  stop: {},
}
/** The facts of each type, by version. */
const facts: Readonly<Record<string, Readonly<Record<string, Forms>>>> = {
  1: { accepted, ...others },
  2: { accepted: { ...accepted, certificate: sha256 }, ...others },
}

export function readEntry(octets: Uint8Array): Entry {
  const entry = parse(octets)
  const forms = facts[String(entry.v)]
  demand(forms !== undefined && typeof entry.v === 'number', `there is no version ${entry.v}`)
  demand(Object.hasOwn(forms, String(entry.type)), `there is no type ${entry.type}`)
  const rest: Forms = entry.v === 1 ? forms[String(entry.type)]! : { facts: sha256 }
  check(entry, { v: count, type: text, at: time, ...rest }, octets)
  return entry as Entry
}

/** The facts of an entry of version 2, which must be those that its leaf commits to. */
export function openEntry({ v, type, facts: committed }: Entry, { facts: octets, nonce }: Opening): Values {
  demand(v === 2, 'an entry of version 1 is open')
  demand(nonce.length === 32, `a nonce has ${nonce.length} octets`)
  const found = createHash('sha256').update(nonce).update(octets).digest('base64')
  demand(found === committed, 'the facts are not those of the leaf')
  const values = parse(octets)
  // Only an act with a record in the audit trail has its digest.
  const optional: Forms = ['admin', 'start', 'stop'].includes(type) && 'record' in values ? { record: sha256 } : {}
  check(values, { ...facts[2]![type]!, ...optional }, octets)
  return values as Values
}

/** Exactly these fields, in this order, in the compact form. */
function check(values: Record<string, unknown>, forms: Forms, octets: Uint8Array): void {
  demand(Object.keys(values).join() === Object.keys(forms).join(), `an entry has the fields ${Object.keys(values)}`)
  for (const [name, has] of Object.entries(forms)) demand(has(values[name]), `${name} of an entry is ${values[name]}`)
  demand(JSON.stringify(values) === decodeUtf8(octets), 'an entry is not written in the compact form')
}

function parse(octets: Uint8Array): Record<string, unknown> {
  try {
    return Object(JSON.parse(decodeUtf8(octets)))
  } catch (cause) {
    throw new Rejected('an entry is no JSON', { cause })
  }
}

function isTime(value: string): boolean {
  const date = new Date(value)
  return !Number.isNaN(date.getTime()) && date.toISOString() === value
}

function isBase64(value: string): boolean {
  return Buffer.from(value, 'base64').toString('base64') === value
}
