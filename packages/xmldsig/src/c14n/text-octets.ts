// Character data as C14N writes it (XML-C14N 2.3, Text Nodes).
import { AMPERSAND, CR, GREATER_THAN, HASH, LESS_THAN, RIGHT_BRACKET } from '../xml/characters.ts'

/** What C14N writes for these characters in text. */
export const textEscapes: ReadonlyMap<number, Buffer> = new Map([
  [AMPERSAND, Buffer.from('&amp;')],
  [LESS_THAN, Buffer.from('&lt;')],
  [GREATER_THAN, Buffer.from('&gt;')],
  [CR, Buffer.from('&#xD;')],
])

/** Of each octet. */
export const escapes: readonly (Buffer | undefined)[] = Array.from({ length: 256 }, (_, byte) => textEscapes.get(byte))

export const LINE_END = Buffer.from('\n')

/** Canonical octets of a character that a reference names. */
export function canonicalCharacter(code: number): Buffer {
  return escapes[code] ?? characterOctets(code)
}

/** The octets of a character itself. */
export function characterOctets(code: number): Buffer {
  if (code >= KEPT) return Buffer.from(String.fromCodePoint(code))
  kept[code] ??= Buffer.from(String.fromCodePoint(code))
  return kept[code]
}

/** Characters below this are kept once they were needed: those of alphabets. */
const KEPT = 0x3000
const kept: (Buffer | undefined)[] = Array.from({ length: KEPT }, () => undefined)

/**
 * Whether the reference at [from, to) is written as C14N writes it in text: `&amp;`, `&lt;`, `&gt;`
 * or `&#xD;`.
 */
export function isCanonicalReference(source: Buffer, from: number, to: number): boolean {
  if (source[from + 1] === HASH) return to - from === 5 && source[from + 2] === 0x78 && source[from + 3] === 0x44
  return to - from <= 5
}

/**
 * How many right square brackets, up to two, stand before `at` in character data that goes back to
 * `from`, `before` of them before that: `]]>` must not stand in character data (XML 1.0 2.4), and
 * may be cut anywhere.
 */
export function bracketsBefore(source: Buffer, from: number, at: number, before: number): number {
  let count = 0
  while (count < 2 && at - count > from && source[at - count - 1] === RIGHT_BRACKET) count++
  return at - count === from ? Math.min(2, count + before) : count
}
