// A strict tokenizer over bytes: XML 1.0 fifth edition without DTD, comments and processing instructions, namespaces well-formed.
// Bytes that are canonical as they stand are handed on as ranges of the input, not copied.

import type { FaultCode } from '@seg/core'
import {
  AMPERSAND,
  COLON,
  CR,
  codePointAt,
  EXCLAMATION,
  GREATER_THAN,
  LAST_BMP_LEAD,
  LESS_THAN,
  LF,
  nameStartByte,
  QUESTION,
  RIGHT_BRACKET,
  SLASH,
  sequenceLength,
  spaceByte,
  textStop,
} from './characters.ts'
import { ElementStack, findEndTagClose } from './element-stack.ts'
import { readComment, readInstruction } from './left-out.ts'
import type { Limits } from './limits.ts'
import { LineCounter } from './line-counter.ts'
import { isReservedName } from './names.ts'
import { NamespaceScope, UNDECLARED } from './namespaces.ts'
import { readReference } from './references.ts'
import { refuse, STARVED } from './refusal.ts'
import { skipName, skipText } from './skip.ts'
import { checkCharacter, StartTag } from './start-tag.ts'
import { readXmlDeclaration } from './xml-declaration.ts'

/** What a document is made of. Indices are into `source`, whose bytes are good until `pause` returns. */
export interface TokenHandler {
  /** `tag` is filled anew for each. */
  startTag(tag: StartTag): void
  /** `</name>` at [from, to) of the element at `depth`, without white space when `isTidy`; for an empty-element tag from === to. */
  endTag(source: Buffer, from: number, to: number, isTidy: boolean, depth: number): void
  /** Character data that is canonical as it stands. */
  text(source: Buffer, from: number, to: number): void
  /** Character data whose canonical form is other `octets` than those at [from, to). */
  replacedText(octets: Buffer, source: Buffer, from: number, to: number): void
  /**
   * Elements at this depth or deeper need not be told when they have no attributes and `isSettled` says yes to their namespace's binding: their
   * tags come as `text`, canonical as they stand. Asked anew after each call. A handler without it is told of all.
   */
  readonly skimDepth?: number
  isSettled?(binding: number): boolean
  /**
   * A comment or processing instruction [from, to). A handler without this method gets none: they are refused, since a signature does not cover
   * comments and no application may act on instructions.
   */
  leftOut?(source: Buffer, from: number, to: number): void
  /** The input under way ends at `to`; the bytes from there on come again at the start of the next. */
  pause(source: Buffer, to: number): void
}

/** The `skimDepth` of a handler that is to be told of every element. */
export const SKIM_NOTHING = 0x3fffffff

type State = 'start' | 'declaration' | 'outside' | 'content' | 'cdata'

const COMMENT = Buffer.from('<!--')
const DOCTYPE = Buffer.from('<!DOCTYPE')
const CDATA = Buffer.from('<![CDATA[')
const BYTE_ORDER_MARK = 0xfeff
const LINE_END = Buffer.from('\n')
const TAG_END = Buffer.from('>')

// What C14N writes for these characters in text (XML-C14N 2.3, Text Nodes).
const escapes = new Map([
  [AMPERSAND, Buffer.from('&amp;')],
  [LESS_THAN, Buffer.from('&lt;')],
  [GREATER_THAN, Buffer.from('&gt;')],
  [CR, Buffer.from('&#xD;')],
])

export class Tokenizer {
  readonly scope: NamespaceScope
  readonly #handler: TokenHandler
  readonly #limits: Limits
  readonly #tag: StartTag
  readonly #reference = { code: 0 }
  #state: State = 'start'
  #isStarved = false
  #sawRoot = false
  readonly #stack = new ElementStack()
  // Elements at this depth or deeper are skimmed, those of the default namespace only if it is settled.
  #skimDepth = SKIM_NOTHING
  #skimsDefault = false
  // Of the plain start tag matched last: where its colon is (-1: no prefix), and its namespace.
  #plainColon = -1
  #plainBinding = 0
  /** Right square brackets, up to two, with which the character data before this input ends: `]]>` may be cut anywhere. */
  #brackets = 0
  readonly #lines = new LineCounter()

  constructor(handler: TokenHandler, limits: Limits, scope = new NamespaceScope()) {
    this.#handler = handler
    this.#limits = limits
    this.scope = scope
    this.#tag = new StartTag(scope, limits)
  }

  /** Whether the document element has been closed. */
  get isComplete(): boolean {
    return this.#sawRoot && this.#stack.depth === 0
  }

  /** Takes the tokens that are whole in `source` up to `end`, whose first byte is at `offset` of the document; returns the index behind them. */
  run(source: Buffer, end: number, offset: number): number {
    this.#lines.beginInput(offset)
    this.#isStarved = false
    let at = 0
    while (at < end && !this.#isStarved) at = this.#step(source, at, end)
    this.#lines.endInput(source, at)
    return at
  }

  /** Where index `at` of the input under way stands, in words. */
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

  #starve(at: number): number {
    this.#isStarved = true
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
    if (source[at] !== 0 && at + 1 === end) return this.#starve(at)
    if (source[at] === 0 || source[at + 1] === 0) refuse('xml-encoding', at, 'the document looks like UTF-16 or UTF-32')
    const next = readXmlDeclaration(source, at, end)
    if (next === STARVED) return this.#starve(at)
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
    return next === STARVED ? this.#starve(at) : next
  }

  /** The content of an element, up to its end or the end of the input. */
  #readContent(source: Buffer, from: number, end: number): number {
    let at = from
    while (this.#state === 'content') {
      at = this.#readText(source, at, end)
      if (at === end || this.#isStarved) return at
      this.#brackets = 0
      const behindPlain = this.#readPlain(source, at, end)
      if (behindPlain > at) {
        at = behindPlain
        continue
      }
      const next = this.#readMarkup(source, at, end)
      if (next === STARVED) return this.#starve(at)
      at = next
    }
    return at
  }

  /**
   * The common case, on its own for speed: tags of a name and nothing else, and character data, one behind the other. What need not be told is
   * canonical as it stands, and handed on as one run. `from` is at a `<`. Returns the index behind what it took; the rest is left to the long way.
   */
  #readPlain(source: Buffer, from: number, end: number): number {
    const stack = this.#stack
    let at = from
    // [runFrom, at) is taken and not handed on; [textFrom, at) is character data.
    let runFrom = from
    let textFrom = from
    while (at < end && source[at] === LESS_THAN) {
      const isEnd = source[at + 1] === SLASH
      const next = isEnd ? this.#matchPlainEnd(source, at, end) : this.#matchPlainStart(source, at, end)
      if (next === STARVED) break
      if (isEnd ? stack.isReported : !this.#isSkimmed()) {
        if (at > runFrom) this.#handler.text(source, runFrom, at)
        runFrom = next
        if (isEnd) this.#tellEnd(source, at, next)
        else runFrom = this.#tellStart(source, at, next, end)
      } else if (isEnd) stack.pop()
      else stack.pushName(source, at + 1, next - 1, this.scope.bindings.length, false)
      at = Math.max(next, runFrom)
      textFrom = at
      if (this.#state !== 'content') break
      at = skipText(source, at, end)
      while (at < end && source[at] === LF) {
        this.#lines.endLine(at)
        at = skipText(source, at + 1, end)
      }
    }
    if (at > runFrom) this.#handler.text(source, runFrom, at)
    if (at > from) this.#brackets = this.#bracketsBefore(source, textFrom, at)
    return at
  }

  /** The index behind a start tag of an ASCII name with a known prefix, or none, and nothing else; STARVED for any other. */
  #matchPlainStart(source: Buffer, at: number, end: number): number {
    const first = source[at + 1]!
    if (nameStartByte[first] !== 1 || (first | 0x20) === 0x78 || this.#stack.depth === this.#limits.depth)
      return STARVED
    const stop = Math.min(end, at + 1 + this.#limits.nameBytes)
    let colon = -1
    let i = skipName(source, at + 1, stop)
    if (i < stop && source[i] === COLON && nameStartByte[source[i + 1]!] === 1) {
      colon = i
      i = skipName(source, i + 1, stop)
    }
    if (i >= end || source[i] !== GREATER_THAN) return STARVED
    this.#plainColon = colon
    this.#plainBinding = colon < 0 ? this.scope.defaultIndex : this.scope.find(source, at + 1, colon)
    return this.#plainBinding === UNDECLARED ? STARVED : i + 1
  }

  /** Whether the start tag matched last need not be told. */
  #isSkimmed(): boolean {
    if (this.#stack.depth + 1 < this.#skimDepth) return false
    return this.#plainColon < 0 ? this.#skimsDefault : this.#handler.isSettled!(this.#plainBinding)
  }

  /** Returns the index behind what need not be read any more: the tag, or its element. */
  #tellStart(source: Buffer, at: number, to: number, end: number): number {
    const tag = this.#tag
    tag.setPlain(source, at, to, end, this.#plainColon, this.#plainBinding)
    this.#stack.pushName(source, at + 1, to - 1, this.scope.bindings.length, true)
    tag.depth = this.#stack.depth
    this.#handler.startTag(tag)
    if (tag.skipTo > 0) return this.#skipElement(source, tag.skipTo)
    this.#askWhatToSkim()
    return to
  }

  /** The index behind the innermost element's end tag, written without white space; STARVED for any other. */
  #matchPlainEnd(source: Buffer, at: number, end: number): number {
    const close = this.#stack.matchName(source, at + 2, end, at)
    return close === STARVED || close >= end || source[close] !== GREATER_THAN ? STARVED : close + 1
  }

  #tellEnd(source: Buffer, from: number, to: number): void {
    this.#handler.endTag(source, from, to, true, this.#stack.depth)
    this.#closeElement()
  }

  /** Character data up to the next `<` (or up to what this input does not hold whole). */
  #readText(source: Buffer, from: number, end: number): number {
    let at = from
    // [runFrom, at) is canonical as it stands; [rawFrom, at) has no reference and no line end in it.
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
        if (next === STARVED) break
        if (isCanonicalReference(source, at, next)) {
          this.#brackets = 0
          at = next
          rawFrom = next
          continue
        }
      } else next = at + 1
      if (byte === CR && next === end) break
      if (byte === GREATER_THAN && this.#bracketsBefore(source, rawFrom, at) >= 2)
        refuse('xml-malformed', at, '"]]>" stands in character data')
      if (at > runFrom) this.#handler.text(source, runFrom, at)
      if (byte === AMPERSAND) this.#handler.replacedText(canonicalCharacter(this.#reference.code), source, at, next)
      else if (byte === GREATER_THAN) this.#handler.replacedText(escapes.get(GREATER_THAN)!, source, at, next)
      else if (byte === CR) this.#readCarriageReturn(source, at)
      else refuseControl(byte, at)
      this.#brackets = 0
      at = next
      runFrom = next
      rawFrom = next
    }
    if (at > runFrom) this.#handler.text(source, runFrom, at)
    this.#brackets = this.#bracketsBefore(source, rawFrom, at)
    if (at < end && source[at] !== LESS_THAN) this.#isStarved = true
    return at
  }

  /** Line ends (XML 1.0 2.11): CR LF and a lone CR are read as LF. */
  #readCarriageReturn(source: Buffer, at: number): void {
    if (source[at + 1] === LF) return
    this.#lines.endLine(at)
    this.#handler.replacedText(LINE_END, source, at, at + 1)
  }

  /** How many right square brackets, up to two, stand before `at` in character data that goes back to `from` and before this input. */
  #bracketsBefore(source: Buffer, from: number, at: number): number {
    let count = 0
    while (count < 2 && at - count > from && source[at - count - 1] === RIGHT_BRACKET) count++
    return at - count === from ? Math.min(2, count + this.#brackets) : count
  }

  #readCdata(source: Buffer, from: number, end: number): number {
    let at = from
    let runFrom = from
    for (;;) {
      while (at < end && textStop[source[at]!] === 0 && source[at] !== RIGHT_BRACKET) at++
      if (at === end) break
      const byte = source[at]!
      if (byte === RIGHT_BRACKET) {
        if (at + 1 === end || (source[at + 1] === RIGHT_BRACKET && at + 2 === end)) {
          this.#isStarved = true
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
          this.#isStarved = true
          break
        }
        if (at > runFrom) this.#handler.text(source, runFrom, at)
        const octets = escapes.get(byte)
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

  /** What begins with the `<` at `at`; returns the index behind it, or STARVED. */
  #readMarkup(source: Buffer, at: number, end: number): number {
    if (at + 1 === end) return STARVED
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
    if (isComment === STARVED || isDoctype === STARVED || isCdata === STARVED) return STARVED
    if (isCdata === at || this.#state !== 'content')
      refuse('xml-malformed', at, 'expected an element, character data or an end tag')
    this.#state = 'cdata'
    return isCdata
  }

  #readInstruction(source: Buffer, at: number, end: number): number {
    // Whole enough to tell an XML declaration out of place, whose target is reserved (XML 1.0 2.6).
    if (at + 6 > end && /^<\?(x(ml?)?)?$/i.test(source.toString('latin1', at, end))) return STARVED
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
    if (to === STARVED) return STARVED
    this.#handler.leftOut!(source, at, to)
    this.#lines.count(source, to)
    return to
  }

  #readStartTag(source: Buffer, at: number, end: number): number {
    if (this.#state !== 'content' && this.#sawRoot) refuse('xml-malformed', at, 'a second document element')
    const stack = this.#stack
    if (stack.depth === this.#limits.depth)
      refuse('xml-limit', at, `elements are nested deeper than ${this.#limits.depth}`)
    const tag = this.#tag
    const bindings = this.scope.bindings.length
    const next = tag.read(source, at, end)
    if (next === STARVED) return STARVED
    if (tag.mayHoldLines) this.#lines.count(source, next)
    stack.pushName(source, at + 1, tag.nameTo, bindings, true)
    this.#sawRoot = true
    this.#state = 'content'
    tag.depth = stack.depth
    this.#handler.startTag(tag)
    if (tag.skipTo > 0) return this.#skipElement(source, tag.skipTo)
    if (tag.isEmpty) {
      this.#handler.endTag(source, next, next, true, stack.depth)
      this.#closeElement()
    } else this.#askWhatToSkim()
    return next
  }

  #readEndTag(source: Buffer, at: number, end: number): number {
    const stack = this.#stack
    if (stack.depth === 0) refuse('xml-malformed', at, 'an end tag without its start tag')
    const nameTo = stack.matchName(source, at + 2, end, at)
    if (nameTo === STARVED || nameTo >= end) return STARVED
    const close = findEndTagClose(source, nameTo, end, at)
    if (close === STARVED) return STARVED
    if (close > nameTo) this.#lines.count(source, close)
    if (stack.isReported) this.#handler.endTag(source, at, close + 1, close === nameTo, stack.depth)
    else {
      this.#handler.text(source, at, nameTo)
      this.#handler.replacedText(TAG_END, source, nameTo, close + 1)
    }
    this.#closeElement()
    return close + 1
  }

  #skipElement(source: Buffer, to: number): number {
    this.#lines.count(source, to)
    this.#closeElement()
    return to
  }

  #closeElement(): void {
    const bindings = this.#stack.pop()
    if (bindings < this.scope.bindings.length) this.scope.restore(bindings)
    if (this.#stack.depth === 0) this.#state = 'outside'
    this.#askWhatToSkim()
  }

  #askWhatToSkim(): void {
    this.#skimDepth = this.#handler.skimDepth ?? SKIM_NOTHING
    this.#skimsDefault = this.#handler.isSettled?.(this.scope.defaultIndex) ?? false
  }
}

/** The index behind `literal` when it stands at `at`, `at` when it does not, STARVED when the input ends too early to tell. */
function matchAt(source: Buffer, at: number, end: number, literal: Buffer): number {
  for (let i = 0; i < literal.length; i++) {
    if (at + i === end) return STARVED
    if (source[at + i] !== literal[i]) return at
  }
  return at + literal.length
}

/** Whether the reference at [from, to) is written as C14N writes it in text: `&amp;`, `&lt;`, `&gt;` or `&#xD;`. */
function isCanonicalReference(source: Buffer, from: number, to: number): boolean {
  const first = source[from + 1]!
  if (first === 0x23) return to - from === 5 && source[from + 2] === 0x78 && source[from + 3] === 0x44
  return to - from <= 5
}

function canonicalCharacter(code: number): Buffer {
  return escapes.get(code) ?? Buffer.from(String.fromCodePoint(code))
}

function refuseControl(byte: number, at: number): never {
  return refuse('xml-malformed', at, `the control character ${byte} is not an XML character`)
}
