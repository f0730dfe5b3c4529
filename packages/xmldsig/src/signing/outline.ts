// Where things stand in a document that is to be signed: one pass, in constant memory.

import { readCanonicalText } from '../c14n/canonical-text.ts'
import { defaultLimits } from '../limits.ts'
import { type DocumentType, defaultTypes } from '../verifying/document-type.ts'
import { findType } from '../verifying/typed-envelope.ts'
import { DocumentInput } from '../xml/document-input.ts'
import { DSIG_NAMESPACE } from '../xml/namespaces.ts'
import type { StartTag } from '../xml/start-tag.ts'
import type { TokenHandler } from '../xml/token-handler.ts'
import { FieldOutline } from './field-outline.ts'
import { isPlaceholder, type Range, TEXT_BYTES } from './placeholder.ts'

export type Outline = {
  /** Whether the document element has a Signature among its children. */
  readonly isSigned: boolean
  /** Behind the document element's name. */
  readonly rootNameTo: number
  /** The value of its id, without quotes or tags. */
  readonly idValue: Range | undefined
  /** Whether an id that is missing may be added, as the attribute id. */
  readonly takesId: boolean
  /**
   * TimestampForSignature, or where it is missing; undefined when there is a time already, or no
   * place for one.
   */
  readonly openTimestamp: OpenTimestamp | undefined
  /** The text of ReceiverID; whether it is the id of a gateway is not looked at. */
  readonly receiverId: string | undefined
}

/** Where an element is to stand, behind an indent, or the text alone of a type with other names. */
export type OpenTimestamp = Range & ({ readonly indent: string } | { readonly isText: true })

const SIGNATURE = Buffer.from('Signature')
const REPORT_CHILDREN = 3

/**
 * `write` each piece, then `end`. Both throw a Fault `xml-…` for a document outside the profile;
 * comments pass where they are to be left out.
 */
export class OutlineReader implements TokenHandler {
  unreportedDepth = REPORT_CHILDREN
  readonly leftOut?: NonNullable<TokenHandler['leftOut']>
  readonly #types: readonly DocumentType[]
  readonly #input: DocumentInput
  /** Of a document of a configured type. */
  #fields: FieldOutline | undefined
  /** Bytes of the document before the input under way. */
  #offset = 0
  #depth = 0
  #isSigned = false
  #rootNameTo = 0
  #idValue: Range | undefined
  #child = ''
  #childFrom = 0
  /** White space before the child; none where something else stands there. */
  #indent = ''
  /** What the children said last; a document with two of a kind is refused when it is signed. */
  #timestamp: (Range & { readonly isOpen: boolean }) | undefined
  #senderTo = 0
  #receiver: (Range & { readonly indent: string; readonly text: string }) | undefined
  /**
   * Character data since the last tag of the document element or a child, up to TEXT_BYTES and one
   * more.
   */
  #text = ''

  constructor({
    stripComments = false,
    types = defaultTypes,
  }: {
    stripComments?: boolean
    types?: readonly DocumentType[] | undefined
  } = {}) {
    this.#types = types
    if (stripComments) this.leftOut = () => this.#restartIndent()
    this.#input = new DocumentInput(this, defaultLimits)
  }

  write(chunk: Uint8Array): void {
    this.#input.write(chunk)
  }

  end(): Outline {
    this.#input.end()
    return {
      isSigned: this.#isSigned,
      rootNameTo: this.#rootNameTo,
      idValue: this.#fields === undefined ? this.#idValue : this.#fields.id,
      takesId: this.#fields === undefined,
      openTimestamp: this.#openTimestamp(),
      receiverId: this.#receiverId(),
    }
  }

  startTag(tag: StartTag): void {
    this.#depth = tag.depth
    if (tag.depth === 1) this.#readRoot(tag)
    this.#fields?.startTag(tag, this.#offset)
    if (tag.depth === 2) this.#readChild(tag)
    else if (tag.depth === 3) this.#addText('<')
  }

  endTag(_source: Buffer, from: number, to: number, _isCanonical: boolean, depth: number): void {
    this.#depth = depth - 1
    this.#fields?.endTag(this.#offset + from, depth)
    if (depth === 2) this.#closeChild(this.#offset + to)
  }

  text(source: Buffer, from: number, to: number): void {
    this.#fields?.text(this.#depth, source.toString('latin1', from, Math.min(to, from + TEXT_BYTES + 1)))
    if (this.#depth <= 2 && this.#text.length <= TEXT_BYTES)
      this.#addText(source.toString('latin1', from, Math.min(to, from + TEXT_BYTES + 1)))
  }

  replacedText(octets: Buffer): void {
    this.#fields?.text(this.#depth, octets.toString('latin1'))
    if (this.#depth <= 2) this.#addText(octets.toString('latin1'))
  }

  pause(_source: Buffer, to: number): void {
    this.#offset += to
  }

  #readRoot(tag: StartTag): void {
    const { count, nameFrom, nameTo, valueFrom, valueTo } = tag.attributes
    this.#rootNameTo = this.#offset + tag.nameTo
    const local = tag.source.toString('utf8', tag.localFrom, tag.nameTo)
    const type = findType(this.#types, { local, namespace: tag.uri })
    if (type?.fields !== undefined) {
      this.#fields = new FieldOutline(type)
      this.unreportedDepth = this.#fields.textDepth + 2
    }
    for (let i = 0; i < count; i++) {
      if (tag.source.toString('latin1', nameFrom[i], nameTo[i]) !== 'id') continue
      this.#idValue = { from: this.#offset + valueFrom[i]!, to: this.#offset + valueTo[i]! }
    }
  }

  #readChild(tag: StartTag): void {
    if (tag.isNamed(SIGNATURE, DSIG_NAMESPACE)) this.#isSigned = true
    this.#child = tag.source.toString('utf8', tag.localFrom, tag.nameTo)
    this.#childFrom = this.#offset + tag.from
    this.#indent = this.#text.length <= TEXT_BYTES && this.#text.trim() === '' ? this.#text : ''
    this.#text = ''
  }

  #closeChild(to: number): void {
    const isOpen = isPlaceholder(this.#text)
    if (this.#child === 'TimestampForSignature') this.#timestamp = { from: this.#childFrom, to, isOpen }
    if (this.#child === 'SenderID') this.#senderTo = to
    if (this.#child === 'ReceiverID')
      this.#receiver = { from: this.#childFrom, to, indent: this.#indent, text: this.#text }
    this.#text = ''
  }

  #addText(text: string): void {
    if (this.#text.length <= TEXT_BYTES) this.#text += text
  }

  /** What is left out in front of a child is no part of its indent. */
  #restartIndent(): void {
    if (this.#depth === 1) this.#text = ''
  }

  #receiverId(): string | undefined {
    const text = this.#fields === undefined ? this.#receiver?.text : this.#fields.receiver
    if (text === undefined || text.length > TEXT_BYTES) return undefined
    // Canonical octets were gathered, one a character.
    return readCanonicalText(Buffer.from(text, 'latin1').toString())
  }

  /** A missing timestamp goes behind ReceiverID, indented as that is. */
  #openTimestamp(): OpenTimestamp | undefined {
    if (this.#fields !== undefined) {
      const open = this.#fields.openTimestamp
      return open && { ...open, isText: true }
    }
    const [timestamp, receiver] = [this.#timestamp, this.#receiver]
    if (timestamp !== undefined)
      return timestamp.isOpen ? { from: timestamp.from, to: timestamp.to, indent: '' } : undefined
    if (this.#senderTo === 0 || receiver === undefined || receiver.from < this.#senderTo) return undefined
    return { from: receiver.to, to: receiver.to, indent: receiver.indent }
  }
}
