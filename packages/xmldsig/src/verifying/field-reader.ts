// The envelope of a document of a configured type, read from its canonical octets during the pass.
import { Fault, quote } from '@seg/core'
import { readCanonicalText } from '../c14n/canonical-text.ts'
import type { StartTag } from '../xml/start-tag.ts'
import type { DocumentObserver } from './document-pass.ts'
import {
  buildFieldTree,
  type DocumentType,
  deepestField,
  type FieldName,
  type FieldNode,
  fieldNames,
} from './document-type.ts'
import { type Envelope, envelopeOf } from './envelope.ts'

/** Four bytes for each character of the longest id. */
const FIELD_BYTES = 512

export class FieldReader implements DocumentObserver {
  readonly textDepth: number
  readonly unreportedDepth: number
  readonly #type: DocumentType
  /** The elements on the way to fields that are open, by their depth. */
  readonly #open: (FieldNode | undefined)[] = []
  readonly #seen = new Set<FieldNode>()
  /** Canonical text. */
  readonly #texts: Partial<Record<FieldName, string>> = {}
  readonly #attributes: Partial<Record<FieldName, string>> = {}
  #fieldBytes = 0
  #fault: Fault | undefined

  constructor(type: DocumentType) {
    this.#type = type
    this.textDepth = deepestField(type)
    this.unreportedDepth = this.textDepth + 2
  }

  startTag(tag: StartTag): void {
    if (tag.depth === 1) {
      this.#open[1] = buildFieldTree(this.#type)
      this.#readAttributes(tag)
      return
    }
    const parent = this.#open[tag.depth - 1]
    if (parent === undefined) return
    if (parent.field !== undefined) this.#refuse(`expected text only in ${nameOf(parent)}, found an element`)
    const node = parent.children.find(({ name, local }) => tag.isNamed(local, name.namespace))
    this.#open[tag.depth] = node
    if (node === undefined) return
    // A second one would be another place of the same field.
    if (this.#seen.has(node)) this.#refuse(`expected one ${nameOf(node)}, found another`)
    this.#seen.add(node)
    if (node.field === undefined) return
    this.#texts[node.field] = ''
    this.#fieldBytes = 0
  }

  endTag(depth: number): void {
    this.#open[depth] = undefined
  }

  text(depth: number, source: Buffer, from: number, to: number): void {
    const node = this.#open[depth]
    if (node?.field === undefined) return
    this.#fieldBytes += to - from
    if (this.#fieldBytes > FIELD_BYTES) this.#refuse(`${nameOf(node)} is longer than ${FIELD_BYTES} bytes`)
    else this.#texts[node.field] += source.toString('utf8', from, to)
  }

  signature(): void {}

  /** Throws the Fault `envelope-malformed` or `timestamp-malformed`. */
  read(): Envelope {
    if (this.#fault !== undefined) throw this.#fault
    return envelopeOf(this.#type.name, {
      id: this.#value('id'),
      senderId: this.#value('sender'),
      receiverId: this.#value('receiver'),
      timestamp: this.#value('timestamp'),
    })
  }

  #value(field: FieldName): string {
    const text = this.#texts[field]
    const value = text === undefined ? this.#attributes[field] : readCanonicalText(text)
    if (value !== undefined) return value
    throw malformed(`expected ${describeField(this.#type, field)}, found none in the ${this.#type.name}`)
  }

  #readAttributes(tag: StartTag): void {
    const { attributes, source } = tag
    for (const field of fieldNames) {
      const place = this.#type.fields?.[field]
      if (place === undefined || !('attribute' in place)) continue
      for (let i = 0; i < attributes.count; i++) {
        const name = source.toString('utf8', attributes.nameFrom[i]!, attributes.nameTo[i]!)
        if (name === place.attribute) this.#attributes[field] = tag.attributeValue(i)
      }
    }
  }

  #refuse(detail: string): void {
    this.#fault ??= malformed(detail)
  }
}

function malformed(detail: string): Fault {
  return new Fault('envelope-malformed', detail)
}

function nameOf({ name: { local, namespace } }: FieldNode): string {
  return `${local} in ${namespace === '' ? 'no namespace' : quote(namespace)}`
}

function describeField({ fields }: DocumentType, field: FieldName): string {
  const place = fields![field]
  if ('attribute' in place) return `an attribute ${place.attribute} of the document element`
  return place.path.map(({ local }) => local).join('/')
}
