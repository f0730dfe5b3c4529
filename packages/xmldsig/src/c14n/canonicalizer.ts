// Canonical XML from tokens: Exclusive C14N 1.0 with a PrefixList, C14N 1.0 and 1.1, all without
// comments.
//
// Long because three methods differ in what they render of one state: the namespaces in scope.
import { EXCLUSIVE_C14N } from '../signature/algorithms.ts'
import { compareCodePoints, EQUALS, GREATER_THAN, LESS_THAN, QUOTE, SLASH, SPACE } from '../xml/characters.ts'
import { isRewritten, valueFrom, valueTo } from '../xml/fast/form-match.ts'
import { INSERTED_OCTETS, type Plan, type TagForm, type WrittenTag } from '../xml/fast/tag-form.ts'
import { NOT_TAKEN } from '../xml/fast/tag-recognizer.ts'
import {
  type Declaration,
  type NamespaceScope,
  NO_NAMESPACE,
  UNDECLARED,
  XML_BINDING,
  XML_NAMESPACE,
} from '../xml/namespaces.ts'
import { copyWords, NO_OCTETS, Octets, type ShortOctets } from '../xml/octet-words.ts'
import { copyShort } from '../xml/skip.ts'
import type { StartTag } from '../xml/start-tag.ts'
import type { ContentSink } from '../xml/token-handler.ts'
import { window, windowWords } from '../xml/window.ts'
import { GATHER_BYTES, type OctetWriter } from './octets.ts'
import { REWRITTEN_OCTETS, rewriteText, rewritten } from './rewritten-text.ts'
import { escapeValue, MOST_OCTETS, writeValue } from './value-octets.ts'

export type CanonicalizationMethod = {
  /** Identifier of the algorithm, one of the table of algorithms. */
  readonly algorithm: string
  readonly isExclusive: boolean
  /** Local names of the xml:* attributes that a subtree inherits. */
  readonly inherits: readonly string[]
  /**
   * Prefixes that Exclusive C14N treats as inclusive C14N does; '' is the default namespace
   * (#default).
   */
  readonly inclusivePrefixes: ReadonlySet<string>
}

export const exclusiveC14n: CanonicalizationMethod = {
  algorithm: EXCLUSIVE_C14N,
  isExclusive: true,
  inherits: [],
  inclusivePrefixes: new Set(),
}

/** Whether two methods give the same octets for every input. */
export function isSameMethod(a: CanonicalizationMethod, b: CanonicalizationMethod): boolean {
  if (a.algorithm !== b.algorithm || a.inclusivePrefixes.size !== b.inclusivePrefixes.size) return false
  for (const prefix of a.inclusivePrefixes) if (!b.inclusivePrefixes.has(prefix)) return false
  return true
}

/** An attribute of the xml namespace that an ancestor outside the subtree has. */
export type InheritedAttribute = { readonly local: string; readonly value: string }

const NO_ATTRIBUTES: readonly InheritedAttribute[] = []
const NO_MARKS: readonly number[] = []
/** Declarations of one tag, one behind the other; see `#joinFound`. */
const joined = { words: new DataView(new ArrayBuffer(INSERTED_OCTETS)), length: 0 }
const CLOSE_AND_END = Buffer.from('></')
const SPACE_OCTET = Buffer.from(' ')
const OPEN_VALUE = Buffer.from('="')
const CLOSE_VALUE = Buffer.from('"')

/**
 * Writes the canonical form of the tokens it is given; the first start tag it gets is the apex of
 * the subtree.
 */
export class Canonicalizer implements ContentSink {
  readonly kind: string
  readonly #method: CanonicalizationMethod
  readonly #octets: OctetWriter
  readonly #inherited: readonly InheritedAttribute[]
  #isAtApex = true
  // Depth at which the binding of each index was written for elements that are still open; 0: it
  // was not.
  readonly writtenAt: number[] = []
  // Indices of written bindings, in the order they were written.
  readonly #written: number[] = []
  #writtenCount = 0
  // Indices of the bindings that the tag under way declares; emptied by counting, which keeps the
  // memory.
  readonly #found: number[] = []
  #foundCount = 0

  constructor(method: CanonicalizationMethod, octets: OctetWriter, inherited: readonly InheritedAttribute[] = []) {
    this.#method = method
    this.kind = method.isExclusive ? ['exclusive', ...method.inclusivePrefixes].join(' ') : 'inclusive'
    this.#octets = octets
    this.#inherited = inherited.filter(attribute => method.inherits.includes(attribute.local))
    // Outside the apex there is no default namespace, and the prefix xml needs no declaration
    // (XML-C14N 2.3, Namespace Axis).
    this.writtenAt[NO_NAMESPACE] = -1
    this.writtenAt[XML_BINDING] = -1
  }

  startTag(tag: StartTag): void {
    const { scope, declaredFrom } = tag
    const bindings = scope.bindings.length
    for (let i = this.#isAtApex ? XML_BINDING + 1 : declaredFrom; i < bindings; i++) this.writtenAt[i] = 0
    const isSettled = declaredFrom === bindings && !this.#isAtApex && this.#isAllWritten(tag)
    if (isSettled && tag.isCanonical) this.#writeAsIs(tag)
    else this.#writeTag(tag, isSettled ? 0 : this.#findNamespaces(tag))
    this.#isAtApex = false
  }

  endTag(source: Buffer, from: number, to: number, isCanonical: boolean, depth: number): void {
    // An empty-element tag was written whole.
    if (!isCanonical) this.#writeSpacedEnd(source, from, to)
    else if (to > from) this.#octets.range(source, from, to)
    this.leave(depth)
  }

  hasWritten(depth: number): boolean {
    return this.#writtenCount > 0 && this.writtenAt[this.#written[this.#writtenCount - 1]!] === depth
  }

  leave(depth: number): void {
    while (this.hasWritten(depth)) {
      this.writtenAt[this.#written[--this.#writtenCount]!] = 0
    }
  }

  plan(form: TagForm, scope: NamespaceScope, depth: number, declaredFrom: number): WrittenTag {
    const before = this.#writtenCount
    this.#findOf(form, scope, depth, declaredFrom)
    const count = this.#foundCount
    const marks =
      count === 0 && this.#writtenCount === before ? NO_MARKS : this.#written.slice(before, this.#writtenCount)
    this.leave(depth)
    const isAsWritten = this.#isAsWritten(form, scope, declaredFrom)
    if (count === 0) return { isAsWritten, marks, inserted: NO_OCTETS }
    const declarations = this.#found.slice(0, count).map(i => declarationOf(scope.bindings[i]!))
    const inserted = count === 1 ? declarations[0]! : new Octets(Buffer.concat(declarations.map(({ bytes }) => bytes)))
    return { isAsWritten, marks, inserted }
  }

  writeAlone(
    form: TagForm,
    scope: NamespaceScope,
    depth: number,
    declaredFrom: number,
    runFrom: number,
    from: number,
    to: number,
  ): number {
    this.#findOf(form, scope, depth, declaredFrom)
    const isAsWritten = this.#isAsWritten(form, scope, declaredFrom)
    const inserted = this.#joinFound(scope)
    if (inserted.length > INSERTED_OCTETS) return NOT_TAKEN
    return this.#writeForm(form, isAsWritten, inserted, runFrom, from, to)
  }

  /** The bindings that a tag of this form must declare are found, and count as written. */
  #findOf({ element, attributes }: TagForm, scope: NamespaceScope, depth: number, declaredFrom: number): void {
    const bindings = scope.bindings.length
    for (let i = declaredFrom; i < bindings; i++) this.writtenAt[i] = 0
    this.#foundCount = 0
    this.#use(scope, depth, element.binding)
    for (let i = 0; i < attributes.length; i++) this.#use(scope, depth, attributes[i]!.binding)
    for (let i = declaredFrom; i < bindings; i++) this.#considerInclusive(scope, depth, i)
    if (this.#foundCount > 1) this.#sortFound(scope)
  }

  /** Whether what was found is what the tag declares, and the rest is canonical as written. */
  #isAsWritten(form: TagForm, { bindings }: NamespaceScope, declaredFrom: number): boolean {
    if (!form.isCanonical || this.#foundCount !== bindings.length - declaredFrom) return false
    for (let i = 0; i < this.#foundCount; i++) if (this.#found[i]! < declaredFrom) return false
    return true
  }

  /** The declarations found, one behind the other: good until the next call. */
  #joinFound({ bindings }: NamespaceScope): ShortOctets {
    if (this.#foundCount === 0) return NO_OCTETS
    if (this.#foundCount === 1) return declarationOf(bindings[this.#found[0]!]!)
    let length = 0
    for (let i = 0; i < this.#foundCount; i++) {
      const octets = declarationOf(bindings[this.#found[i]!]!)
      if (length + octets.length <= INSERTED_OCTETS) copyWords(octets.words, 0, octets.length, joined.words, length)
      length += octets.length
    }
    joined.length = length
    return joined
  }

  mark({ declaredFrom, marks }: Plan, scope: NamespaceScope, depth: number): void {
    const bindings = scope.bindings.length
    for (let i = declaredFrom; i < bindings; i++) this.writtenAt[i] = 0
    for (let i = 0; i < marks.length; i++) {
      const index = marks[i]!
      this.#written[this.#writtenCount++] = index
      this.writtenAt[index] = depth
    }
  }

  write(form: TagForm, runFrom: number, from: number, to: number): number {
    return this.#writeForm(form, form.plan.isAsWritten, form.plan.inserted, runFrom, from, to)
  }

  #writeForm(
    form: TagForm,
    isAsWritten: boolean,
    inserted: ShortOctets,
    runFrom: number,
    from: number,
    to: number,
  ): number {
    const octets = this.#octets
    if (isRewritten || !form.isCanonical) {
      this.#writeAttributes(form, inserted, runFrom, from, to)
      return to
    }
    let run = runFrom
    if (!isAsWritten) {
      octets.pieceBehind(run, from + form.nameLength, inserted)
      run = from + form.attributesFrom
    }
    if (!form.isEmpty) return run
    octets.pieceBehind(run, to - 2, form.emptyEnd)
    return to
  }

  /** The tag at [from, to), and before it what is canonical as it stands from `runFrom` on. */
  #writeAttributes(form: TagForm, inserted: ShortOctets, runFrom: number, from: number, to: number): void {
    const { names, order, closing, nameLength } = form
    const octets = this.#octets
    const { words } = octets
    const most = (isRewritten ? MOST_OCTETS : 1) * (to - from) + 2 * form.octets.length + closing.length
    let at = octets.beginBehind(runFrom, from + nameLength, most + inserted.length)
    at = copyWords(inserted.words, 0, inserted.length, words, at)
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      const value = order[i]!
      at = copyWords(name.words, 0, name.length, words, at)
      const begins = valueFrom[value]!
      const ends = valueTo[value]!
      at = isRewritten
        ? writeValue(window, begins, ends, words, at)
        : copyWords(windowWords, begins, ends - begins, words, at)
    }
    octets.end(copyWords(closing.words, 0, closing.length, words, at))
  }

  text(source: Buffer, from: number, to: number): void {
    this.#octets.range(source, from, to)
  }

  replacedText(octets: Buffer): void {
    this.#octets.piece(octets)
  }

  rewriteText(first: number, from: number, end: number, isCdata: boolean): number {
    const octets = this.#octets
    octets.end(rewriteText(first, from, end, isCdata, octets.words, octets.begin(REWRITTEN_OCTETS)))
    return rewritten.at
  }

  #writeSpacedEnd(source: Buffer, from: number, to: number): void {
    let nameTo = to - 1
    while (source[nameTo - 1]! <= 0x20) nameTo--
    this.#octets.range(source, from, nameTo)
    this.#octets.range(source, to - 1, to)
  }

  #isAllWritten({ binding, attributes }: StartTag): boolean {
    if (this.writtenAt[binding] === 0) return false
    for (let i = 0; i < attributes.count; i++) if (this.writtenAt[attributes.binding[i]!] === 0) return false
    return true
  }

  /**
   * Finds the bindings that this tag must declare, in canonical order; from here on they count as
   * written. Returns how many.
   */
  #findNamespaces(tag: StartTag): number {
    const { scope, attributes, depth, declaredFrom } = tag
    const { isExclusive, inclusivePrefixes } = this.#method
    this.#foundCount = 0
    if (isExclusive) {
      this.#use(scope, depth, tag.binding)
      for (let i = 0; i < attributes.count; i++) this.#use(scope, depth, attributes.binding[i]!)
    }
    if (!isExclusive || inclusivePrefixes.size > 0) {
      if (this.#isAtApex) for (const index of scope.inScope()) this.#considerInclusive(scope, depth, index)
      else for (let i = declaredFrom; i < scope.bindings.length; i++) this.#considerInclusive(scope, depth, i)
    }
    if (this.#foundCount > 1) this.#sortFound(scope)
    return this.#foundCount
  }

  #considerInclusive(scope: NamespaceScope, depth: number, index: number): void {
    const { isExclusive, inclusivePrefixes } = this.#method
    if (!isExclusive || inclusivePrefixes.has(scope.bindings[index]!.prefix)) this.#use(scope, depth, index)
  }

  #use(scope: NamespaceScope, depth: number, index: number): void {
    if (this.writtenAt[index] !== 0) return
    this.#written[this.#writtenCount++] = index
    this.writtenAt[index] = depth
    if (!this.#isInEffect(scope, index)) this.#found[this.#foundCount++] = index
  }

  #sortFound(scope: NamespaceScope): void {
    const found = this.#found
    for (let i = 1; i < this.#foundCount; i++) {
      const index = found[i]!
      const { prefix } = scope.bindings[index]!
      let to = i
      for (; to > 0 && compareCodePoints(scope.bindings[found[to - 1]!]!.prefix, prefix) > 0; to--)
        found[to] = found[to - 1]!
      found[to] = index
    }
  }

  /** Whether the nearest declaration of the prefix that was written says the same already. */
  #isInEffect(scope: NamespaceScope, index: number): boolean {
    const { uri } = scope.bindings[index]!
    let outer = scope.shadowedBy(index)
    while (outer !== UNDECLARED && this.writtenAt[outer] === 0) outer = scope.shadowedBy(outer)
    return outer !== UNDECLARED && scope.uri(outer) === uri
  }

  /** Writes a tag that declares the first `count` of the bindings found. */
  #writeTag(tag: StartTag, count: number): void {
    const inherited = this.#isAtApex ? this.#inherited : NO_ATTRIBUTES
    const declared = tag.scope.bindings.length - tag.declaredFrom
    const isCanonical = tag.isCanonical && inherited.length === 0
    if (isCanonical && declared === count && this.#isFoundHere(tag)) {
      this.#writeAsIs(tag)
      return
    }
    let most = MOST_OCTETS * (tag.to - tag.from) + tag.nameTo - tag.from
    for (let i = 0; i < count; i++) most += declarationOf(tag.scope.bindings[this.#found[i]!]!).length
    if (most > GATHER_BYTES || inherited.length > 0) this.#writePieces(tag, count, inherited)
    else this.#writeGathered(tag, count, isCanonical && declared === 0, most)
  }

  /**
   * One loop writes all of a tag, up to `most` octets: for a tag of common length that costs less
   * than a call for each part.
   */
  #writeGathered(tag: StartTag, count: number, isCanonicalBehindName: boolean, most: number): void {
    const { source, attributes } = tag
    const { gathered } = this.#octets
    let at = this.#octets.begin(most)
    at = copyShort(source, tag.from, tag.nameTo, gathered, at)
    for (let i = 0; i < count; i++) {
      const octets = declarationOf(tag.scope.bindings[this.#found[i]!]!)
      at = copyShort(octets.bytes, 0, octets.length, gathered, at)
    }
    if (isCanonicalBehindName) at = copyShort(source, tag.nameTo, tag.isEmpty ? tag.to - 2 : tag.to - 1, gathered, at)
    else for (let i = 0; i < attributes.count; i++) at = writeAttribute(tag, attributes.order[i]!, this.#octets, at)
    gathered[at++] = GREATER_THAN
    if (tag.isEmpty) {
      gathered[at++] = LESS_THAN
      gathered[at++] = SLASH
      at = copyShort(source, tag.from + 1, tag.nameTo, gathered, at)
      gathered[at++] = GREATER_THAN
    }
    this.#octets.end(at)
  }

  /** The same for a tag of any length, and one that inherits attributes. */
  #writePieces(tag: StartTag, count: number, inherited: readonly InheritedAttribute[]): void {
    this.#octets.range(tag.source, tag.from, tag.nameTo)
    for (let i = 0; i < count; i++) this.#octets.piece(declarationOf(tag.scope.bindings[this.#found[i]!]!).bytes)
    if (inherited.length > 0) this.#writeWithInherited(tag, inherited)
    else for (let i = 0; i < tag.attributes.count; i++) this.#writeAttribute(tag, tag.attributes.order[i]!)
    this.#finishTag(tag)
  }

  /** Whether the bindings found, as many as the tag declares, are those that it declares. */
  #isFoundHere(tag: StartTag): boolean {
    const declared = tag.scope.bindings.length - tag.declaredFrom
    for (let i = 0; i < declared; i++) if (this.#found[i]! < tag.declaredFrom) return false
    return true
  }

  /** Written as C14N would write it: the bytes themselves. */
  #writeAsIs(tag: StartTag): void {
    this.#octets.range(tag.source, tag.from, tag.isEmpty ? tag.to - 2 : tag.to)
    if (tag.isEmpty) this.#finishTag(tag)
  }

  /** An empty element is written as a start and an end tag (XML-C14N 2.3, Element Nodes). */
  #finishTag(tag: StartTag): void {
    if (!tag.isEmpty) {
      // The tag's own `>`, so that what follows it joins the range.
      this.#octets.range(tag.source, tag.to - 1, tag.to)
      return
    }
    this.#octets.piece(CLOSE_AND_END)
    this.#octets.range(tag.source, tag.from + 1, tag.nameTo)
    this.#octets.range(tag.source, tag.to - 1, tag.to)
  }

  #writeAttribute(tag: StartTag, i: number): void {
    const { nameFrom, nameTo, valueFrom, valueTo, isPlain, isCanonical } = tag.attributes
    if (isCanonical[i]) {
      this.#octets.range(tag.source, nameFrom[i]! - 1, valueTo[i]! + 1)
      return
    }
    this.#octets.piece(SPACE_OCTET)
    this.#octets.range(tag.source, nameFrom[i]!, nameTo[i]!)
    this.#octets.piece(OPEN_VALUE)
    if (isPlain[i]) this.#octets.range(tag.source, valueFrom[i]!, valueTo[i]!)
    else this.#octets.piece(Buffer.from(escapeValue(tag.attributeValue(i))))
    this.#octets.piece(CLOSE_VALUE)
  }

  /**
   * The apex with the xml:* attributes of its ancestors in their place among its own (XML-C14N
   * 2.4).
   */
  #writeWithInherited(tag: StartTag, inherited: readonly InheritedAttribute[]): void {
    const { attributes, scope, source } = tag
    const own = Array.from({ length: attributes.count }, (_, i) => ({
      uri: scope.uri(attributes.binding[i]!),
      local: source.toString('utf8', attributes.localFrom[i]!, attributes.nameTo[i]!),
      write: () => this.#writeAttribute(tag, i),
    }))
    const others = inherited
      .filter(({ local }) => !own.some(attribute => attribute.uri === XML_NAMESPACE && attribute.local === local))
      .map(({ local, value }) => ({
        uri: XML_NAMESPACE,
        local,
        write: () => this.#octets.piece(Buffer.from(` xml:${local}="${escapeValue(value)}"`)),
      }))
    const ordered = [...own, ...others].sort(
      (a, b) => compareCodePoints(a.uri, b.uri) || compareCodePoints(a.local, b.local),
    )
    for (const attribute of ordered) attribute.write()
  }
}

/** Writes attribute `i` among the gathered octets from `at` on; returns the index behind it. */
function writeAttribute(
  { source, attributes }: StartTag,
  i: number,
  { gathered: target, words }: OctetWriter,
  at: number,
): number {
  const { nameFrom, nameTo, valueFrom, valueTo, isPlain, isCanonical } = attributes
  if (isCanonical[i]) return copyShort(source, nameFrom[i]! - 1, valueTo[i]! + 1, target, at)
  let into = at
  target[into++] = SPACE
  into = copyShort(source, nameFrom[i]!, nameTo[i]!, target, into)
  target[into++] = EQUALS
  target[into++] = QUOTE
  into = isPlain[i]
    ? copyShort(source, valueFrom[i]!, valueTo[i]!, target, into)
    : writeValue(source, valueFrom[i]!, valueTo[i]!, words, into)
  target[into++] = QUOTE
  return into
}

/** The declaration as written, made once. */
function declarationOf(declaration: Declaration): Octets {
  const { prefix, uri } = declaration
  declaration.canonical ??= new Octets(
    Buffer.from(`${prefix === '' ? ' xmlns' : ` xmlns:${prefix}`}="${escapeValue(uri)}"`),
  )
  return declaration.canonical
}
