// What the log records of each kind of event: its facts, one row a kind, in the order in which they
// are written (docs/log.md).
import { type FaultCode, isFaultCode } from '@seg/core'

/**
 * Digests are SHA-256 in base64, `reference` as its Reference says; `at` is RFC 3339 in UTC with
 * milliseconds. `certificate` is the digest of the DER that verified the document; null in entries
 * of version 1, which do not name it.
 */
export type LogEvent =
  | {
      type: 'accepted'
      at: string
      sender: string
      document: string
      bytes: number
      sha256: string
      reference: string
      certificate: string | null
    }
  | { type: 'refused'; at: string; sender: string; code: FaultCode; sha256: string | null }
  | { type: 'omitted'; at: string; sender: string; count: number; since: string }
  | { type: 'conflict'; at: string; sender: string; document: string; sha256: string; accepted: number }
  /** `record`: of the record of the audit trail, for acts that have one. */
  | { type: 'admin'; at: string; action: string; subject: string; by: string; record?: string }
  | { type: 'start'; at: string; version: string; record?: string }
  | { type: 'stop'; at: string; record?: string }

export type AcceptedEvent = Extract<LogEvent, { type: 'accepted' }>
export type EventType = LogEvent['type']
type Reads = (value: unknown) => boolean
type Fields = Readonly<Record<string, Reads>>

const SHA256_BYTES = 32
const isText: Reads = value => typeof value === 'string'
const isCount: Reads = value => Number.isSafeInteger(value) && (value as number) >= 0
const isPositive: Reads = value => isCount(value) && value !== 0
const isDigest: Reads = value => octetsIn(value) === SHA256_BYTES
const isOptionalDigest: Reads = value => value === undefined || isDigest(value)
/** That of a Reference, SHA-256, SHA-384 or SHA-512. */
const isReferenceDigest: Reads = value => [32, 48, 64].includes(octetsIn(value))

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

export function isTime(value: unknown): value is string {
  // Years of more than four digits are none of RFC 3339.
  return typeof value === 'string' && TIME.test(value) && isDate(value)
}

function isDate(time: string): boolean {
  return !Number.isNaN(Date.parse(time)) && new Date(time).toISOString() === time
}

const accepted = { sender: isText, document: isText, bytes: isCount, sha256: isDigest, reference: isReferenceDigest }
const others = {
  refused: { sender: isText, code: isFaultCode, sha256: value => value === null || isDigest(value) },
  omitted: { sender: isText, count: isPositive, since: isTime },
  conflict: { sender: isText, document: isText, sha256: isDigest, accepted: isCount },
  admin: { action: isText, subject: isText, by: isText },
  start: { version: isText },
  stop: {},
} as const satisfies Readonly<Record<string, Fields>>

/** `record` is there for acts that have a record in the audit trail. */
const record = { record: isOptionalDigest }
const withRecord = {
  admin: { ...others.admin, ...record },
  start: { ...others.start, ...record },
  stop: { ...others.stop, ...record },
}

/**
 * The facts of each kind, by the version of the entry. Version 1 stays as it is; another kind is a
 * row of the latest.
 */
const kinds = {
  1: { accepted, ...others },
  2: { accepted: { ...accepted, certificate: isDigest }, ...others, ...withRecord },
} as const satisfies { 1: Readonly<Record<string, Fields>>; 2: Readonly<Record<EventType, Fields>> }

export type EntryVersion = keyof typeof kinds

/** Whether entries of this version have this kind. */
export function isEventType(version: EntryVersion, type: unknown): type is EventType {
  return typeof type === 'string' && Object.hasOwn(kinds[version], type)
}

const factNames = { 1: namesOf(kinds[1]), 2: namesOf(kinds[2]) }

/** The facts of a kind, in the order in which they are written, and nothing else. */
export function pickFacts(
  version: EntryVersion,
  type: EventType,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const facts: Record<string, unknown> = {}
  // What is optional and not there is left out.
  for (const name of factNames[version][type]!) if (values[name] !== undefined) facts[name] = values[name]
  return facts
}

function namesOf(fields: Readonly<Record<string, Fields>>): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(fields).map(([type, facts]) => [type, Object.keys(facts)]))
}

/** Whether each fact of the kind is there, and of the right form. */
export function hasFacts(version: EntryVersion, type: EventType, values: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(fieldsOf(version, type)).every(([name, reads]) => reads(values[name]))
}

function fieldsOf(version: EntryVersion, type: EventType): Fields {
  return (kinds[version] as Readonly<Record<EventType, Fields>>)[type]
}

/** How many octets strict base64 has; 0 for what is none. */
function octetsIn(value: unknown): number {
  const octets = Buffer.from(typeof value === 'string' ? value : '', 'base64')
  return octets.toString('base64') === value ? octets.length : 0
}
