// The entries of the log: compact JSON with digests and names, never content (docs/log.md).
import { Fault, type FaultCode, isFaultCode, quote } from '@seg/core'

/** Digests are SHA-256 in base64, `reference` as its Reference says; `at` is RFC 3339 in UTC with milliseconds. */
export type LogEvent =
  | { type: 'accepted'; at: string; sender: string; document: string; bytes: number; sha256: string; reference: string }
  | { type: 'refused'; at: string; sender: string; code: FaultCode; sha256: string | null }
  | { type: 'omitted'; at: string; sender: string; count: number; since: string }
  | { type: 'conflict'; at: string; sender: string; document: string; sha256: string; accepted: number }
  | { type: 'admin'; at: string; action: string; subject: string; by: string }
  | { type: 'start'; at: string; version: string }
  | { type: 'stop'; at: string }

export type AcceptedEvent = Extract<LogEvent, { type: 'accepted' }>
type EventType = LogEvent['type']
type Reads = (value: unknown) => boolean

const VERSION = 1
const SHA256_BYTES = 32
const isText: Reads = value => typeof value === 'string'
const isCount: Reads = value => Number.isSafeInteger(value) && (value as number) >= 0
const isDigest: Reads = value => octetsIn(value) === SHA256_BYTES
/** That of a Reference, SHA-256, SHA-384 or SHA-512. */
const isReferenceDigest: Reads = value => [32, 48, 64].includes(octetsIn(value))
const isTime: Reads = value =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value

/** The fields of each type in the order in which they are written. */
const fields: Readonly<Record<EventType, Readonly<Record<string, Reads>>>> = {
  accepted: { sender: isText, document: isText, bytes: isCount, sha256: isDigest, reference: isReferenceDigest },
  refused: { sender: isText, code: isFaultCode, sha256: value => value === null || isDigest(value) },
  omitted: { sender: isText, count: isCount, since: isTime },
  conflict: { sender: isText, document: isText, sha256: isDigest, accepted: isCount },
  admin: { action: isText, subject: isText, by: isText },
  start: { version: isText },
  stop: {},
}

export function formatLeaf(event: LogEvent): Buffer {
  const { type, at } = event
  const values = event as unknown as Readonly<Record<string, unknown>>
  const written = Object.keys(fields[type]).map(name => [name, values[name]] as const)
  return Buffer.from(JSON.stringify(Object.fromEntries([['v', VERSION], ['type', type], ['at', at], ...written])))
}

/** Reads a leaf. Throws the Fault `log-invalid` for octets that `formatLeaf` would not have written. */
export function parseLeaf(octets: Uint8Array): LogEvent {
  const event = parseJson(octets)
  const { type, at } = event
  const isKnown = typeof type === 'string' && Object.hasOwn(fields, type) && isTime(at)
  if (!isKnown || Object.entries(fields[type as EventType]).some(([name, reads]) => !reads(event[name])))
    throw malformed(octets)
  const read = event as unknown as LogEvent
  if (!formatLeaf(read).equals(octets)) throw malformed(octets)
  return read
}

function parseJson(octets: Uint8Array): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString()))
  } catch {
    throw malformed(octets)
  }
}

/** How many octets strict base64 has; 0 for what is none. */
function octetsIn(value: unknown): number {
  const octets = Buffer.from(typeof value === 'string' ? value : '', 'base64')
  return octets.toString('base64') === value ? octets.length : 0
}

function malformed(octets: Uint8Array): Fault {
  return new Fault('log-invalid', `expected an entry of the log, found ${quote(Buffer.from(octets).toString())}`)
}
