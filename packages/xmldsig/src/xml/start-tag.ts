// One start tag: its name, attributes and namespace declarations, checked; as ranges of the input,
// without a string for each.
//
// Long because a tag is one state that the reading of its name, attributes and declarations shares.

import type { Limits } from '../limits.ts'
import { AttributeColumns } from './attributes.ts'
import {
  AMPERSAND,
  APOSTROPHE,
  CR,
  EQUALS,
  GREATER_THAN,
  isNonCharacter,
  LAST_BMP_LEAD,
  LESS_THAN,
  LF,
  QUOTE,
  SLASH,
  SPACE,
  TAB,
} from './characters.ts'
import { isName, isReservedName, readName } from './names.ts'
import {
  type NamespaceScope,
  NO_NAMESPACE,
  shareDeclaration,
  UNDECLARED,
  XML_NAMESPACE,
  XMLNS_NAMESPACE,
} from './namespaces.ts'
import { encodedLength, normalizeValue, readReference } from './references.ts'
import { INCOMPLETE, refuse } from './refusal.ts'
import { NOTHING, skipSpace, skipValue } from './skip.ts'
import { isAbsoluteUri } from './uri.ts'

export const XMLNS = Buffer.from('xmlns')
const allowedXmlNames = ['xml:lang', 'xml:space', 'xml:id'].map(name => Buffer.from(name))

/** The tag under way: one object of the tokenizer, filled for each. Indices are into `source`. */
export class StartTag {
  source = NOTHING
  /** Index of `<`. */
  from = 0
  /** Index behind `>`. */
  to = 0
  /** The name is [from + 1, nameTo). */
  nameTo = 0
  localFrom = 0
  /** Depth of the element; the document element is 1. */
  depth = 0
  /** Whether it is an empty-element tag, `<a/>`. */
  isEmpty = false
  /** Index of the binding of the element's namespace. */
  binding = NO_NAMESPACE
  /** Bindings from this index on are declared by this tag. */
  declaredFrom = 0
  /**
   * Whether the tag is written as C14N would write it, if its namespace declarations are the ones
   * to be written.
   */
  isCanonical = true
  /**
   * Whether there may be line ends in it: white space other than one space, or a value that is not
   * plain.
   */
  mayHoldLines = false
  readonly attributes: AttributeColumns
  readonly scope: NamespaceScope
  /** Declarations as written, until they are in scope. */
  readonly declarations: AttributeColumns

  readonly #limits: Limits
  /** Whether the value read last is plain. */
  #isPlain = true
  readonly #name = { colon: -1 }
  readonly #reference = { code: 0 }

  constructor(scope: NamespaceScope, limits: Limits) {
    this.scope = scope
    this.#limits = limits
    this.attributes = new AttributeColumns()
    this.declarations = new AttributeColumns()
  }

  /** The namespace URI of the element; '' for none. */
  get uri(): string {
    return this.scope.uri(this.binding)
  }

  isNamed(local: Uint8Array, uri: string): boolean {
    return isName(this.source, this.localFrom, this.nameTo, local) && this.uri === uri
  }

  /** The value of attribute `i`, normalized (XML 1.0 3.3.3). */
  attributeValue(i: number): string {
    const { valueFrom, valueTo, isPlain } = this.attributes
    if (isPlain[i]) return this.source.toString('utf8', valueFrom[i]!, valueTo[i]!)
    return normalizeValue(this.source, valueFrom[i]!, valueTo[i]!)
  }

  /** Fills the tag from one of a name and nothing else, which the tokenizer has read already. */
  setPlain(source: Buffer, from: number, to: number, colon: number, binding: number): void {
    this.source = source
    this.from = from
    this.to = to
    this.nameTo = to - 1
    this.localFrom = colon < 0 ? from + 1 : colon + 1
    this.isEmpty = false
    this.binding = binding
    this.declaredFrom = this.scope.bindings.length
    this.isCanonical = true
    this.attributes.count = 0
    this.declarations.count = 0
  }

  /**
   * Reads the tag whose `<` is at `from`; returns the index behind its `>`, or INCOMPLETE. Its
   * declarations are in scope from here.
   */
  read(source: Buffer, from: number, end: number): number {
    this.source = source
    this.from = from
    this.isCanonical = true
    this.isEmpty = false
    this.attributes.count = 0
    this.declarations.count = 0
    const nameTo = readName(source, from + 1, end, this.#limits.nameBytes, this.#name)
    if (nameTo === INCOMPLETE) return INCOMPLETE
    this.nameTo = nameTo
    const colon = this.#name.colon
    this.localFrom = colon < 0 ? from + 1 : colon + 1
    if (isReservedName(source, from + 1))
      refuse('xml-name', from + 1, 'the name of an element begins with the letters xml')
    const to = this.#readAttributes(end)
    if (to === INCOMPLETE) return INCOMPLETE
    this.to = to
    this.mayHoldLines = !this.isCanonical
    this.#bind(colon)
    return to
  }

  #readAttributes(end: number): number {
    const source = this.source
    let at = this.nameTo
    for (;;) {
      const name = skipSpace(source, at, end)
      if (name === end) return INCOMPLETE
      const byte = source[name]!
      if (byte === GREATER_THAN) {
        if (name !== at) this.isCanonical = false
        return name + 1
      }
      if (byte === SLASH) {
        if (name + 1 === end) return INCOMPLETE
        if (source[name + 1] !== GREATER_THAN) refuse('xml-malformed', name, 'expected ">" after "/" in a tag')
        if (name !== at) this.isCanonical = false
        this.isEmpty = true
        return name + 2
      }
      if (name === at) refuse('xml-malformed', name, 'expected white space, ">" or "/>" in a tag')
      at = this.#readAttribute(name, end, name - at === 1 && source[at] === SPACE)
      if (at === INCOMPLETE) return INCOMPLETE
    }
  }

  #readAttribute(name: number, end: number, isSpaced: boolean): number {
    const source = this.source
    const nameTo = readName(source, name, end, this.#limits.nameBytes, this.#name)
    if (nameTo === INCOMPLETE) return INCOMPLETE
    const columns = this.#columnsFor(name, nameTo)
    // The default namespace's declaration has an empty local part, so that it sorts first (XML-C14N
    // 2.2).
    const localFrom = columns === this.declarations ? nameTo : name
    columns.add(name, this.#name.colon < 0 ? localFrom : this.#name.colon + 1, nameTo)
    const equals = skipSpace(source, nameTo, end)
    if (equals === end) return INCOMPLETE
    if (source[equals] !== EQUALS) refuse('xml-malformed', equals, 'expected "=" after the name of an attribute')
    const open = skipSpace(source, equals + 1, end)
    if (open === end) return INCOMPLETE
    const quote = source[open]!
    if (quote !== QUOTE && quote !== APOSTROPHE) refuse('xml-malformed', open, 'expected a quoted value after "="')
    const close = this.#readValue(open, end)
    if (close === INCOMPLETE) return INCOMPLETE
    const isCanonical = this.#isPlain && isSpaced && open - nameTo === 1 && quote === QUOTE
    if (!isCanonical) this.isCanonical = false
    columns.setValue(open + 1, close, this.#isPlain, isCanonical)
    return close + 1
  }

  /**
   * Namespace declarations and attributes are two things (Namespaces in XML 3); each has its own
   * limit.
   */
  #columnsFor(name: number, nameTo: number): AttributeColumns {
    const source = this.source
    const { colon } = this.#name
    const isDeclaration = isName(source, name, colon < 0 ? nameTo : colon, XMLNS)
    if (!isDeclaration && isReservedName(source, name) && !isAllowedXmlName(source, name, nameTo)) {
      refuse(
        'xml-name',
        name,
        'the name of an attribute begins with the letters xml, and is none of xml:lang, xml:space, xml:id, xmlns',
      )
    }
    const columns = isDeclaration ? this.declarations : this.attributes
    const limit = isDeclaration ? this.#limits.namespaces + 1 : this.#limits.attributes
    if (columns.count === limit) {
      const what = isDeclaration ? `${this.#limits.namespaces} namespace declarations` : `${limit} attributes`
      refuse('xml-limit', name, `an element has more than ${what}`)
    }
    if (isDeclaration && this.attributes.count > 0) this.isCanonical = false
    return columns
  }

  /**
   * Reads the value whose opening quote is at `open`; returns the index of the closing one, or
   * INCOMPLETE.
   */
  #readValue(open: number, end: number): number {
    const source = this.source
    const quote = source[open]!
    const limit = this.#limits.valueBytes
    // Bytes by which the value as written is longer than the normalized one.
    let surplus = 0
    let isPlain = true
    let at = open + 1
    for (;;) {
      at = skipValue(source, at, end)
      if (at - open - 1 - surplus > limit)
        refuse('xml-limit', open, `the value of an attribute is longer than ${limit} bytes`)
      if (at >= end) return INCOMPLETE
      const byte = source[at]!
      if (byte === quote) break
      if (byte === QUOTE) isPlain = false
      else if (byte === TAB || byte === LF) isPlain = false
      else if (byte === CR) {
        isPlain = false
        if (source[at + 1] === LF) surplus++
      } else if (byte === AMPERSAND) {
        const behind = readReference(source, at, end, this.#reference)
        if (behind === INCOMPLETE) return INCOMPLETE
        isPlain = false
        surplus += behind - at - encodedLength(this.#reference.code)
        at = behind
        continue
      } else if (byte === LAST_BMP_LEAD) checkCharacter(source, at)
      else if (byte !== APOSTROPHE) refuseInValue(byte, at)
      at++
    }
    this.#isPlain = isPlain
    return at
  }

  /** Puts the declarations in scope, then resolves every prefix of the tag. */
  #bind(colon: number): void {
    const { source, scope, attributes } = this
    this.declaredFrom = scope.bindings.length
    this.#declare()
    this.binding = colon < 0 ? scope.defaultIndex : this.#find(this.from + 1, colon)
    for (let i = 0; i < attributes.count; i++) {
      const localFrom = attributes.localFrom[i]!
      const nameFrom = attributes.nameFrom[i]!
      if (localFrom !== nameFrom) attributes.binding[i] = this.#find(nameFrom, localFrom - 1)
    }
    if (!attributes.sort(source, scope)) this.isCanonical = false
  }

  #find(from: number, to: number): number {
    const index = this.scope.find(this.source, from, to)
    if (index === UNDECLARED) refuse('xml-namespace', from, 'a prefix is not declared')
    return index
  }

  #declare(): void {
    const { source, scope } = this
    const columns = this.declarations
    if (!columns.sort(source, scope)) this.isCanonical = false
    for (let i = 0; i < columns.count; i++) {
      const nameFrom = columns.nameFrom[i]!
      const prefix = source.toString('utf8', columns.localFrom[i]!, columns.nameTo[i]!)
      const uri = normalizeValue(source, columns.valueFrom[i]!, columns.valueTo[i]!)
      checkDeclaration(prefix, uri, nameFrom)
      if (prefix === 'xml') this.isCanonical = false
      else scope.declare(shareDeclaration(prefix, uri))
    }
    if (scope.size > this.#limits.namespaces)
      refuse('xml-limit', this.from, `more than ${this.#limits.namespaces} namespaces are in scope`)
  }
}

function checkDeclaration(prefix: string, uri: string, at: number): void {
  const fault = findFault(prefix, uri)
  if (fault !== undefined) refuse('xml-namespace', at, fault)
}

/**
 * What is wrong with a declaration. Namespaces in XML 1.0, section 3, "Reserved Prefixes and
 * Namespace Names", and 2.2: relative URIs are deprecated, here refused.
 */
export function findFault(prefix: string, uri: string): string | undefined {
  if (prefix === 'xmlns') return 'the prefix xmlns must not be declared'
  if ((prefix === 'xml') !== (uri === XML_NAMESPACE))
    return 'the prefix xml and its namespace belong to each other only'
  if (uri === XMLNS_NAMESPACE) return 'the namespace of xmlns must not be declared'
  if (uri === '' && prefix !== '') return 'a prefix cannot be undeclared'
  if (uri !== '' && !isAbsoluteUri(uri)) return 'a namespace name is no absolute URI (RFC 3986)'
  return undefined
}

/** Whether the name at [from, to), which begins with the letters xml, may be an attribute's. */
export function isAllowedXmlName(source: Uint8Array, from: number, to: number): boolean {
  return allowedXmlNames.some(allowed => isName(source, from, to, allowed))
}

/** Refuses U+FFFE and U+FFFF; `at` is a byte EF of valid UTF-8. */
export function checkCharacter(source: Uint8Array, at: number): void {
  if (isNonCharacter(source, at)) refuse('xml-malformed', at, 'U+FFFE and U+FFFF are not XML characters')
}

function refuseInValue(byte: number, at: number): never {
  if (byte === LESS_THAN) refuse('xml-malformed', at, 'the value of an attribute has a "<"')
  return refuse('xml-malformed', at, `the control character ${byte} is not an XML character`)
}
