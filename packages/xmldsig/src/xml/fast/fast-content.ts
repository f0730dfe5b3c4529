// A faster reader for content in the form that nearly all documents have. It never refuses: what it
// does not take is left to the tokenizer.
import { bracketsBefore, canonicalCharacter, isCanonicalReference, textEscapes } from '../../c14n/text-octets.ts'
import type { Limits } from '../../limits.ts'
import {
  AMPERSAND,
  COLON,
  CR,
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
import { skipName } from '../skip.ts'
import type { StartTag } from '../start-tag.ts'
import type { ContentSink, TokenHandler } from '../token-handler.ts'
import { window } from '../window.ts'
import { skipPairs } from './canonical-run.ts'
import { CdataReader } from './cdata-reader.ts'
import { KnownTags } from './known-tags.ts'
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
  readonly #sink: ContentSink | undefined
  readonly #reference = { code: 0 }
  readonly #name = { colon: -1 }
  /** Whether the element of the tag read last was opened, and need not be reported. */
  #isOpen = false
  /** From where on canonical octets are still to be written. */
  #runFrom = 0

  constructor(handler: TokenHandler, tag: StartTag, elements: OpenElements, lines: LineCounter, limits: Limits) {
    this.#handler = handler
    this.#tag = tag
    this.#elements = elements
    this.#lines = lines
    this.#limits = limits
    this.#recognizer = new TagRecognizer(tag, limits)
    this.#sink = handler.sink
    if (KnownTags.fit(limits)) this.#known = new KnownTags(tag, elements, lines, limits, handler.sink)
    this.#cdata = new CdataReader(lines)
  }

  /**
   * Takes tags and character data from the `<` at `from` of the window on. Returns the index behind
   * what it took.
   */
  read(from: number, end: number): number {
    const { stack } = this.#elements
    let at = from
    this.#runFrom = from
    this.isInCdata = false
    do {
      const isUsed = stack.depth + 1 >= this.#elements.unreportedDepth && this.#lines.offset + at >= fastPath.knownFrom
      const known = isUsed ? this.#known : undefined
      if (known !== undefined) at = known.takeRun(at, end)
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
    if (second === EXCLAMATION) return known === undefined ? NOT_TAKEN : this.#readCdata(at, end)
    if (this.#elements.stack.depth === this.#limits.depth) return NOT_TAKEN
    const to = known?.read(at, this.#runFrom, end) ?? NOT_TAKEN
    if (to === NOT_TAKEN) return this.#readStartTag(at, end, known)
    this.#runFrom = known!.runFrom
    return to
  }

  /** Writes what is canonical as it stands, up to `to`. */
  #handOn(to: number): void {
    if (to > this.#runFrom) this.#handler.text(source, this.#runFrom, to)
    this.#runFrom = to
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
      } else if (byte === AMPERSAND) {
        const behind = findReference(source, at, end, this.#reference)
        if (behind < 0) break
        if (!isCanonicalReference(source, at, behind))
          this.#replace(at, behind, canonicalCharacter(this.#reference.code))
        at = behind
      } else if (byte === CR) {
        if (at + 1 >= end || source[at + 1] !== LF) break
        this.#handOn(at)
        this.#runFrom = ++at
      } else if (byte === GREATER_THAN && bracketsBefore(source, first, at, 0) < 2) {
        this.#replace(at, at + 1, textEscapes.get(GREATER_THAN)!)
        at++
      } else break
    }
    return at > from ? at : NOT_TAKEN
  }

  #replace(from: number, to: number, octets: Buffer): void {
    this.#handOn(from)
    this.#handler.replacedText(octets, source, from, to)
    this.#runFrom = to
  }

  #readCdata(at: number, end: number): number {
    const sink = this.#sink
    if (sink === undefined || !CdataReader.begins(at, end)) return NOT_TAKEN
    this.#handOn(at)
    const to = this.#cdata.read(at, end, sink)
    this.isInCdata = !this.#cdata.isAtEnd
    this.#runFrom = to
    return to
  }

  /** The innermost element's end tag, written without white space. */
  #readEndTag(at: number, end: number): number {
    const elements = this.#elements
    const nameTo = elements.stack.findName(source, at + 2, end)
    if (nameTo < 0 || nameTo >= end || source[nameTo] !== GREATER_THAN) return NOT_TAKEN
    this.#known?.beforeClose()
    if (elements.stack.effect === REPORTED) {
      this.#handOn(at)
      elements.close(source, at, nameTo + 1, true)
      this.#runFrom = nameTo + 1
    } else elements.closeUnreported()
    return nameTo + 1
  }

  #readStartTag(from: number, end: number, known: KnownTags | undefined): number {
    const elements = this.#elements
    const depth = elements.stack.depth + 1
    const to = this.#findStartTag(from, end)
    if (to === NOT_TAKEN) return NOT_TAKEN
    known?.learn(depth)
    if (this.#isOpen) return to
    this.#handOn(from)
    this.#runFrom = elements.open(source, to)
    return this.#runFrom
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
