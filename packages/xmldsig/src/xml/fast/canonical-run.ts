// The inner loop of the fast path: tags and character data, canonical as they stand, in the window.
// In one function, nearly without a call: that is what makes it fast.
import {
  AMPERSAND,
  APOSTROPHE,
  CR,
  GREATER_THAN,
  LAST_BMP_LEAD,
  LESS_THAN,
  LF,
  QUOTE,
  SEMICOLON,
  TAB,
  textStop,
  valueStop,
} from '../characters.ts'
import { effects, NOTHING_TO_UNDO, nameFrom, nameLength } from '../element-stack.ts'
import { findReference } from '../references.ts'
import { pairStop } from '../skip.ts'
import { window, windowPairs, windowWords } from '../window.ts'
import { FORM_ATTRIBUTES, FORM_OCTETS, formWords } from './known-forms.ts'
import { NO_FORM, type TagForm } from './tag-form.ts'
import { NOT_TAKEN } from './tag-recognizer.ts'

/** Octets of the longest tag that is taken by its form. */
export const TAG_OCTETS = 8192
/** Text that is longer is looked through two octets a step. */
const SHORT_TEXT = 32

/** Where the values of the tag matched last begin and end in the window. */
export const valueFrom: Int32Array = new Int32Array(FORM_ATTRIBUTES)
export const valueTo: Int32Array = new Int32Array(FORM_ATTRIBUTES)
/** Whether one of them is not canonical as it stands. */
export let isRewritten = false
/** Forms of the elements that are open, by depth. */
export const openForms: TagForm[] = Array.from({ length: effects.length }, () => NO_FORM)

// Constants of this module, which the compiler knows: an imported name is looked up each time.
const source = window
const words = windowWords
const pairs = windowPairs
const octetsOfForms = formWords
const names = nameFrom
const lengths = nameLength
const undone = effects
const nothingToUndo = NOTHING_TO_UNDO
const [valuesFrom, valuesTo, forms] = [valueFrom, valueTo, openForms]
const [stopsText, stopsPair, stopsValue] = [textStop, pairStop, valueStop]
const [apostrophe, ampersand, semicolon, doubleQuote] = [APOSTROPHE, AMPERSAND, SEMICOLON, QUOTE]
const [lineFeed, carriageReturn, tab] = [LF, CR, TAB]
const reference = { code: 0 }
const [lessThan, greaterThan, lastLead, notTaken] = [LESS_THAN, GREATER_THAN, LAST_BMP_LEAD, NOT_TAKEN]
const END_TAG = 0x2f3c
const wordOf = (text: string) => Buffer.from(text).readInt32LE()
const [AMP, LT, GT, QUOT] = [wordOf('&amp'), wordOf('&lt;'), wordOf('&gt;'), wordOf('&quo')]
const [TAB_CODE, LF_CODE, CR_CODE] = [wordOf('&#x9'), wordOf('&#xA'), wordOf('&#xD')]
const T = 0x74

/** Where `takeCanonicalRun` begins, and where it came to. */
export const cursor = {
  depth: 0,
  /** Form of the element that was opened or closed last, and whether it was opened. */
  form: NO_FORM,
  isInside: false,
  /** Lines that ended in the run, and the index of the last end. */
  linesEnded: 0,
  lastLine: 0,
}

/**
 * Takes from the tag at `from` on what is canonical as it stands and need not be reported: start
 * tags of known forms that are free in this epoch, no deeper than `limit`, end tags of elements
 * deeper than `floor`, and character data. Returns the index behind.
 */
export function takeCanonicalRun(from: number, end: number, floor: number, limit: number, epoch: number): number {
  let at = from
  let { depth, form, isInside } = cursor
  let next = isInside ? form.first : form.after
  let linesEnded = 0
  let lastLine = 0
  let w = words.getInt32(at, true)
  outer: while (at + 4 <= end) {
    if ((w & 0xffff) === END_TAG) {
      if (depth === floor) break
      const to = at + 2 + lengths[depth]!
      if (to >= end) break
      const offset = names[depth]! - at - 2
      const last = to - 3
      let i = at + 2
      if (last < i) {
        for (; i < to; i++) if (source[i] !== source[i + offset]) break outer
        if (source[to] !== greaterThan) break
      } else {
        for (; i < last; i += 4) if (words.getInt32(i, true) !== words.getInt32(i + offset, true)) break outer
        const tail = words.getInt32(last, true)
        if (tail >> 24 !== greaterThan || ((tail ^ words.getInt32(last + offset, true)) & 0xffffff) !== 0) break
      }
      form = forms[depth]!
      next = form.after
      isInside = false
      depth--
      at = to + 1
    } else {
      const { plan } = next
      if (plan.epoch !== epoch || !plan.isFree || depth === limit || (w & 0xff) !== lessThan) break
      const to = matchForm(next, at, end)
      if (to === notTaken || isRewritten) break
      depth++
      names[depth] = at + 1
      lengths[depth] = next.nameLength - 1
      undone[depth] = nothingToUndo
      forms[depth] = next
      form = next
      next = form.first
      isInside = true
      at = to
    }
    let long = at + SHORT_TEXT
    for (;;) {
      w = words.getInt32(at, true)
      const stops = textStops(w)
      if (stops === 0 && at < long) {
        at += 4
        if (at >= end) break
        continue
      }
      // Of the four octets those before the first stop are taken.
      const shift = stops === 0 ? 0 : (31 - Math.clz32(stops & -stops)) & 24
      if (shift > 0) {
        at += shift >> 3
        w = words.getInt32(at, true)
      }
      if (at < end && (stops === 0 || (w & 0x80) !== 0)) {
        at = skipPairs(at, end)
        long = at + SHORT_TEXT
        w = words.getInt32(at, true)
      }
      if (at >= end) break
      const byte = w & 0xff
      if (byte === lessThan) continue outer
      if (byte === lineFeed) {
        linesEnded++
        lastLine = at++
      } else if (byte === ampersand) {
        if (at + 5 > end) break outer
        if (w === AMP && source[at + 4] === semicolon) at += 5
        else if (w === LT || w === GT) at += 4
        else break outer
      } else if (byte === lastLead && !isNonCharacterAt(at)) at += 3
      else break outer
      if (at >= end) break
    }
    break
  }
  cursor.depth = depth
  cursor.form = form
  cursor.isInside = isInside
  cursor.linesEnded = linesEnded
  cursor.lastLine = lastLine
  return Math.min(at, end)
}

/**
 * The index behind the tag at `at`, where `<` stands, when it is of this form, else NOT_TAKEN.
 * Where its values are goes to `valueFrom` and `valueTo`.
 */
export function matchForm(form: TagForm, at: number, end: number): number {
  const to = at + form.head
  if (to > end) return notTaken
  const offset = form.place - at
  const last = to - 4
  if (last < at) {
    for (let i = at + 1; i < to; i++) if (source[i] !== octetsOfForms.getUint8(i + offset)) return notTaken
  } else {
    for (let i = at; i < last; i += 4)
      if (words.getInt32(i, true) !== octetsOfForms.getInt32(i + offset, true)) return notTaken
    if (words.getInt32(last, true) !== octetsOfForms.getInt32(last + offset, true)) return notTaken
  }
  isRewritten = false
  return form.quotes.length === 0 ? to : matchValues(form, to, end)
}

/** The same behind the first segment. Each value goes up to the next segment. */
function matchValues(form: TagForm, from: number, end: number): number {
  const { place, ends, quotes } = form
  let at = from
  let segment = place + form.head
  for (let i = 0; i < quotes.length; i++) {
    valuesFrom[i] = at
    at = skipPlain(at, end, quotes[i]!)
    if (at < end && source[at] !== quotes[i]) at = skipRest(at, end, quotes[i]!)
    valuesTo[i] = at
    const segmentTo = place + ends[i + 1]!
    const to = at + segmentTo - segment
    if (to > end) return notTaken
    const offset = segment - at
    const last = to - 4
    if (last < at) {
      for (; at < to; at++) if (source[at] !== octetsOfForms.getUint8(at + offset)) return notTaken
    } else {
      for (; at < last; at += 4)
        if (words.getInt32(at, true) !== octetsOfForms.getInt32(at + offset, true)) return notTaken
      if (words.getInt32(last, true) !== octetsOfForms.getInt32(last + offset, true)) return notTaken
    }
    at = to
    segment = segmentTo
  }
  return at - from > TAG_OCTETS - FORM_OCTETS ? notTaken : at
}

/** The index at which a value between these quotes ends, or something that is not plain stands. */
function skipPlain(from: number, end: number, quote: number): number {
  return quote === apostrophe ? skipTo(from, end) : skipToQuote(from, end)
}

/**
 * The index at which the value ends whose plain part ends at `from`, or where something stands that
 * the tag must be read for.
 */
function skipRest(from: number, end: number, quote: number): number {
  let at = from
  while (at < end) {
    const byte = source[at]!
    if (byte === quote) return at
    if (byte === ampersand) {
      const behind = skipReference(at)
      if (behind === at) isRewritten = true
      at = behind === at ? findReference(source, at, end, reference) : behind
      if (at < 0) return end
    } else if (byte === doubleQuote || byte === tab || byte === lineFeed || byte === carriageReturn) {
      isRewritten = true
      at++
    } else if (byte === lastLead && !isNonCharacterAt(at)) at += 3
    else return at
    at = skipPlain(at, end, quote)
  }
  return end
}

/** The index behind the reference at `at` if C14N writes it so in a value, else `at`. */
function skipReference(at: number): number {
  const w = words.getInt32(at, true)
  if (w === LT) return at + 4
  if (w === AMP || w === TAB_CODE || w === LF_CODE || w === CR_CODE) return source[at + 4] === semicolon ? at + 5 : at
  return w === QUOT && source[at + 4] === T && source[at + 5] === semicolon ? at + 6 : at
}

function skipToQuote(from: number, end: number): number {
  let at = from
  while (at < end) {
    const stops = valueStops(words.getInt32(at, true))
    if (stops === 0) {
      at += 4
      continue
    }
    at += (31 - Math.clz32(stops & -stops)) >> 3
    // A character above ASCII.
    while (at < end && (source[at]! >= 0x80 || source[at] === apostrophe)) {
      if (source[at] === apostrophe) at++
      else if (source[at] !== lastLead) at = skipTo(at, end)
      else if (isNonCharacterAt(at)) return at
      else at += 3
    }
    if (at >= end || stopsValue[source[at]!] !== 0) return at
  }
  return at
}

function skipTo(from: number, end: number): number {
  let at = from
  while (at < end && stopsValue[source[at]!] === 0) at++
  return at
}

/** Whether U+FFFE or U+FFFF stands at `at`, an octet EF. */
function isNonCharacterAt(at: number): boolean {
  return source[at + 1] === 0xbf && source[at + 2]! >= 0xbe
}

/**
 * Of four octets those at which a run of canonical character data may have to end, and those that
 * are not ASCII, as their highest bits: exact up to the first. `<` and `>` differ in one bit.
 */
function textStops(w: number): number {
  const angle = (w & ~0x02020202) ^ 0x3c3c3c3c
  const amp = w ^ 0x26262626
  return ((angle - 0x01010101) | (amp - 0x01010101) | (w - 0x20202020) | w) & -0x7f7f7f80
}

/** The same in a value between double quotes. `"` and `&` differ in one bit. */
function valueStops(w: number): number {
  const angle = w ^ 0x3c3c3c3c
  const amp = (w & ~0x04040404) ^ 0x22222222
  return ((angle - 0x01010101) | (amp - 0x01010101) | (w - 0x20202020) | w) & -0x7f7f7f80
}

/** Two octets a step: worth its start for text that is long, or not ASCII. */
export function skipPairs(from: number, end: number): number {
  if (from >= end || ((from & 1) !== 0 && stopsText[source[from]!] !== 0)) return from
  const last = end >> 1
  let pair = (from + 1) >> 1
  while (pair < last && stopsPair[pairs[pair]!] === 0) pair++
  const at = pair << 1
  return at < end && stopsText[source[at]!] === 0 ? at + 1 : at
}
