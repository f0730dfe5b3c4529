// Values of attributes as C14N writes them (XML-C14N 2.3, Attribute Nodes).
import { AMPERSAND, APOSTROPHE, CR, LESS_THAN, LF, QUOTE, TAB, valueStop } from '../xml/characters.ts'
import { valueStops } from '../xml/fast/form-match.ts'
import { readReference } from '../xml/references.ts'
import { window, windowWords } from '../xml/window.ts'
import { characterOctets } from './text-octets.ts'

/**
 * An octet of a value as written stands for as many octets at most: `"` between apostrophes for
 * `&quot;`.
 */
export const MOST_OCTETS = 6

const byCharacter: ReadonlyMap<number, Buffer> = new Map([
  [AMPERSAND, Buffer.from('&amp;')],
  [LESS_THAN, Buffer.from('&lt;')],
  [QUOTE, Buffer.from('&quot;')],
  [TAB, Buffer.from('&#x9;')],
  [LF, Buffer.from('&#xA;')],
  [CR, Buffer.from('&#xD;')],
])

/** Of the characters of ASCII. */
const escapes: (Buffer | undefined)[] = Array.from({ length: 0x80 }, (_, code) => byCharacter.get(code))
// Constants of this module, which the compiler knows: an imported name is looked up each time.
const stops = valueStop
const words = windowWords
const [A, L, M, Q] = [0x61, 0x6c, 0x6d, 0x71]
const SPACE_OCTET = Buffer.from(' ')
const reference = { code: 0 }

/**
 * Writes the canonical form of the value at [from, to), already checked, into `target` from `at`
 * on: normalized (XML 1.0 3.3.3, with the line ends of 2.11 first), then escaped. Returns the index
 * behind it.
 */
export function writeValue(source: Buffer, from: number, to: number, target: DataView, at: number): number {
  const isWindow = source === window
  let into = at
  for (let i = from; i < to; ) {
    // Four octets, of which those before the first stop count.
    if (isWindow) {
      const w = words.getInt32(i, true)
      const stop = valueStops(w)
      const plain = Math.min(stop === 0 ? 4 : (31 - Math.clz32(stop & -stop)) >> 3, to - i)
      if (plain > 0) {
        target.setInt32(into, w, true)
        i += plain
        into += plain
        continue
      }
    }
    const byte = source[i]!
    if (byte >= 0x80) {
      while (i < to && source[i]! >= 0x80) target.setUint8(into++, source[i++]!)
      continue
    }
    if (stops[byte] === 0 || byte === APOSTROPHE) {
      target.setUint8(into++, byte)
      i++
      continue
    }
    const kept = byte === AMPERSAND ? keptReference(source, i) : 0
    if (kept > 0) {
      for (const behind = i + kept; i < behind; i++) target.setUint8(into++, source[i]!)
      continue
    }
    let octets: Buffer = SPACE_OCTET
    if (byte === AMPERSAND) {
      i = readReference(source, i, to, reference)
      octets = escapes[reference.code] ?? characterOctets(reference.code)
    } else {
      if (byte === QUOTE) octets = escapes[QUOTE]!
      else if (byte === CR && i + 1 < to && source[i + 1] === LF) i++
      i++
    }
    for (let k = 0; k < octets.length; k++) target.setUint8(into++, octets[k]!)
  }
  return into
}

/** Octets of `&lt;`, `&amp;` or `&quot;` at `at`, written as they stand; 0 for other references. */
function keptReference(source: Buffer, at: number): number {
  const first = source[at + 1]
  if (first === L) return 4
  if (first === Q) return 6
  return first === A && source[at + 2] === M ? 5 : 0
}

/** The same for a value that is known as text, normalized. */
export function escapeValue(value: string): string {
  return value.replace(/[&<"\t\n\r]/g, character => byCharacter.get(character.charCodeAt(0))!.toString())
}
