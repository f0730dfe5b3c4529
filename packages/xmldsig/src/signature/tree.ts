// A small tree of a bounded piece of XML (a Signature, a receipt), to read values from it; never
// of a document.
import { readCanonicalText } from '../c14n/canonical-text.ts'
import { openScope, type SubtreeContext } from '../c14n/subtree.ts'
import type { Limits } from '../limits.ts'
import { DocumentInput } from '../xml/document-input.ts'
import { NO_NAMESPACE } from '../xml/namespaces.ts'
import type { StartTag } from '../xml/start-tag.ts'
import type { TokenHandler } from '../xml/token-handler.ts'

export type Attribute = { readonly uri: string; readonly local: string; readonly value: string }

export type Element = {
  readonly uri: string
  readonly local: string
  readonly attributes: readonly Attribute[]
  readonly children: readonly Element[]
  /** Character data directly in the element, its pieces joined. */
  readonly text: string
  /** [contentFrom, contentTo) of the octets stands between its tags. */
  readonly contentFrom: number
  readonly contentTo: number
}

type GrowingElement = Element & { children: Element[]; text: string; contentTo: number }

/** Reads a whole element; throws a Fault when it is not well-formed. */
export function readTree(octets: Uint8Array, limits: Limits, context?: SubtreeContext): Element {
  const builder = new TreeBuilder()
  const input = new DocumentInput(builder, limits, context && openScope(context))
  input.write(octets)
  input.end()
  return builder.root!
}

/** Builds the tree of the tokens that it gets. */
export class TreeBuilder implements TokenHandler {
  root: Element | undefined
  readonly #open: GrowingElement[] = []
  /** Octets before the input under way. */
  #offset = 0

  startTag(tag: StartTag): void {
    const element: GrowingElement = {
      uri: tag.uri,
      local: tag.source.toString('utf8', tag.localFrom, tag.nameTo),
      attributes: readAttributes(tag),
      children: [],
      text: '',
      contentFrom: this.#offset + tag.to,
      contentTo: 0,
    }
    this.#open.at(-1)?.children.push(element)
    this.#open.push(element)
  }

  endTag(_source: Buffer, from: number): void {
    const element = this.#open.pop()!
    element.contentTo = this.#offset + from
    this.root = element
  }

  text(source: Buffer, from: number, to: number): void {
    this.#open.at(-1)!.text += readCanonicalText(source.toString('utf8', from, to))
  }

  replacedText(octets: Buffer): void {
    this.#open.at(-1)!.text += readCanonicalText(octets.toString())
  }

  pause(_source: Buffer, to: number): void {
    this.#offset += to
  }
}

function readAttributes(tag: StartTag): Attribute[] {
  const { attributes, scope, source } = tag
  const found: Attribute[] = []
  for (let i = 0; i < attributes.count; i++) {
    const uri = attributes.binding[i] === NO_NAMESPACE ? '' : scope.uri(attributes.binding[i]!)
    found.push({
      uri,
      local: source.toString('utf8', attributes.localFrom[i]!, attributes.nameTo[i]!),
      value: tag.attributeValue(i),
    })
  }
  return found
}
