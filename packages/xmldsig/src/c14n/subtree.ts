// A subtree on its own: what it inherits from the elements around it, and its canonical form under
// any permitted method.

import type { Limits } from '../limits.ts'
import { DocumentInput } from '../xml/document-input.ts'
import { makeDeclaration, NamespaceScope, XML_BINDING } from '../xml/namespaces.ts'
import type { StartTag } from '../xml/start-tag.ts'
import type { TokenHandler } from '../xml/token-handler.ts'
import { type CanonicalizationMethod, Canonicalizer, type InheritedAttribute } from './canonicalizer.ts'
import { OctetWriter } from './octets.ts'

/**
 * What an element's descendants inherit: namespace declarations, outermost first, and xml:*
 * attributes.
 */
export type SubtreeContext = {
  readonly namespaces: readonly { readonly prefix: string; readonly uri: string }[]
  readonly xmlAttributes: readonly InheritedAttribute[]
}

/** The xml:* attributes of an element. */
export function readXmlAttributes(tag: StartTag): InheritedAttribute[] {
  const { attributes, source } = tag
  const found: InheritedAttribute[] = []
  for (let i = 0; i < attributes.count; i++) {
    if (attributes.binding[i] !== XML_BINDING) continue
    found.push({
      local: source.toString('utf8', attributes.localFrom[i]!, attributes.nameTo[i]!),
      value: tag.attributeValue(i),
    })
  }
  return found
}

/** The context in which `tag` stands, its own declarations left out. */
export function readContext(tag: StartTag, xmlAttributes: readonly InheritedAttribute[]): SubtreeContext {
  return { namespaces: tag.scope.bindings.slice(XML_BINDING + 1, tag.declaredFrom), xmlAttributes }
}

/** A scope in which the context's declarations are known already. */
export function openScope(context: SubtreeContext): NamespaceScope {
  const scope = new NamespaceScope()
  for (const { prefix, uri } of context.namespaces) scope.declare(makeDeclaration(prefix, uri))
  return scope
}

/**
 * Canonical octets of the first child of an element: `octets` is the element as written, `context`
 * what it inherits. `around` gets the tokens of the element; of that child only its tags.
 */
export function canonicalizeFirstChild(
  octets: Buffer,
  context: SubtreeContext,
  method: CanonicalizationMethod,
  limits: Limits,
  around?: TokenHandler,
): Buffer {
  const chunks: Buffer[] = []
  const writer = new OctetWriter(chunk => chunks.push(Buffer.from(chunk)))
  const handler = new FirstChild(new Canonicalizer(method, writer, context.xmlAttributes), writer, around)
  const input = new DocumentInput(handler, limits, openScope(context))
  input.write(octets)
  input.end()
  writer.finish()
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

class FirstChild implements TokenHandler {
  readonly #canonicalizer: Canonicalizer
  readonly #octets: OctetWriter
  readonly #around: TokenHandler | undefined
  #depth = 0
  #children = 0

  constructor(canonicalizer: Canonicalizer, octets: OctetWriter, around?: TokenHandler) {
    this.#canonicalizer = canonicalizer
    this.#octets = octets
    this.#around = around
  }

  startTag(tag: StartTag): void {
    this.#depth = tag.depth
    if (tag.depth === 2) this.#children++
    if (this.#isInside) this.#canonicalizer.startTag(tag)
    if (!this.#isInside || tag.depth === 2) this.#around?.startTag(tag)
  }

  endTag(source: Buffer, from: number, to: number, isCanonical: boolean, depth: number): void {
    if (this.#isInside) this.#canonicalizer.endTag(source, from, to, isCanonical, depth)
    if (!this.#isInside || depth === 2) this.#around?.endTag(source, from, to, isCanonical, depth)
    this.#depth = depth - 1
  }

  text(source: Buffer, from: number, to: number): void {
    if (this.#isInside) this.#canonicalizer.text(source, from, to)
    else this.#around?.text(source, from, to)
  }

  replacedText(octets: Buffer, source: Buffer, from: number, to: number): void {
    if (this.#isInside) this.#canonicalizer.replacedText(octets)
    else this.#around?.replacedText(octets, source, from, to)
  }

  pause(): void {
    this.#octets.settle()
  }

  get #isInside(): boolean {
    return this.#depth >= 2 && this.#children === 1
  }
}
