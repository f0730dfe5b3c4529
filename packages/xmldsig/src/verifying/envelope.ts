// The envelope of a CriticalDocument, read from its canonical octets while they pass
// (docs/profile.md).
import { Fault, GATEWAY_ID, quote } from '@seg/core'
import { readCanonicalText } from '../c14n/canonical-text.ts'
import { NO_NAMESPACE, XML_BINDING } from '../xml/namespaces.ts'
import type { StartTag } from '../xml/start-tag.ts'
import { REPORT_ALL } from '../xml/token-handler.ts'
import { CHILDREN_DEPTH, type DocumentObserver, REPORT_CHILDREN } from './document-pass.ts'
import { criticalDocument } from './document-type.ts'

export type Envelope = {
  /** Name of the document's type. */
  readonly type: string
  readonly id: string
  readonly senderId: string
  readonly receiverId: string
  /** TimestampForSignature as written. */
  readonly timestamp: string
  /** The same in milliseconds since 1970. */
  readonly signedAt: number
}

const CHILDREN = ['SenderID', 'ReceiverID', 'TimestampForSignature', 'Payload'] as const
const PAYLOAD = 3
export const DOCUMENT_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/
const TIMESTAMP = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/
/** Days that every month has. */
const SHORTEST_MONTH = 28
/** Four bytes for each character of the longest id. */
const FIELD_BYTES = 512

/**
 * Collects the envelope's fields. Errors are thrown at the end: an envelope counts only once the
 * signature has verified.
 */
export class EnvelopeReader implements DocumentObserver {
  #fault: Fault | undefined
  #id: string | undefined
  /** Children of the document element seen so far, the Signature not counted. */
  #children = 0
  #signatureAfter = -1
  /** Canonical text of SenderID, ReceiverID and TimestampForSignature. */
  readonly #fields = ['', '', '']
  #fieldBytes = 0

  readonly textDepth = CHILDREN_DEPTH

  get unreportedDepth(): number {
    return this.#children <= PAYLOAD ? REPORT_ALL : REPORT_CHILDREN
  }

  startTag(tag: StartTag): void {
    if (tag.depth === 1) this.#readRoot(tag)
    else if (tag.depth === 2) this.#readChild(tag)
    else if (this.#children <= PAYLOAD)
      this.#refuse(`expected text only in ${CHILDREN[this.#children - 1]}, found an element`)
  }

  endTag(): void {}

  text(depth: number, source: Buffer, from: number, to: number): void {
    if (depth === 1) {
      for (let i = from; i < to; i++)
        if (source[i]! > 0x20) this.#refuse('expected white space only between the children of CriticalDocument')
      return
    }
    if (this.#children > PAYLOAD || this.#children === 0) return
    this.#fieldBytes += to - from
    if (this.#fieldBytes <= FIELD_BYTES) this.#fields[this.#children - 1] += source.toString('utf8', from, to)
    else this.#refuse(`${CHILDREN[this.#children - 1]} is longer than ${FIELD_BYTES} bytes`)
  }

  signature(): void {
    this.#signatureAfter = this.#children
  }

  /** The fields; throws the Fault `envelope-malformed` or `timestamp-malformed`. */
  read(): Envelope {
    if (this.#fault !== undefined) throw this.#fault
    if (this.#children <= PAYLOAD)
      throw malformed(`expected ${CHILDREN[this.#children]}, found the end of CriticalDocument`)
    if (this.#signatureAfter > 0 && this.#signatureAfter <= PAYLOAD)
      throw malformed('expected the Signature first or last in CriticalDocument')
    const [senderId, receiverId, timestamp] = this.#fields.map(readCanonicalText) as [string, string, string]
    return envelopeOf(criticalDocument.name, { id: this.#id!, senderId, receiverId, timestamp })
  }

  #readRoot(tag: StartTag): void {
    const { attributes, source } = tag
    if (tag.uri !== '' || nameOf(tag) !== 'CriticalDocument') {
      this.#refuse(
        'expected the document element CriticalDocument in no namespace, ' +
          `found ${quote(nameOf(tag))} in ${quote(tag.uri)}`,
      )
    }
    for (let i = 0; i < attributes.count; i++) {
      const name = source.toString('utf8', attributes.nameFrom[i]!, attributes.nameTo[i]!)
      if (name === 'id') this.#id = tag.attributeValue(i)
      else if (name !== 'xml:lang' && name !== 'xml:space')
        this.#refuse(`unexpected attribute ${quote(name)} on CriticalDocument`)
    }
    if (this.#id === undefined) this.#refuse('expected an attribute id on CriticalDocument')
  }

  #readChild(tag: StartTag): void {
    const expected = CHILDREN[this.#children++]
    this.#fieldBytes = 0
    if (tag.binding !== NO_NAMESPACE && tag.uri !== '')
      this.#refuse(`expected ${expected ?? 'nothing more'} in no namespace, found namespace ${quote(tag.uri)}`)
    else if (nameOf(tag) !== expected)
      this.#refuse(`expected ${expected ?? 'nothing more'} in CriticalDocument, found ${quote(nameOf(tag))}`)
    else if (expected !== 'Payload' && hasOwnAttributes(tag)) this.#refuse(`unexpected attribute on ${expected}`)
  }

  #refuse(detail: string): void {
    this.#fault ??= malformed(detail)
  }
}

/** Throws the Faults `envelope-malformed` and `timestamp-malformed` for what no field holds. */
export function envelopeOf(type: string, fields: Omit<Envelope, 'type' | 'signedAt'>): Envelope {
  const { id, senderId, receiverId, timestamp } = fields
  if (!DOCUMENT_ID.test(id))
    throw malformed(`expected an id of 1 to 128 letters, digits or ._:- (a letter or digit first), found ${quote(id)}`)
  checkGatewayId('SenderID', senderId)
  checkGatewayId('ReceiverID', receiverId)
  return { type, id, senderId, receiverId, timestamp, signedAt: readTimestamp(timestamp) }
}

function malformed(detail: string): Fault {
  return new Fault('envelope-malformed', detail)
}

function nameOf(tag: StartTag): string {
  return tag.source.toString('utf8', tag.localFrom, tag.nameTo)
}

function hasOwnAttributes({ attributes }: StartTag): boolean {
  for (let i = 0; i < attributes.count; i++) if (attributes.binding[i] !== XML_BINDING) return true
  return false
}

function checkGatewayId(element: string, id: string): void {
  if (GATEWAY_ID.test(id)) return
  throw malformed(
    `expected 1 to 128 printable characters without space at either end in ${element}, found ${quote(id)}`,
  )
}

/**
 * Milliseconds since 1970 of `YYYY-MM-DDTHH:MM:SS[.sss]Z`; throws the Fault `timestamp-malformed`.
 */
export function readTimestamp(text: string): number {
  const instant = TIMESTAMP.test(text) ? Date.parse(text) : Number.NaN
  const day = Number(text.slice(8, 10))
  // Date.parse takes 2026-02-30 for 2 March: only a date that keeps its day exists.
  if (Number.isNaN(instant) || (day > SHORTEST_MONTH && new Date(instant).getUTCDate() !== day)) {
    throw new Fault('timestamp-malformed', `expected YYYY-MM-DDTHH:MM:SSZ, a time that exists, found ${quote(text)}`)
  }
  return instant
}
