// Entries of the log, from docs/log.md: which fields there are, in which order, and of which form.
import { decodeUtf8 } from './checkpoint.ts'
import { demand, Rejected } from './rejected.ts'

export type Entry = Readonly<Record<string, string | number | null>> & { readonly type: string; readonly at: string }

type Form = (value: unknown) => boolean

const text: Form = value => typeof value === 'string'
const count: Form = value => Number.isSafeInteger(value) && (value as number) >= 0
const time: Form = value =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && isTime(value)
const digest = (...lengths: readonly number[]): Form => {
  return value => typeof value === 'string' && lengths.includes(Buffer.from(value, 'base64').length) && isBase64(value)
}
const sha256 = digest(32)

const fields: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  accepted: { sender: text, document: text, bytes: count, sha256, reference: digest(32, 48, 64) },
  refused: { sender: text, code: text, sha256: value => value === null || sha256(value) },
  omitted: { sender: text, count, since: time },
  conflict: { sender: text, document: text, sha256, accepted: count },
  admin: { action: text, subject: text, by: text },
  start: { version: text },
  stop: {},
}

export function readEntry(octets: Uint8Array): Entry {
  const entry = parse(decodeUtf8(octets))
  const expected = { v: (value: unknown) => value === 1, type: text, at: time, ...fields[String(entry.type)] }
  demand(Object.hasOwn(fields, String(entry.type)), `there is no type ${entry.type}`)
  demand(Object.keys(entry).join() === Object.keys(expected).join(), `an entry has the fields ${Object.keys(entry)}`)
  for (const [name, has] of Object.entries(expected)) demand(has(entry[name]), `${name} of an entry is ${entry[name]}`)
  demand(JSON.stringify(entry) === decodeUtf8(octets), 'an entry is not written in the compact form')
  return entry as Entry
}

function parse(json: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json))
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
