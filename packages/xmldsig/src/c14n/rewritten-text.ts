// Character data of the window that is not canonical as it stands: one loop writes what C14N writes
// for it (XML-C14N 2.3, Text Nodes), which costs less than a call for each part.
import {
  AMPERSAND,
  CR,
  GREATER_THAN,
  HASH,
  isNonCharacter,
  LAST_BMP_LEAD,
  LESS_THAN,
  LF,
  RIGHT_BRACKET,
  SEMICOLON,
  TAB,
} from '../xml/characters.ts'
import { textStops } from '../xml/fast/canonical-run.ts'
import { findReference } from '../xml/references.ts'
import { NOTHING } from '../xml/skip.ts'
import { window, windowWords } from '../xml/window.ts'
import { bracketsBefore, escapes, LINE_END } from './text-octets.ts'

/** Octets taken at a time. */
const TAKEN_OCTETS = 2048
/** After so many octets that are canonical as they stand a range of them costs less than a copy. */
const PLAIN_OCTETS = 128
/** With so many of them left there were enough plain ones for a loop of their own. */
const LONG = PLAIN_OCTETS - 16
/** Octets written for one at most: `&amp;` for `&` in a CDATA section. */
const LARGEST_ESCAPE = 5
/** Octets that `rewriteText` writes at most. */
export const REWRITTEN_OCTETS: number = LARGEST_ESCAPE * (TAKEN_OCTETS + 4)

/** What `rewriteText` came to. */
export const rewritten = {
  /** Index behind what it took. */
  at: 0,
  /** Lines that ended there, and the index of the last end. */
  linesEnded: 0,
  lastLine: 0,
}

// Constants of this module, which the compiler knows: an imported name is looked up each time.
const source = window
const words = windowWords
const [lineFeed, tab, lastLead] = [LF, TAB, LAST_BMP_LEAD]
/** What in four octets is a stop besides: a bracket each, or nothing. */
const [BRACKETS, NOWHERE] = [0x5d5d5d5d, 0]
/** Where the `;` stands of a reference of four digits, from its `&` on. */
const FOUR_DIGITS = 6
const reference = { code: 0 }
const BRACKET = Buffer.from(']')
const LEAD = Buffer.from([LAST_BMP_LEAD])
/** Index behind what `replace` read. */
let behind = 0

/**
 * Writes the canonical octets of character data in the window from `from` on, of a CDATA section if
 * `isCdata`, into `target` from `to` on: up to the next markup, to what the tokenizer must look at,
 * or to where a range is cheaper. The character data goes back to `first` at most. Returns the
 * index behind what it wrote.
 */
export function rewriteText(
  first: number,
  from: number,
  end: number,
  isCdata: boolean,
  target: DataView,
  to: number,
): number {
  const stop = Math.min(end, from + TAKEN_OCTETS)
  const brackets = isCdata ? BRACKETS : NOWHERE
  let at = from
  let into = to
  let plainTo = from + PLAIN_OCTETS
  let linesEnded = 0
  let lastLine = 0
  while (at < stop && at < plainTo) {
    const w = words.getInt32(at, true)
    target.setInt32(into, w, true)
    const stops = textStops(w) | (((w ^ brackets) - 0x01010101) & -0x7f7f7f80)
    if (stops === 0 && plainTo - at <= LONG) {
      const plain = copyPlain(at + 4, Math.min(stop, plainTo), brackets, target, into + 4)
      into += plain - at
      at = plain
      continue
    }
    const plain = stops === 0 ? 4 : (31 - Math.clz32(stops & -stops)) >> 3
    if (plain >= stop - at) {
      into += stop - at
      at = stop
      break
    }
    at += plain
    into += plain
    if (stops === 0) continue
    const byte = source[at]!
    if (byte >= 0x80 && byte !== lastLead) {
      while (at < stop && source[at]! >= 0x80 && source[at] !== lastLead) target.setUint8(into++, source[at++]!)
    } else if (byte === tab) {
      target.setUint8(into++, byte)
      at++
    } else if (byte === lineFeed) {
      target.setUint8(into++, byte)
      linesEnded++
      lastLine = at++
    } else if (byte === AMPERSAND && !isCdata) {
      const isFour = source[at + 1] === HASH && source[at + FOUR_DIGITS] === SEMICOLON && at + FOUR_DIGITS < end
      const code = isFour ? fourDigits(words.getInt32(at + 2, true)) : -1
      if (code >= 0x80) {
        into = writeCharacter(code, target, into)
        at += FOUR_DIGITS + 1
      } else {
        const next = findReference(source, at, end, reference)
        if (next < 0) break
        into = writeCharacter(reference.code, target, into)
        at = next
      }
      plainTo = at + PLAIN_OCTETS
    } else {
      const octets = replace(first, at, end, isCdata)
      if (octets === undefined) break
      for (let i = 0; i < octets.length; i++) target.setUint8(into++, octets[i]!)
      if (octets === LINE_END) {
        linesEnded++
        lastLine = at
      }
      at = behind
      plainTo = at + PLAIN_OCTETS
    }
  }
  rewritten.at = at
  rewritten.linesEnded = linesEnded
  rewritten.lastLine = lastLine
  return into
}

/** Copies what is plain from `from` on to `to`; returns the index behind it, `stop` at most. */
function copyPlain(from: number, stop: number, brackets: number, target: DataView, to: number): number {
  const offset = to - from
  let at = from
  for (; at < stop; at += 4) {
    const w = words.getInt32(at, true)
    target.setInt32(at + offset, w, true)
    const stops = textStops(w) | (((w ^ brackets) - 0x01010101) & -0x7f7f7f80)
    if (stops !== 0) return Math.min(at + ((31 - Math.clz32(stops & -stops)) >> 3), stop)
  }
  return stop
}

/** The number that four digits make, -1 for other octets. */
function fourDigits(w: number): number {
  const digits = w ^ 0x30303030
  if (((digits | (digits + 0x76767676)) & -0x7f7f7f80) !== 0) return -1
  const pairs = Math.imul(digits & 0x00ff00ff, 10) + ((digits >>> 8) & 0x00ff00ff)
  return (pairs & 0xff) * 100 + (pairs >>> 16)
}

/** Writes the canonical octets of a character, in UTF-8; returns the index behind them. */
function writeCharacter(code: number, target: DataView, to: number): number {
  if (code < 0x80) {
    const octets = escapes[code]
    if (octets === undefined) target.setUint8(to, code)
    else for (let i = 0; i < octets.length; i++) target.setUint8(to + i, octets[i]!)
    return to + (octets?.length ?? 1)
  }
  const last = 0x80 | (code & 0x3f)
  if (code < 0x800) {
    target.setUint16(to, ((0xc0 | (code >> 6)) << 8) | last)
    return to + 2
  }
  const third = 0x80 | ((code >> 6) & 0x3f)
  if (code < 0x10000) {
    target.setUint8(to, 0xe0 | (code >> 12))
    target.setUint16(to + 1, (third << 8) | last)
    return to + 3
  }
  target.setUint16(to, ((0xf0 | (code >> 18)) << 8) | 0x80 | ((code >> 12) & 0x3f))
  target.setUint16(to + 2, (third << 8) | last)
  return to + 4
}

/**
 * What C14N writes for what stands at `at`, no plain octet and no reference; undefined for what is
 * to be left.
 */
function replace(first: number, at: number, end: number, isCdata: boolean): Buffer | undefined {
  const byte = source[at]!
  behind = at + 1
  if (byte === CR) {
    if (behind >= end) return undefined
    return source[behind] === LF ? NOTHING : LINE_END
  }
  if (byte === LAST_BMP_LEAD) return isNonCharacter(source, at) ? undefined : LEAD
  if (byte === RIGHT_BRACKET) return at + 2 < end && !isCdataEnd(at) ? BRACKET : undefined
  const isMarkup = byte === LESS_THAN || (byte === GREATER_THAN && bracketsBefore(source, first, at, 0) === 2)
  return isMarkup && !isCdata ? undefined : escapes[byte]
}

function isCdataEnd(at: number): boolean {
  return source[at + 1] === RIGHT_BRACKET && source[at + 2] === GREATER_THAN
}
