// A strict tokenizer over bytes: XML 1.0 fifth edition without DTD, comments and processing
// instructions, namespaces well-formed. Bytes that are canonical as they stand are passed on as
// ranges of the input, not copied.
//
// Long because one loop over the input decides what comes next, and each production stands beside
// the others that it may turn out to be.

import type { FaultCode } from '@seg/core'
import { bracketsBefore, canonicalCharacter, isCanonicalReference, LINE_END, textEscapes } from '../c14n/text-octets.ts'
import type { Limits } from '../limits.ts'
import {
  AMPERSAND,
  CR,
  codePointAt,
  EXCLAMATION,
  GREATER_THAN,
  LAST_BMP_LEAD,
  LESS_THAN,
  LF,
  QUESTION,
  RIGHT_BRACKET,
  SLASH,
  sequenceLength,
  spaceByte,
} from './characters.ts'
import { findEndTagClose, MOST_DEPTH } from './element-stack.ts'
import { FastContent, fastPath } from './fast/fast-content.ts'
import { readComment, readInstruction } from './left-out.ts'
import { LineCounter } from './line-counter.ts'
import { isReservedName } from './names.ts'
import { NamespaceScope } from './namespaces.ts'
import { OpenElements } from './open-elements.ts'
import { readReference } from './references.ts'
import { INCOMPLETE, refuse } from './refusal.ts'
import { skipCdata, skipText } from './skip.ts'
import { checkCharacter, StartTag } from './start-tag.ts'
import type { TokenHandler } from './token-handler.ts'
import { window } from './window.ts'
import { readXmlDeclaration } from './xml-declaration.ts'

type State = 'start' | 'declaration' | 'outside' | 'content' | 'cdata'

const COMMENT = Buffer.from('<!--')
const DOCTYPE = Buffer.from('<!DOCTYPE')
const CDATA = Buffer.from('<![CDATA[')
const BYTE_ORDER_MARK = 0xfeff

export class Tokenizer {
  readonly scope: NamespaceScope
  readonly #handler: TokenHandler
  readonly #limits: Limits
  readonly #tag: StartTag
  readonly #reference = { code: 0 }
  #state: State = 'start'
  #isIncomplete = false
  #sawRoot = false
  readonly elements: OpenElements
  readonly #fast: FastContent
  /**
   * Right square brackets, up to two, with which the character data before this input ends: `]]>`
   * may be cut anywhere.
   */
  #brackets = 0
  readonly #lines = new LineCounter()

  constructor(handler: TokenHandler, limits: Limits, scope = new NamespaceScope()) {
    if (limits.depth >= MOST_DEPTH) throw new TypeError(`expected a limit on depth below ${MOST_DEPTH}`)
    this.#handler = handler
    this.#limits = limits
    this.scope = scope
    this.#tag = new StartTag(scope, limits)
    this.elements = new OpenElements(handler, this.#tag, scope, this.#lines)
    this.#fast = new FastContent(handler, this.#tag, this.elements, this.#lines, limits)
  }

  /** Whether the document element has been closed. */
  get isComplete(): boolean {
    return this.#sawRoot && this.elements.stack.depth === 0
  }

  /**
   * Takes the tokens that are whole in `source` up to `end`, whose first byte is at `offset` of the
   * document; returns the index behind them.
   */
  run(source: Buffer, end: number, offset: number): number {
    this.#lines.beginInput(offset)
    this.elements.inputEnd = end
    this.#isIncomplete = false
    let at = 0
    while (at < end && !this.#isIncomplete) at = this.#step(source, at, end)
    this.#lines.endInput(source, at)
    this.elements.stack.keepNames(source)
    return at
  }

  /** The position of index `at` of the input under way, for messages. */
  describePlace(source: Buffer, at: number): string {
    return this.#lines.describePlace(source, at)
  }

  #step(source: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case 'content':
        return this.#readContent(source, at, end)
      case 'cdata':
        return this.#readCdata(source, at, end)
      case 'outside':
        return this.#readOutside(source, at, end)
      case 'declaration':
        return this.#readDeclaration(source, at, end)
      case 'start':
        return this.#readByteOrderMark(source, at)
    }
  }

  #leaveIncomplete(at: number): number {
    this.#isIncomplete = true
    return at
  }

  #readByteOrderMark(source: Buffer, at: number): number {
    this.#state = 'declaration'
    // It cannot be cut off: the input ends with a whole character.
    return source[at] === LAST_BMP_LEAD && codePointAt(source, at) === BYTE_ORDER_MARK
      ? at + sequenceLength(LAST_BMP_LEAD)
      : at
  }

  #readDeclaration(source: Buffer, at: number, end: number): number {
    // XML 1.0 appendix F: a zero byte in front means UTF-16 or UTF-32 without a byte order mark.
    if (source[at] !== 0 && at + 1 === end) return this.#leaveIncomplete(at)
    if (source[at] === 0 || source[at + 1] === 0) refuse('xml-encoding', at, 'the document looks like UTF-16 or UTF-32')
    const next = readXmlDeclaration(source, at, end)
    if (next === INCOMPLETE) return this.#leaveIncomplete(at)
    this.#lines.count(source, next)
    this.#state = 'outside'
    return next
  }

  /** Before and behind the document element: white space only. */
  #readOutside(source: Buffer, from: number, end: number): number {
    let at = from
    while (at < end && spaceByte[source[at]!] === 1) at++
    this.#lines.count(source, at)
    if (at === end) return at
    if (source[at] !== LESS_THAN) refuse('xml-malformed', at, 'character data stands outside the document element')
    const next = this.#readMarkup(source, at, end)
    return next === INCOMPLETE ? this.#leaveIncomplete(at) : next
  }

  /** The content of an element, up to its end or the end of the input. */
  #readContent(source: Buffer, from: number, end: number): number {
    let at = from
    while (this.#state === 'content') {
      const behindFast = this.#brackets === 0 && isFast(source) ? this.#readFast(at, end) : at
      const markup = behindFast > at ? behindFast : this.#readText(source, at, end)
      if (markup === end || this.#isIncomplete) return markup
      if (markup > at) {
        at = markup
        continue
      }
      const next = this.#readMarkup(source, at, end)
      if (next === INCOMPLETE) return this.#leaveIncomplete(at)
      at = next
    }
    return at
  }

  #readFast(from: number, end: number): number {
    const at = this.#fast.read(from, end)
    if (at > from) this.#brackets = this.#fast.brackets
    if (this.#fast.isInCdata) this.#state = 'cdata'
    if (this.elements.stack.depth === 0) this.#state = 'outside'
    return at
  }

  /** Character data up to the next `<` (or up to what this input does not hold whole). */
  #readText(source: Buffer, from: number, end: number): number {
    let at = from
    // [runFrom, at) is canonical as it stands; [rawFrom, at) has no reference and no line end in
    // it.
    let runFrom = from
    let rawFrom = from
    for (;;) {
      at = skipText(source, at, end)
      if (at === end) break
      const byte = source[at]!
      if (byte === LESS_THAN) break
      if (byte === LF) {
        this.#lines.endLine(at++)
        continue
      }
      if (byte === LAST_BMP_LEAD) {
        checkCharacter(source, at)
        at += 3
        continue
      }
      let next: number
      if (byte === AMPERSAND) {
        next = readReference(source, at, end, this.#reference)
        if (next === INCOMPLETE) break
        if (isCanonicalReference(source, at, next)) {
          this.#brackets = 0
          at = next
          rawFrom = next
          continue
        }
      } else next = at + 1
      if (byte === CR && next === end) break
      if (byte === GREATER_THAN && bracketsBefore(source, rawFrom, at, this.#brackets) >= 2)
        refuse('xml-malformed', at, '"]]>" stands in character data')
      if (at > runFrom) this.#handler.text(source, runFrom, at)
      if (byte === AMPERSAND) this.#handler.replacedText(canonicalCharacter(this.#reference.code), source, at, next)
      else if (byte === GREATER_THAN) this.#handler.replacedText(textEscapes.get(GREATER_THAN)!, source, at, next)
      else if (byte === CR) this.#readCarriageReturn(source, at)
      else refuseControl(byte, at)
      this.#brackets = 0
      at = next
      runFrom = next
      rawFrom = next
    }
    if (at > runFrom) this.#handler.text(source, runFrom, at)
    const isAtMarkup = at < end && source[at] === LESS_THAN
    this.#brackets = isAtMarkup ? 0 : bracketsBefore(source, rawFrom, at, this.#brackets)
    if (at < end && !isAtMarkup) this.#isIncomplete = true
    return at
  }

  /** Line ends (XML 1.0 2.11): CR LF and a lone CR are read as LF. */
  #readCarriageReturn(source: Buffer, at: number): void {
    if (source[at + 1] === LF) return
    this.#lines.endLine(at)
    this.#handler.replacedText(LINE_END, source, at, at + 1)
  }

  #readCdata(source: Buffer, from: number, end: number): number {
    const behindFast = isFast(source) ? this.#fast.continueCdata(from, end) : from
    if (behindFast > from) {
      if (!this.#fast.isInCdata) this.#state = 'content'
      return behindFast
    }
    let at = from
    let runFrom = from
    for (;;) {
      at = skipCdata(source, at, end)
      if (at === end) break
      const byte = source[at]!
      if (byte === RIGHT_BRACKET) {
        if (at + 1 === end || (source[at + 1] === RIGHT_BRACKET && at + 2 === end)) {
          this.#isIncomplete = true
          break
        }
        if (source[at + 1] === RIGHT_BRACKET && source[at + 2] === GREATER_THAN) {
          this.#state = 'content'
          break
        }
        at++
      } else if (byte === LF) this.#lines.endLine(at++)
      else if (byte === LAST_BMP_LEAD) {
        checkCharacter(source, at)
        at += 3
      } else {
        if (byte === CR && at + 1 === end) {
          this.#isIncomplete = true
          break
        }
        if (at > runFrom) this.#handler.text(source, runFrom, at)
        const octets = textEscapes.get(byte)
        if (byte === CR) this.#readCarriageReturn(source, at)
        else if (octets === undefined) refuseControl(byte, at)
        else this.#handler.replacedText(octets, source, at, at + 1)
        at++
        runFrom = at
      }
    }
    if (at > runFrom) this.#handler.text(source, runFrom, at)
    return this.#state === 'content' ? at + 3 : at
  }

  /** What begins with the `<` at `at`; returns the index behind it, or INCOMPLETE. */
  #readMarkup(source: Buffer, at: number, end: number): number {
    if (at + 1 === end) return INCOMPLETE
    const byte = source[at + 1]!
    if (byte === SLASH) return this.#readEndTag(source, at, end)
    if (byte === EXCLAMATION) return this.#readDeclarationMarkup(source, at, end)
    if (byte === QUESTION) return this.#readInstruction(source, at, end)
    return this.#readStartTag(source, at, end)
  }

  #readDeclarationMarkup(source: Buffer, at: number, end: number): number {
    const isComment = matchAt(source, at, end, COMMENT)
    const isDoctype = matchAt(source, at, end, DOCTYPE)
    const isCdata = matchAt(source, at, end, CDATA)
    if (isComment > at) {
      this.#refuseUnlessLeftOut('xml-comment', at, 'comments are not allowed: a signature does not cover them')
      return this.#leaveOut(source, at, readComment(source, isComment, end))
    }
    if (isDoctype > at) refuse('xml-doctype', at, 'a document type declaration is not allowed')
    if (isComment === INCOMPLETE || isDoctype === INCOMPLETE || isCdata === INCOMPLETE) return INCOMPLETE
    if (isCdata === at || this.#state !== 'content')
      refuse('xml-malformed', at, 'expected an element, character data or an end tag')
    this.#state = 'cdata'
    return isCdata
  }

  #readInstruction(source: Buffer, at: number, end: number): number {
    // Enough of it to recognize an XML declaration out of place (its target is reserved, XML 1.0
    // 2.6).
    if (at + 6 > end && /^<\?(x(ml?)?)?$/i.test(source.toString('latin1', at, end))) return INCOMPLETE
    const isDeclaration =
      isReservedName(source, at + 2) && (spaceByte[source[at + 5]!] === 1 || source[at + 5] === QUESTION)
    if (isDeclaration) refuse('xml-malformed', at, 'an XML declaration stands elsewhere than at the very start')
    this.#refuseUnlessLeftOut('xml-processing-instruction', at, 'processing instructions are not allowed')
    return this.#leaveOut(source, at, readInstruction(source, at + 2, end, this.#limits.nameBytes))
  }

  #refuseUnlessLeftOut(code: FaultCode, at: number, detail: string): void {
    if (this.#handler.leftOut === undefined) refuse(code, at, detail)
  }

  #leaveOut(source: Buffer, at: number, to: number): number {
    if (to === INCOMPLETE) return INCOMPLETE
    this.#handler.leftOut!(source, at, to)
    this.#lines.count(source, to)
    return to
  }

  #readStartTag(source: Buffer, at: number, end: number): number {
    if (this.#state !== 'content' && this.#sawRoot) refuse('xml-malformed', at, 'a second document element')
    if (this.elements.stack.depth === this.#limits.depth)
      refuse('xml-limit', at, `elements are nested deeper than ${this.#limits.depth}`)
    const next = this.#tag.read(source, at, end)
    if (next === INCOMPLETE) return INCOMPLETE
    if (this.#tag.mayHoldLines) this.#lines.count(source, next)
    this.#sawRoot = true
    const behind = this.elements.open(source, next)
    this.#state = this.elements.stack.depth === 0 ? 'outside' : 'content'
    return behind
  }

  #readEndTag(source: Buffer, at: number, end: number): number {
    const { stack } = this.elements
    if (stack.depth === 0) refuse('xml-malformed', at, 'an end tag without its start tag')
    const nameTo = stack.matchName(source, at + 2, end, at)
    if (nameTo === INCOMPLETE || nameTo >= end) return INCOMPLETE
    const close = findEndTagClose(source, nameTo, end, at)
    if (close === INCOMPLETE) return INCOMPLETE
    if (close > nameTo) this.#lines.count(source, close)
    this.elements.end(source, at, nameTo, close + 1)
    if (stack.depth === 0) this.#state = 'outside'
    return close + 1
  }
}

/** Whether the fast path may be taken. */
function isFast(source: Buffer): boolean {
  return fastPath.isOn && source === window
}

/**
 * The index behind `literal` when it stands at `at`, `at` when it does not, INCOMPLETE when the
 * input ends too early.
 */
function matchAt(source: Buffer, at: number, end: number, literal: Buffer): number {
  for (let i = 0; i < literal.length; i++) {
    if (at + i === end) return INCOMPLETE
    if (source[at + i] !== literal[i]) return at
  }
  return at + literal.length
}

function refuseControl(byte: number, at: number): never {
  return refuse('xml-malformed', at, `the control character ${byte} is not an XML character`)
}
