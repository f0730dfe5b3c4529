// Values of attributes as C14N writes them (XML-C14N 2.3, Attribute Nodes).
import { AMPERSAND, CR, LESS_THAN, LF, QUOTE, SPACE, TAB } from '../xml/characters.ts'
import { readReference } from '../xml/references.ts'

/**
 * An octet of a value as written stands for as many octets at most: `"` between apostrophes for
 * `&quot;`.
 */
export const MOST_OCTETS = 6

const escapes: ReadonlyMap<number, Buffer> = new Map([
  [AMPERSAND, Buffer.from('&amp;')],
  [LESS_THAN, Buffer.from('&lt;')],
  [QUOTE, Buffer.from('&quot;')],
  [TAB, Buffer.from('&#x9;')],
  [LF, Buffer.from('&#xA;')],
  [CR, Buffer.from('&#xD;')],
])

const reference = { code: 0 }

/**
 * Writes the canonical form of the value at [from, to), already checked, into `target` from `at`
 * on: normalized (XML 1.0 3.3.3, with the line ends of 2.11 first), then escaped. Returns the index
 * behind it.
 */
export function writeValue(source: Buffer, from: number, to: number, target: Buffer, at: number): number {
  let into = at
  for (let i = from; i < to; ) {
    const byte = source[i]!
    if (byte === AMPERSAND) {
      i = readReference(source, i, to, reference)
      into = writeCharacter(reference.code, target, into)
    } else if (byte === QUOTE) {
      into = writeCharacter(QUOTE, target, into)
      i++
    } else {
      if (byte === CR && i + 1 < to && source[i + 1] === LF) i++
      target[into++] = byte === TAB || byte === LF || byte === CR ? SPACE : byte
      i++
    }
  }
  return into
}

function writeCharacter(code: number, target: Buffer, at: number): number {
  const octets = escapes.get(code)
  if (octets !== undefined) return at + octets.copy(target, at)
  if (code >= 0x80) return at + target.write(String.fromCodePoint(code), at)
  target[at] = code
  return at + 1
}

/** The same for a value that is known as text, normalized. */
export function escapeValue(value: string): string {
  return value.replace(/[&<"\t\n\r]/g, character => escapes.get(character.charCodeAt(0))!.toString())
}
