// The content of elements as nearly all is written, read faster: never refuses, and leaves to the
// tokenizer what it does not take.

import { bracketsBefore, canonicalCharacter, isCanonicalReference, textEscapes } from '../../c14n/text-octets.ts'
import type { Limits } from '../../limits.ts'
import { compareOctets } from '../attributes.ts'
import {
  AMPERSAND,
  COLON,
  CR,
  EQUALS,
  GREATER_THAN,
  isNonCharacter,
  LAST_BMP_LEAD,
  LESS_THAN,
  LF,
  nameStartByte,
  QUOTE,
  SLASH,
  SPACE,
} from '../characters.ts'
import type { ElementTeller } from '../element-teller.ts'
import type { LineCounter } from '../line-counter.ts'
import { findName, isReservedName } from '../names.ts'
import { UNDECLARED } from '../namespaces.ts'
import { findReference } from '../references.ts'
import { STARVED } from '../refusal.ts'
import { skipName, skipValue, WideView } from '../skip.ts'
import type { StartTag } from '../start-tag.ts'
import type { TokenHandler } from '../token-handler.ts'
import { NOT_TAKEN, TagRecognizer } from './tag-recognizer.ts'

/**
 * A seam for tests, which compare the verdicts with and without: the tokenizer alone must say the
 * same.
 */
export const fastPath = { isOn: true }

export class FastContent {
  /** Right square brackets, up to two, with which what was read last ends. */
  brackets = 0
  readonly #handler: TokenHandler
  readonly #tag: StartTag
  readonly #elements: ElementTeller
  readonly #lines: LineCounter
  readonly #limits: Limits
  readonly #recognizer: TagRecognizer
  readonly #reference = { code: 0 }
  readonly #view = new WideView()
  readonly #name = { colon: -1 }
  /** Whether the element of the tag read last was opened, and nobody need be told of it. */
  #isSkimmed = false
  #skipsAttributes = true

  constructor(handler: TokenHandler, tag: StartTag, elements: ElementTeller, lines: LineCounter, limits: Limits) {
    this.#handler = handler
    this.#tag = tag
    this.#elements = elements
    this.#lines = lines
    this.#limits = limits
    this.#recognizer = new TagRecognizer(tag, limits)
  }

  /**
   * Takes tags and character data from the `<` at `from` on. Returns the index behind what it took.
   */
  read(source: Buffer, from: number, end: number): number {
    const handler = this.#handler
    const elements = this.#elements
    const { stack } = elements
    const lines = this.#lines
    let at = from
    // [runFrom, at) is taken, canonical as it stands, and not handed on; [rawFrom, at) is character
    // data without a reference.
    let runFrom = from
    let rawFrom = from
    const view = this.#view
    if (view.source !== source) view.open(source)
    while (at + 1 < end && source[at] === LESS_THAN) {
      let next: number
      if (source[at + 1] === SLASH) {
        next = this.#findEndTag(source, at, end)
        if (next === NOT_TAKEN) break
        if (stack.isReported) {
          if (at > runFrom) handler.text(source, runFrom, at)
          elements.close(source, at, next, true)
          runFrom = next
        } else stack.pop()
      } else {
        if (stack.depth === this.#limits.depth) break
        next = this.#readStartTag(source, at, end)
        if (next === NOT_TAKEN) break
        if (!this.#isSkimmed) {
          if (at > runFrom) handler.text(source, runFrom, at)
          next = elements.open(source, next)
          runFrom = next
        }
      }
      at = next
      rawFrom = next
      if (stack.depth === 0) break
      for (;;) {
        at = view.skipText(at, end)
        if (at === end) break
        const byte = source[at]!
        if (byte === LESS_THAN) break
        if (byte === LF) lines.endLine(at++)
        else if (byte === LAST_BMP_LEAD) {
          if (isNonCharacter(source, at)) break
          at += 3
        } else if (byte === AMPERSAND) {
          const behind = findReference(source, at, end, this.#reference)
          if (behind < 0) break
          if (!isCanonicalReference(source, at, behind)) {
            if (at > runFrom) handler.text(source, runFrom, at)
            handler.replacedText(canonicalCharacter(this.#reference.code), source, at, behind)
            runFrom = behind
          }
          at = behind
          rawFrom = behind
        } else if (byte === CR) {
          if (at + 1 >= end || source[at + 1] !== LF) break
          if (at > runFrom) handler.text(source, runFrom, at)
          at++
          runFrom = at
          rawFrom = at
        } else if (byte === GREATER_THAN && bracketsBefore(source, rawFrom, at, 0) < 2) {
          if (at > runFrom) handler.text(source, runFrom, at)
          handler.replacedText(textEscapes.get(GREATER_THAN)!, source, at, at + 1)
          at++
          runFrom = at
          rawFrom = at
        } else break
      }
    }
    if (at > runFrom) handler.text(source, runFrom, at)
    this.brackets = bracketsBefore(source, rawFrom, at, 0)
    return at
  }

  /**
   * The index behind a start tag, or NOT_TAKEN. Opens the element if nobody need be told of it;
   * else the tag is filled, and it is to be opened.
   */
  #readStartTag(source: Buffer, from: number, end: number): number {
    const stop = Math.min(end, from + 1 + this.#limits.nameBytes)
    let colon = -1
    let nameTo = skipName(source, from + 1, stop)
    if (nameTo + 1 < stop && source[nameTo] === COLON && nameStartByte[source[nameTo + 1]!] === 1) {
      colon = nameTo
      nameTo = skipName(source, nameTo + 2, stop)
    }
    // A name of other letters, or none.
    if (
      nameTo >= stop ||
      source[nameTo]! >= 0x80 ||
      source[nameTo] === COLON ||
      nameStartByte[source[from + 1]!] !== 1
    ) {
      nameTo = findName(source, from + 1, end, this.#limits.nameBytes, this.#name)
      if (nameTo === STARVED) return NOT_TAKEN
      colon = this.#name.colon
    }
    if (isReservedName(source, from + 1)) return NOT_TAKEN
    const { scope } = this.#tag
    const isPlain = source[nameTo] === GREATER_THAN
    if (isPlain || this.#skipsAttributes) {
      const binding = colon < 0 ? scope.defaultIndex : scope.find(source, from + 1, colon)
      const isSettled = binding !== UNDECLARED && this.#elements.skims(binding)
      const close = isPlain ? nameTo : isSettled ? this.#skipAttributes(source, nameTo, end) : NOT_TAKEN
      if (isSettled && close !== NOT_TAKEN) {
        this.#isSkimmed = true
        this.#elements.stack.pushName(from + 1, nameTo, scope.bindings.length, false)
        return close + 1
      }
      if (isPlain) {
        if (binding === UNDECLARED) return NOT_TAKEN
        this.#isSkimmed = false
        this.#tag.setPlain(source, from, nameTo + 1, end, colon, binding)
        return nameTo + 1
      }
    }
    const next = this.#recognizer.read(source, from, nameTo, colon, end)
    if (next === NOT_TAKEN) return NOT_TAKEN
    if (this.#tag.mayHoldLines) this.#lines.count(source, next)
    this.#isSkimmed = this.#elements.skim()
    // Tags of one kind come together: the shorter way is tried where it was enough last.
    this.#skipsAttributes = this.#isSkimmed
    return next
  }

  /**
   * Attributes as most are written: no prefixes, in order, values plain. Returns the index of the
   * tag's `>`.
   */
  #skipAttributes(source: Buffer, from: number, end: number): number {
    const { nameBytes, valueBytes, attributes } = this.#limits
    let at = from
    let lastFrom = 0
    let lastTo = 0
    for (let count = 0; at + 1 < end && source[at] === SPACE && count < attributes; count++) {
      const name = at + 1
      const first = source[name]!
      if (nameStartByte[first] === 0 || (first | 0x20) === 0x78) return NOT_TAKEN
      const equals = skipName(source, name + 1, end)
      if (equals + 1 >= end || equals - name > nameBytes || source[equals] !== EQUALS || source[equals + 1] !== QUOTE)
        return NOT_TAKEN
      if (count > 0 && compareOctets(source, lastFrom, lastTo, name, equals) >= 0) return NOT_TAKEN
      const close = skipValue(source, equals + 2, end)
      if (close >= end || source[close] !== QUOTE || close - equals - 2 > valueBytes) return NOT_TAKEN
      lastFrom = name
      lastTo = equals
      at = close + 1
    }
    return at < end && source[at] === GREATER_THAN ? at : NOT_TAKEN
  }

  /** The index behind the innermost element's end tag, written without white space. */
  #findEndTag(source: Buffer, at: number, end: number): number {
    const nameTo = this.#elements.stack.findName(this.#view, at + 2, end)
    return nameTo === STARVED || nameTo >= end || source[nameTo] !== GREATER_THAN ? NOT_TAKEN : nameTo + 1
  }
}
