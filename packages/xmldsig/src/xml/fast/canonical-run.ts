// The inner loop of the fast path: tags and character data, canonical as they stand, in the window.
// In one function, nearly without a call: that is what makes it fast.
import { AMPERSAND, GREATER_THAN, isNonCharacter, LAST_BMP_LEAD, LESS_THAN, LF, SEMICOLON, TAB } from '../characters.ts'
import { effects, NOTHING_TO_UNDO, nameFrom, nameLength } from '../element-stack.ts'
import { skipPairs } from '../skip.ts'
import { window, windowWords } from '../window.ts'
import { isRewritten, matchForm } from './form-match.ts'
import { NO_FORM, type TagForm } from './tag-form.ts'
import { NOT_TAKEN } from './tag-recognizer.ts'

/** Longer text is searched two octets a step. */
const SHORT_TEXT = 32

/** Forms of the elements that are open, by depth. */
export const openForms: TagForm[] = Array.from({ length: effects.length }, () => NO_FORM)

// Constants of this module, which the compiler knows: an imported name is looked up each time.
const source = window
const words = windowWords
const names = nameFrom
const lengths = nameLength
const undone = effects
const nothingToUndo = NOTHING_TO_UNDO
const forms = openForms
const [ampersand, semicolon, lineFeed, tab] = [AMPERSAND, SEMICOLON, LF, TAB]
const [lessThan, greaterThan, lastLead, notTaken] = [LESS_THAN, GREATER_THAN, LAST_BMP_LEAD, NOT_TAKEN]
const END_TAG = 0x2f3c
const [AMP, LT, GT] = ['&amp', '&lt;', '&gt;'].map(text => Buffer.from(text).readInt32LE()) as [number, number, number]

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
 * Takes from the tag or the character data at `from` on what is canonical as it stands and need not
 * be reported: start tags of known forms that are free in this epoch, no deeper than `limit`, end
 * tags of elements deeper than `floor`, and character data. Returns the index behind.
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
    } else if ((w & 0xff) === lessThan) {
      const { plan } = next
      if (plan.epoch !== epoch || !plan.isFree || depth === limit) break
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
      } else if (byte === tab) at++
      else if (byte === lastLead && !isNonCharacter(source, at)) at += 3
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
 * Of four octets those at which a run of canonical character data may have to end, and those that
 * are not ASCII, as their highest bits: exact up to the first. `<` and `>` differ in one bit.
 */
export function textStops(w: number): number {
  const angle = (w & ~0x02020202) ^ 0x3c3c3c3c
  const amp = w ^ 0x26262626
  return ((angle - 0x01010101) | (amp - 0x01010101) | (w - 0x20202020) | w) & -0x7f7f7f80
}
