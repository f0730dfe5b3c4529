// The entries of the log. The leaf of version 2 commits to its facts without showing them; that of
// version 1 shows them (docs/log.md).
import { hash } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { type EntryVersion, type EventType, hasFacts, isEventType, isTime, type LogEvent, pickFacts } from './events.ts'

/** What opens a blinded leaf: the facts as they were written, and the random octets before them. */
export type Opening = { readonly facts: Buffer; readonly nonce: Buffer }

/** All that a leaf shows by itself. */
export type Leaf = { readonly version: EntryVersion; readonly type: EventType; readonly at: string }

/** Octets of a nonce: enough that neither it nor the facts can be found by trying. */
export const NONCE_BYTES = 32

/** The entry of an event. `nonce` is random and of this entry only. */
export function writeEntry(event: LogEvent, nonce: Buffer): Opening & { readonly leaf: Buffer } {
  const facts = Buffer.from(writeFacts(2, event))
  return { leaf: writeBlindedLeaf(event, commit({ facts, nonce })), facts, nonce }
}

/**
 * Reads what a leaf shows. Throws the Fault `log-invalid` for octets that no version of an entry
 * has.
 */
export function readLeaf(octets: Uint8Array): Leaf {
  const { leaf } = parseLeaf(octets)
  return leaf
}

/**
 * Reads an entry; `opening` is that of its leaf, undefined for one of version 1, which needs none.
 * Throws the Fault `log-invalid` for octets that are written in another way, and for facts that are
 * not those of the leaf.
 */
export function readEntry(octets: Uint8Array, opening: Opening | undefined): LogEvent {
  const { leaf, values } = parseLeaf(octets)
  if (leaf.version === 1) {
    if (opening !== undefined)
      throw new Fault('log-invalid', 'expected no facts beside an entry of version 1, found some')
    return {
      ...pickFacts(1, leaf.type, values),
      ...shown(leaf),
      ...(leaf.type === 'accepted' && { certificate: null }),
    } as LogEvent
  }
  if (opening === undefined) throw new Fault('log-invalid', 'expected the facts of an entry of version 2, found none')
  if (opening.nonce.length !== NONCE_BYTES)
    throw new Fault('log-invalid', `expected a nonce of ${NONCE_BYTES} octets, found ${opening.nonce.length}`)
  if (commit(opening) !== values.facts)
    throw new Fault('log-invalid', 'the facts and the nonce are not those of the entry')
  return parseFacts(leaf, opening.facts)
}

function parseLeaf(octets: Uint8Array): { leaf: Leaf; values: Readonly<Record<string, unknown>> } {
  const values = parseJson(octets)
  const { v: version, type, at } = values
  if ((version !== 1 && version !== 2) || !isEventType(version, type) || !isTime(at)) throw malformed(octets)
  const leaf: Leaf = { version, type, at }
  const isWhole = version === 2 ? typeof values.facts === 'string' : hasFacts(1, type, values)
  if (!isWhole || !rewrite(leaf, values).equals(octets)) throw malformed(octets)
  return { leaf, values }
}

/** The octets that these values must have been read from. */
function rewrite(leaf: Leaf, values: Readonly<Record<string, unknown>>): Buffer {
  const { version: v, type, at } = leaf
  if (v === 1) return Buffer.from(JSON.stringify({ v, type, at, ...pickFacts(v, type, values) }))
  const commitment = Buffer.from(String(values.facts), 'base64')
  return writeBlindedLeaf(leaf, commitment.length === 32 ? commitment.toString('base64') : '')
}

function writeBlindedLeaf({ type, at }: Pick<LogEvent, 'type' | 'at'>, commitment: string): Buffer {
  return Buffer.from(`{"v":2,"type":"${type}","at":"${at}","facts":"${commitment}"}`)
}

function commit({ facts, nonce }: Opening): string {
  return hash('sha256', Buffer.concat([nonce, facts]), 'base64')
}

/** Reads the facts of a blinded entry, which have one form too. */
function parseFacts(leaf: Leaf, octets: Buffer): LogEvent {
  const values = parseJson(octets)
  if (!hasFacts(2, leaf.type, values)) throw malformed(octets)
  const event = { ...pickFacts(2, leaf.type, values), ...shown(leaf) } as LogEvent
  if (!Buffer.from(writeFacts(2, event)).equals(octets)) throw malformed(octets)
  return event
}

function writeFacts(version: EntryVersion, event: LogEvent): string {
  return JSON.stringify(pickFacts(version, event.type, event as unknown as Readonly<Record<string, unknown>>))
}

function shown({ type, at }: Leaf): Pick<LogEvent, 'type' | 'at'> {
  return { type, at }
}

function parseJson(octets: Uint8Array): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString()))
  } catch {
    throw malformed(octets)
  }
}

function malformed(octets: Uint8Array): Fault {
  return new Fault('log-invalid', `expected an entry of the log, found ${quote(Buffer.from(octets).toString())}`)
}
