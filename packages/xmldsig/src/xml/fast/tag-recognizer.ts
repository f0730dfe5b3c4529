// A faster reader for start tags in the form that nearly all have. It never refuses: what it does
// not take is left to `StartTag.read`.

import type { Limits } from '../../limits.ts'
import { type AttributeColumns, DUPLICATE, IN_ORDER } from '../attributes.ts'
import {
  AMPERSAND,
  APOSTROPHE,
  COLON,
  CR,
  EQUALS,
  GREATER_THAN,
  HASH,
  isNonCharacter,
  LAST_BMP_LEAD,
  LF,
  nameStartByte,
  QUOTE,
  SLASH,
  SPACE,
  spaceByte,
  TAB,
} from '../characters.ts'
import { findName, isName, isReservedName } from '../names.ts'
import { type Declaration, shareDeclaration, UNDECLARED } from '../namespaces.ts'
import { encodedLength, findReference } from '../references.ts'
import { INCOMPLETE } from '../refusal.ts'
import { skipName, skipSpace, skipValue } from '../skip.ts'
import { findFault, isAllowedXmlName, type StartTag, XMLNS } from '../start-tag.ts'
import { findKnown, remember } from './known-declarations.ts'

/**
 * What the recognizer returns for a tag that it leaves to `StartTag.read`: refused there, or read,
 * or cut off by the input's end.
 */
export const NOT_TAKEN = -1

export class TagRecognizer {
  readonly #tag: StartTag
  readonly #limits: Limits
  readonly #name = { colon: -1 }
  readonly #reference = { code: 0 }
  // Of the value read last.
  #isPlain = true
  #isCanonical = true
  /** Bytes by which it is longer as written than normalized. */
  #surplus = 0

  constructor(tag: StartTag, limits: Limits) {
    this.#tag = tag
    this.#limits = limits
  }

  /**
   * Reads the tag whose `<` is at `from`, and whose name ends at `nameTo`, into the tag; its
   * declarations are in scope from here. Returns the index behind its `>`, or NOT_TAKEN.
   */
  read(source: Buffer, from: number, nameTo: number, colon: number, end: number): number {
    const tag = this.#tag
    tag.source = source
    tag.from = from
    tag.nameTo = nameTo
    tag.localFrom = colon < 0 ? from + 1 : colon + 1
    tag.isEmpty = false
    tag.isCanonical = true
    tag.mayHoldLines = false
    tag.attributes.count = 0
    tag.declarations.count = 0
    const to = this.#readAttributes(source, nameTo, end)
    if (to === NOT_TAKEN) return NOT_TAKEN
    tag.to = to
    return this.#bind(source, colon) ? to : NOT_TAKEN
  }

  #readAttributes(source: Buffer, from: number, end: number): number {
    const tag = this.#tag
    let at = from
    for (;;) {
      let isSpaced = true
      let name = at + 1
      if (name >= end) return NOT_TAKEN
      if (source[at] !== SPACE || spaceByte[source[name]!] === 1) {
        name = skipSpace(source, at, end)
        if (name >= end) return NOT_TAKEN
        isSpaced = false
        if (name > at) tag.mayHoldLines = true
      }
      const byte = source[name]!
      if (byte === GREATER_THAN || byte === SLASH) {
        if (name > at) tag.isCanonical = false
        if (byte === GREATER_THAN) return name + 1
        tag.isEmpty = true
        return name + 1 < end && source[name + 1] === GREATER_THAN ? name + 2 : NOT_TAKEN
      }
      if (name === at) return NOT_TAKEN
      at = this.#readAttribute(source, name, end, isSpaced)
      if (at === NOT_TAKEN || at >= end) return NOT_TAKEN
    }
  }

  #readAttribute(source: Buffer, name: number, end: number, isSpaced: boolean): number {
    const tag = this.#tag
    const stop = Math.min(end, name + this.#limits.nameBytes + 1)
    const first = source[name]!
    let nameTo = skipName(source, name, stop)
    // Not a name of ASCII characters without prefix.
    if (nameTo >= stop || nameStartByte[first] !== 1 || source[nameTo] === COLON || source[nameTo]! >= 0x80) {
      nameTo = findName(source, name, end, this.#limits.nameBytes, this.#name)
      if (nameTo === INCOMPLETE) return NOT_TAKEN
    } else this.#name.colon = -1
    const columns = this.#columnsFor(source, name, nameTo)
    if (columns === undefined) return NOT_TAKEN
    const isDeclaration = columns === tag.declarations
    const { colon } = this.#name
    columns.add(name, colon < 0 ? (isDeclaration ? nameTo : name) : colon + 1, nameTo)
    let open = nameTo + 1
    let isTight = true
    if (open >= end) return NOT_TAKEN
    if (source[nameTo] !== EQUALS || spaceByte[source[open]!] === 1) {
      isTight = false
      tag.mayHoldLines = true
      const equals = skipSpace(source, nameTo, end)
      if (equals >= end || source[equals] !== EQUALS) return NOT_TAKEN
      open = skipSpace(source, equals + 1, end)
      if (open >= end) return NOT_TAKEN
    }
    const quote = source[open]!
    if (quote !== QUOTE && quote !== APOSTROPHE) return NOT_TAKEN
    let close = skipValue(source, open + 1, end)
    this.#isPlain = true
    this.#isCanonical = true
    this.#surplus = 0
    if (close < end && source[close] !== quote) close = this.#readRest(source, close, end, quote)
    if (close >= end || close < 0 || close - open - 1 - this.#surplus > this.#limits.valueBytes) return NOT_TAKEN
    const isCanonical = isSpaced && isTight && quote === QUOTE && this.#isCanonical
    if (!isCanonical) tag.isCanonical = false
    columns.setValue(open + 1, close, this.#isPlain, isCanonical)
    return close + 1
  }

  /**
   * The rest of a value from `from`, where a run of plain characters ends before the closing quote.
   * Returns the index of that, or NOT_TAKEN.
   */
  #readRest(source: Buffer, from: number, end: number, quote: number): number {
    let at = from
    for (;;) {
      const byte = source[at]!
      if (byte === quote) return at
      if (byte === AMPERSAND) {
        const behind = findReference(source, at, end, this.#reference)
        if (behind < 0) return NOT_TAKEN
        this.#isPlain = false
        this.#surplus += behind - at - encodedLength(this.#reference.code)
        if (!isCanonicalInValue(source, at, behind)) this.#isCanonical = false
        at = behind
      } else if (byte === LAST_BMP_LEAD) {
        if (isNonCharacter(source, at)) return NOT_TAKEN
        at += 3
      } else if (byte === APOSTROPHE) at++
      else if (byte === QUOTE || byte === TAB || byte === LF || byte === CR) {
        this.#isPlain = false
        this.#isCanonical = false
        if (byte !== QUOTE) this.#tag.mayHoldLines = true
        if (byte === CR && at + 1 < end && source[at + 1] === LF) this.#surplus++
        at++
      } else return NOT_TAKEN
      at = skipValue(source, at, end)
      if (at >= end) return NOT_TAKEN
    }
  }

  #columnsFor(source: Buffer, name: number, nameTo: number): AttributeColumns | undefined {
    const tag = this.#tag
    if (isReservedName(source, name)) {
      const { colon } = this.#name
      if (isName(source, name, colon < 0 ? nameTo : colon, XMLNS)) {
        if (tag.attributes.count > 0) tag.isCanonical = false
        return tag.declarations.count <= this.#limits.namespaces ? tag.declarations : undefined
      }
      if (!isAllowedXmlName(source, name, nameTo)) return undefined
    }
    return tag.attributes.count < this.#limits.attributes ? tag.attributes : undefined
  }

  /**
   * Puts the declarations in scope and resolves every prefix; false, and nothing declared, when the
   * tag is to be left.
   */
  #bind(source: Buffer, colon: number): boolean {
    const tag = this.#tag
    const { scope, attributes, declarations } = tag
    const declaredFrom = scope.bindings.length
    tag.declaredFrom = declaredFrom
    if ((declarations.count === 0 || this.#declare(source)) && this.#resolve(source, colon)) {
      if (attributes.count === 0) return true
      const order = attributes.settleOrder(source, scope)
      if (order !== IN_ORDER) tag.isCanonical = false
      if (order !== DUPLICATE) return true
    }
    scope.restore(declaredFrom)
    return false
  }

  #resolve(source: Buffer, colon: number): boolean {
    const { scope, attributes, from } = this.#tag
    const binding = colon < 0 ? scope.defaultIndex : scope.find(source, from + 1, colon)
    if (binding === UNDECLARED) return false
    this.#tag.binding = binding
    for (let i = 0; i < attributes.count; i++) {
      const localFrom = attributes.localFrom[i]!
      const nameFrom = attributes.nameFrom[i]!
      if (localFrom === nameFrom) continue
      const found = scope.find(source, nameFrom, localFrom - 1)
      if (found === UNDECLARED) return false
      attributes.binding[i] = found
    }
    return true
  }

  #declare(source: Buffer): boolean {
    const tag = this.#tag
    const { scope, declarations } = tag
    const order = declarations.settleOrder(source, scope)
    if (order === DUPLICATE) return false
    if (order !== IN_ORDER) tag.isCanonical = false
    for (let i = 0; i < declarations.count; i++) {
      const declaration = readDeclaration(source, declarations, i)
      if (declaration === undefined) return false
      scope.declare(declaration)
    }
    return scope.size <= this.#limits.namespaces
  }
}

/** Declaration `i`; undefined for one that `StartTag` must check. */
function readDeclaration(source: Buffer, columns: AttributeColumns, i: number): Declaration | undefined {
  if (!columns.isPlain[i]) return undefined
  const [from, to] = [columns.nameFrom[i]!, columns.valueTo[i]! + 1]
  const known = findKnown(source, from, to)
  if (known !== undefined) return known
  const prefix = source.toString('utf8', columns.localFrom[i]!, columns.nameTo[i]!)
  const uri = source.toString('utf8', columns.valueFrom[i]!, columns.valueTo[i]!)
  if (prefix === 'xml' || findFault(prefix, uri) !== undefined) return undefined
  const declaration = shareDeclaration(prefix, uri)
  remember(source, from, to, declaration)
  return declaration
}

/**
 * Whether the reference at [from, to) is written as C14N writes it in a value: `&amp;`, `&lt;`,
 * `&quot;`, `&#x9;`, `&#xA;` or `&#xD;`.
 */
function isCanonicalInValue(source: Buffer, from: number, to: number): boolean {
  const first = source[from + 1]!
  if (first !== HASH) return first === 0x6c || first === 0x71 || (first === 0x61 && to - from === 5)
  const digit = source[from + 3]!
  return to - from === 5 && source[from + 2] === 0x78 && (digit === 0x39 || digit === 0x41 || digit === 0x44)
}
