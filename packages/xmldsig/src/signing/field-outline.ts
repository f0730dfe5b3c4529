// Where id and time of a document of a configured type stand, and whom it is for.
import {
  buildFieldTree,
  type DocumentType,
  deepestField,
  type FieldName,
  type FieldNode,
} from '../verifying/document-type.ts'
import type { StartTag } from '../xml/start-tag.ts'
import { isPlaceholder, type Range, TEXT_BYTES } from './placeholder.ts'

/** What the document has; one with two of a kind is refused when it is signed. */
export class FieldOutline {
  readonly textDepth: number
  readonly #type: DocumentType
  readonly #open: (FieldNode | undefined)[] = []
  readonly #ranges: Partial<Record<FieldName, Range>> = {}
  readonly #texts: Partial<Record<FieldName, string>> = {}
  #from = 0

  constructor(type: DocumentType) {
    this.#type = type
    this.textDepth = deepestField(type)
  }

  get id(): Range | undefined {
    return this.#ranges.id
  }

  /** The time, where it is the placeholder or empty. */
  get openTimestamp(): Range | undefined {
    return isPlaceholder(this.#texts.timestamp ?? 'none') ? this.#ranges.timestamp : undefined
  }

  /** Its canonical text, an octet each character; undefined when there is none, or too much. */
  get receiver(): string | undefined {
    const text = this.#texts.receiver
    return text === undefined || text.length > TEXT_BYTES ? undefined : text
  }

  startTag(tag: StartTag, offset: number): void {
    if (tag.depth === 1) {
      this.#open[1] = buildFieldTree(this.#type)
      this.#readAttributes(tag, offset)
      return
    }
    const parent = this.#open[tag.depth - 1]
    const node = parent?.children.find(({ name, local }) => tag.isNamed(local, name.namespace))
    this.#open[tag.depth] = node
    if (node?.field === undefined) return
    this.#texts[node.field] = ''
    this.#from = offset + tag.to
  }

  endTag(from: number, depth: number): void {
    const field = this.#open[depth]?.field
    this.#open[depth] = undefined
    // An empty-element tag has no place for text.
    if (field !== undefined && from >= this.#from) this.#ranges[field] = { from: this.#from, to: from }
  }

  text(depth: number, text: string): void {
    const field = this.#open[depth]?.field
    if (field === undefined) return
    const before = this.#texts[field]!
    if (before.length <= TEXT_BYTES) this.#texts[field] = before + text
  }

  #readAttributes(tag: StartTag, offset: number): void {
    const { count, nameFrom, nameTo, valueFrom, valueTo } = tag.attributes
    for (const field of ['id', 'timestamp', 'receiver'] as const) {
      const place = this.#type.fields?.[field]
      if (place === undefined || !('attribute' in place)) continue
      for (let i = 0; i < count; i++) {
        if (tag.source.toString('utf8', nameFrom[i], nameTo[i]) !== place.attribute) continue
        this.#ranges[field] = { from: offset + valueFrom[i]!, to: offset + valueTo[i]! }
        this.#texts[field] = octetsOf(tag.attributeValue(i))
      }
    }
  }
}

/** As text of an element is gathered. */
function octetsOf(value: string): string {
  return Buffer.from(value.replaceAll('&', '&amp;')).toString('latin1')
}
