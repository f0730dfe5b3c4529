// Preparing a document for signature: its time and id filled in, comments left out; the rest stays as it is written.
import { Fault, quote } from '@seg/core'
import { DocumentInput } from './document-input.ts'
import { DOCUMENT_ID } from './envelope.ts'
import { defaultLimits } from './limits.ts'
import { DSIG_NAMESPACE } from './namespaces.ts'
import type { StartTag } from './start-tag.ts'
import type { TokenHandler } from './tokenizer.ts'

export type Fill = {
  /** Time for TimestampForSignature when it is the placeholder, empty or absent. */
  readonly now: Date
  /** Replaces the document's id. */
  readonly id?: string
  /** Leaves comments and processing instructions out; without it they are refused. */
  readonly stripComments?: boolean
}

const TIMESTAMP_PLACEHOLDER = 'YYYY-MM-DDTHH:MM:SSZ'
const SIGNATURE = Buffer.from('Signature')

/** The document filled in; the very bytes when it is signed already. Throws a Fault `xml-…` for one outside the profile. */
export function prepareDocument(bytes: Uint8Array, fill: Fill): Buffer {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const outline = readOutline(source, fill.stripComments === true)
  if (outline.isSigned) return source
  return applyEdits(source, [...outline.cuts, ...editId(outline, fill.id), ...editTimestamp(source, outline, fill.now)])
}

/** Whether the document element has a Signature among its children. Throws a Fault `xml-…` for a document outside the profile. */
export function isSigned(bytes: Uint8Array): boolean {
  return readOutline(bytes, false).isSigned
}

/** [from, to) of the document is to be `octets`. */
type Edit = { readonly from: number; readonly to: number; readonly octets: string }
type Range = { readonly from: number; readonly to: number }

/** Where things stand in a document; offsets in bytes. */
class Outline implements TokenHandler {
  isSigned = false
  rootNameTo = 0
  idValue: Range | undefined
  /** Children of the document element by name: the whole element, and what stands in it. */
  readonly children = new Map<string, { readonly whole: Range; readonly content: Range }>()
  /** Comments and instructions, to be cut out. */
  readonly cuts: Edit[] = []
  readonly leftOut?: NonNullable<TokenHandler['leftOut']>
  #offset = 0
  #depth = 0
  #child = { name: '', from: 0, contentFrom: 0 }

  constructor(strips: boolean) {
    if (strips) this.leftOut = (_source, from, to) => this.cuts.push({ from: this.#offset + from, to: this.#offset + to, octets: '' })
  }

  startTag(tag: StartTag): void {
    this.#depth = tag.depth
    if (tag.depth === 1) this.#readRoot(tag)
    if (tag.depth !== 2) return
    if (tag.isNamed(SIGNATURE, DSIG_NAMESPACE)) this.isSigned = true
    this.#child = { name: nameOf(tag), from: this.#offset + tag.from, contentFrom: this.#offset + tag.to }
  }

  endTag(_source: Buffer, from: number, to: number): void {
    if (this.#depth === 2) {
      const whole = { from: this.#child.from, to: this.#offset + to }
      this.children.set(this.#child.name, { whole, content: { from: this.#child.contentFrom, to: this.#offset + from } })
    }
    this.#depth--
  }

  text(): void {}

  replacedText(): void {}

  pause(_source: Buffer, to: number): void {
    this.#offset += to
  }

  #readRoot(tag: StartTag): void {
    const { count, nameFrom, nameTo, valueFrom, valueTo } = tag.attributes
    this.rootNameTo = this.#offset + tag.nameTo
    for (let i = 0; i < count; i++) {
      if (tag.source.toString('latin1', nameFrom[i], nameTo[i]) !== 'id') continue
      this.idValue = { from: this.#offset + valueFrom[i]!, to: this.#offset + valueTo[i]! }
    }
  }
}

function readOutline(bytes: Uint8Array, strips: boolean): Outline {
  const outline = new Outline(strips)
  const input = new DocumentInput(outline, defaultLimits)
  input.write(bytes)
  input.end()
  return outline
}

function nameOf(tag: StartTag): string {
  return tag.source.toString('utf8', tag.localFrom, tag.nameTo)
}

function editId(outline: Outline, id: string | undefined): Edit[] {
  if (id === undefined) return []
  if (!DOCUMENT_ID.test(id))
    throw new Fault(
      'envelope-malformed',
      `expected an id of 1 to 128 letters, digits or ._:- (a letter or digit first), found ${quote(id)}`,
    )
  if (outline.idValue !== undefined) return [{ ...outline.idValue, octets: id }]
  return [{ from: outline.rootNameTo, to: outline.rootNameTo, octets: ` id="${id}"` }]
}

function editTimestamp(source: Buffer, outline: Outline, now: Date): Edit[] {
  const octets = `<TimestampForSignature>${now.toISOString().slice(0, 19)}Z</TimestampForSignature>`
  const timestamp = outline.children.get('TimestampForSignature')
  if (timestamp !== undefined) {
    const written = source.toString('utf8', timestamp.content.from, timestamp.content.to).trim()
    return written === '' || written === TIMESTAMP_PLACEHOLDER ? [{ ...timestamp.whole, octets }] : []
  }
  const sender = outline.children.get('SenderID')
  const receiver = outline.children.get('ReceiverID')
  if (sender === undefined || receiver === undefined || receiver.whole.from < sender.whole.to) return []
  // Indented as its neighbour is.
  const between = source.toString('utf8', sender.whole.to, receiver.whole.from)
  return [{ from: receiver.whole.to, to: receiver.whole.to, octets: `${between.trim() === '' ? between : ''}${octets}` }]
}

function applyEdits(source: Buffer, edits: readonly Edit[]): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  for (const { from, to, octets } of edits.toSorted((a, b) => a.from - b.from)) {
    if (from < at) continue
    pieces.push(source.subarray(at, from), Buffer.from(octets))
    at = to
  }
  return edits.length === 0 ? source : Buffer.concat([...pieces, source.subarray(at)])
}
