// Whether a tag in the window is of a form: each octet but those of its values is compared.
import {
  AMPERSAND,
  APOSTROPHE,
  CR,
  isNonCharacter,
  LAST_BMP_LEAD,
  LF,
  QUOTE,
  SEMICOLON,
  TAB,
  valueStop,
} from '../characters.ts'
import { findReference } from '../references.ts'
import { window, windowWords } from '../window.ts'
import { FORM_ATTRIBUTES, FORM_OCTETS, formWords, TAG_OCTETS } from './known-forms.ts'
import type { TagForm } from './tag-form.ts'
import { NOT_TAKEN } from './tag-recognizer.ts'

/** Where the values of the tag matched last begin and end in the window. */
export const valueFrom: Int32Array = new Int32Array(FORM_ATTRIBUTES)
export const valueTo: Int32Array = new Int32Array(FORM_ATTRIBUTES)
/** Whether one of them is not canonical as it stands. */
export let isRewritten = false

// Constants of this module, which the compiler knows: an imported name is looked up each time.
const source = window
const words = windowWords
const octetsOfForms = formWords
const [valuesFrom, valuesTo, stopsValue, notTaken] = [valueFrom, valueTo, valueStop, NOT_TAKEN]
const [apostrophe, ampersand, semicolon, doubleQuote] = [APOSTROPHE, AMPERSAND, SEMICOLON, QUOTE]
const [lineFeed, carriageReturn, tab, lastLead] = [LF, CR, TAB, LAST_BMP_LEAD]
const wordOf = (text: string) => Buffer.from(text).readInt32LE()
const [AMP, LT, QUOT] = [wordOf('&amp'), wordOf('&lt;'), wordOf('&quo')]
const [TAB_CODE, LF_CODE, CR_CODE] = [wordOf('&#x9'), wordOf('&#xA'), wordOf('&#xD')]
const T = 0x74
const reference = { code: 0 }

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
    } else if (byte === lastLead && !isNonCharacter(source, at)) at += 3
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
      else if (isNonCharacter(source, at)) return at
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

/**
 * Of four octets those at which a value between double quotes may not be plain, or not ASCII, as
 * their highest bits: exact up to the first. `"` and `&` differ in one bit.
 */
export function valueStops(w: number): number {
  const angle = w ^ 0x3c3c3c3c
  const amp = (w & ~0x04040404) ^ 0x22222222
  return ((angle - 0x01010101) | (amp - 0x01010101) | (w - 0x20202020) | w) & -0x7f7f7f80
}
