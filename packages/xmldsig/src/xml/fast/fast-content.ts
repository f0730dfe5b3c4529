// A faster reader for content in the form that nearly all documents have. It never refuses: what it
// does not take is left to the tokenizer.
import { bracketsBefore, canonicalCharacter, isCanonicalReference } from '../../c14n/text-octets.ts'
import type { Limits } from '../../limits.ts'
import {
  AMPERSAND,
  COLON,
  EXCLAMATION,
  GREATER_THAN,
  isNonCharacter,
  LAST_BMP_LEAD,
  LESS_THAN,
  LF,
  nameStartByte,
  SLASH,
} from '../characters.ts'
import { NOTHING_TO_UNDO, REPORTED } from '../element-stack.ts'
import type { LineCounter } from '../line-counter.ts'
import { findName, isReservedName } from '../names.ts'
import { UNDECLARED } from '../namespaces.ts'
import type { OpenElements } from '../open-elements.ts'
import { findReference } from '../references.ts'
import { INCOMPLETE } from '../refusal.ts'
import { skipName, skipPairs, skipSpace } from '../skip.ts'
import type { StartTag } from '../start-tag.ts'
import type { ContentSink, TokenHandler } from '../token-handler.ts'
import { window } from '../window.ts'
import { CdataReader } from './cdata-reader.ts'
import { KnownTags } from './known-tags.ts'
import { PendingRun } from './pending-run.ts'
import { NOT_TAKEN, TagRecognizer } from './tag-recognizer.ts'

/**
 * A seam for tests, which compare the verdicts with and without: the tokenizer alone must say the
 * same. Tags are known by their forms from the octet `knownFrom` of a document on: a short one
 * repeats too few to make up for what finding out about each costs.
 */
export const fastPath = { isOn: true, knownFrom: 4096 }

// A constant of this module, which the compiler knows: an imported name is looked up each time.
const source = window

export class FastContent {
  /** Right square brackets, up to two, with which what was read last ends. */
  brackets = 0
  /** Whether it ends inside a CDATA section. */
  isInCdata = false
  readonly #handler: TokenHandler
  readonly #tag: StartTag
  readonly #elements: OpenElements
  readonly #lines: LineCounter
  readonly #limits: Limits
  readonly #recognizer: TagRecognizer
  readonly #known: KnownTags | undefined
  readonly #cdata: CdataReader
  /** Takes what is not reported where the reader stands. */
  #sink: ContentSink | undefined
  readonly #reference = { code: 0 }
  readonly #name = { colon: -1 }
  /** Whether the element of the tag read last was opened, and need not be reported. */
  #isOpen = false
  readonly #run: PendingRun

  constructor(handler: TokenHandler, tag: StartTag, elements: OpenElements, lines: LineCounter, limits: Limits) {
    this.#handler = handler
    this.#tag = tag
    this.#elements = elements
    this.#lines = lines
    this.#limits = limits
    this.#recognizer = new TagRecognizer(tag, limits)
    this.#run = new PendingRun(lines)
    if (KnownTags.fit(limits)) this.#known = new KnownTags(tag, elements, lines, limits, handler.sink, this.#run)
    this.#cdata = new CdataReader(lines)
  }

  /**
   * Takes tags and character data from `from` of the window on: at a `<`, or in character data that
   * no right square bracket precedes. Returns the index behind what it took.
   */
  read(from: number, end: number): number {
    const { stack } = this.#elements
    let at = from
    this.#run.from = from
    this.isInCdata = false
    do {
      const isUnreported = this.#isUnreported
      this.#sink = isUnreported ? this.#handler.sink : undefined
      const known = isUnreported && this.#lines.offset + at >= fastPath.knownFrom ? this.#known : undefined
      if (known !== undefined) at = known.take(at, from, end)
      if (at + 1 >= end) break
      const next = this.#readNext(at, from, end, known)
      if (next === NOT_TAKEN) break
      at = next
    } while (stack.depth > 0 && !this.isInCdata)
    this.#handOn(at)
    this.brackets = this.isInCdata ? 0 : bracketsBefore(source, from, at, 0)
    return at
  }

  #readNext(at: number, from: number, end: number, known: KnownTags | undefined): number {
    if (source[at] !== LESS_THAN) return this.#readText(at, from, end)
    const second = source[at + 1]!
    if (second === SLASH) return this.#readEndTag(at, end)
    if (second === EXCLAMATION) return this.#readCdata(at, end)
    if (this.#elements.stack.depth === this.#limits.depth) return NOT_TAKEN
    return this.#readStartTag(at, end, known)
  }

  /** Writes what is canonical as it stands, up to `to`. */
  #handOn(to: number): void {
    if (to > this.#run.from) this.#handler.text(source, this.#run.from, to)
    this.#run.from = to
  }

  /**
   * Character data from `from` up to the next tag, or less. Returns the index behind, or NOT_TAKEN.
   */
  #readText(from: number, first: number, end: number): number {
    let at = from
    for (;;) {
      at = skipPairs(at, end)
      if (at >= end) return at
      const byte = source[at]!
      if (byte === LESS_THAN) return at
      if (byte === LF) this.#lines.endLine(at++)
      else if (byte === LAST_BMP_LEAD) {
        if (isNonCharacter(source, at)) break
        at += 3
      } else {
        const to = this.#readSpecial(at, first, end)
        if (to === NOT_TAKEN) break
        at = to
      }
    }
    return at > from ? at : NOT_TAKEN
  }

  /** A reference, a line end, or what else is mostly not canonical as it stands. */
  #readSpecial(at: number, first: number, end: number): number {
    if (this.#sink !== undefined) return this.#run.rewrite(this.#sink, at, first, end)
    if (source[at] !== AMPERSAND) return NOT_TAKEN
    const to = findReference(source, at, end, this.#reference)
    if (to < 0 || isCanonicalReference(source, at, to)) return Math.max(to, NOT_TAKEN)
    this.#handOn(at)
    this.#handler.replacedText(canonicalCharacter(this.#reference.code), source, at, to)
    this.#run.from = to
    return to
  }

  #readCdata(at: number, end: number): number {
    const sink = this.#sink
    if (sink === undefined || !CdataReader.begins(at, end)) return NOT_TAKEN
    this.#handOn(at)
    this.#run.from = this.#takeCdata(CdataReader.behindBegin(at), end, sink)
    return this.#run.from
  }

  /** The rest of a section that began in an earlier window; returns the index behind. */
  continueCdata(from: number, end: number): number {
    this.isInCdata = true
    const { sink } = this.#handler
    return sink === undefined || !this.#isUnreported ? from : this.#takeCdata(from, end, sink)
  }

  #takeCdata(from: number, end: number, sink: ContentSink): number {
    const to = this.#cdata.read(from, end, sink)
    this.isInCdata = !this.#cdata.isAtEnd
    return to
  }

  /** Whether neither elements nor character data need be reported where the reader stands. */
  get #isUnreported(): boolean {
    return this.#elements.stack.depth + 1 >= this.#elements.unreportedDepth
  }

  /** The innermost element's end tag, written without white space. */
  #readEndTag(at: number, end: number): number {
    const elements = this.#elements
    const nameTo = elements.stack.findName(source, at + 2, end)
    if (nameTo < 0 || nameTo >= end) return NOT_TAKEN
    if (source[nameTo] !== GREATER_THAN) return this.#readSpacedEnd(at, nameTo, end)
    this.#known?.beforeClose()
    if (elements.stack.effect === REPORTED) {
      this.#handOn(at)
      elements.close(source, at, nameTo + 1, true)
      this.#run.from = nameTo + 1
    } else elements.closeUnreported()
    return nameTo + 1
  }

  #readSpacedEnd(at: number, nameTo: number, end: number): number {
    const close = skipSpace(source, nameTo, end)
    if (close >= end || source[close] !== GREATER_THAN) return NOT_TAKEN
    this.#known?.beforeClose()
    this.#handOn(at)
    this.#lines.count(source, close)
    this.#elements.end(source, at, nameTo, close + 1)
    this.#run.from = close + 1
    return close + 1
  }

  #readStartTag(from: number, end: number, known: KnownTags | undefined): number {
    const elements = this.#elements
    const depth = elements.stack.depth + 1
    const to = this.#findStartTag(from, end)
    if (to === NOT_TAKEN) return NOT_TAKEN
    known?.learn(depth)
    if (this.#isOpen) return to
    this.#handOn(from)
    this.#run.from = elements.open(source, to)
    return this.#run.from
  }

  /**
   * The index behind a start tag, or NOT_TAKEN. Opens the element if it need not be reported; else
   * the tag is filled, and it is to be opened.
   */
  #findStartTag(from: number, end: number): number {
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
      if (nameTo === INCOMPLETE) return NOT_TAKEN
      colon = this.#name.colon
    }
    if (isReservedName(source, from + 1)) return NOT_TAKEN
    const { scope } = this.#tag
    if (source[nameTo] === GREATER_THAN) {
      const binding = colon < 0 ? scope.defaultIndex : scope.find(source, from + 1, colon)
      if (binding === UNDECLARED) return NOT_TAKEN
      this.#tag.setPlain(source, from, nameTo + 1, colon, binding)
      this.#isOpen = this.#elements.needsNoReport(binding)
      if (this.#isOpen) this.#elements.stack.pushName(from + 1, nameTo, scope.bindings.length, NOTHING_TO_UNDO)
      return nameTo + 1
    }
    const next = this.#recognizer.read(source, from, nameTo, colon, end)
    if (next === NOT_TAKEN) return NOT_TAKEN
    if (this.#tag.mayHoldLines) this.#lines.count(source, next)
    this.#isOpen = this.#elements.openUnreported()
    return next
  }
}
