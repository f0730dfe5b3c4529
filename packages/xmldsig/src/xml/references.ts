// Character and entity references (XML 1.0 4.1): without a DTD only the five predefined entities
// exist (4.6).
import { AMPERSAND, HASH, isCharacter, SEMICOLON } from './characters.ts'
import { INCOMPLETE, refuse } from './refusal.ts'

/** The character of the reference read last; a reader of references keeps one. */
export type Reference = { code: number }

const entities = [
  entity('amp', 0x26),
  entity('lt', 0x3c),
  entity('gt', 0x3e),
  entity('quot', 0x22),
  entity('apos', 0x27),
]
/** Octets of the longest, `&quot;`. */
const LONGEST = 6

/** `head`: its first octets behind `&`, four at most, as a number under `mask`. */
function entity(text: string, code: number) {
  const name = Buffer.from(text)
  const mask = name.length === 2 ? 0xffff : name.length === 3 ? 0xffffff : -1
  return { name, code, length: name.length + 2, mask, head: Buffer.from(`${text}\0\0`).readInt32LE() & mask }
}

/** The value of each octet as a digit, to base 16 at most. */
const digits = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase())
  return value < 0 ? 99 : value
})

/** Why there is no reference: results of `findReference`, each with its sentence. */
const NO_ENTITY = -2
const NO_NUMBER = -3
const NO_CHARACTER = -4
const sentences: Readonly<Record<number, string>> = {
  [NO_ENTITY]: 'expected one of &amp; &lt; &gt; &quot; &apos; or a character reference after "&"',
  [NO_NUMBER]: 'expected digits and ";" in a character reference',
  [NO_CHARACTER]: 'a character reference names something that is not an XML character',
}

/**
 * Reads the reference whose `&` is at `at`. Returns the index behind its `;`, or INCOMPLETE; the
 * character goes to `into`.
 */
export function readReference(source: Uint8Array, at: number, end: number, into: Reference): number {
  const next = findReference(source, at, end, into)
  return next < INCOMPLETE ? refuse('xml-malformed', at, sentences[next]!) : next
}

/** The same, but a number below INCOMPLETE for anything that is not a reference. */
export function findReference(source: Uint8Array, at: number, end: number, into: Reference): number {
  if (at + 1 >= end) return INCOMPLETE
  return source[at + 1] === HASH
    ? findCharacterReference(source, at, end, into)
    : findEntityReference(source, at, end, into)
}

function findEntityReference(source: Uint8Array, at: number, end: number, into: Reference): number {
  const behind = at + LONGEST < end ? findEntity(source, at, into) : NO_ENTITY
  return behind > at ? behind : findWholeEntity(source, at, end, into)
}

/** Five comparisons of four octets, where the input has as many. */
function findEntity(source: Uint8Array, at: number, into: Reference): number {
  const word = source[at + 1]! | (source[at + 2]! << 8) | (source[at + 3]! << 16) | (source[at + 4]! << 24)
  for (let i = 0; i < entities.length; i++) {
    const { head, mask, code, length } = entities[i]!
    if ((word & mask) !== head || source[at + length - 1] !== SEMICOLON) continue
    into.code = code
    return at + length
  }
  return NO_ENTITY
}

function findWholeEntity(source: Uint8Array, at: number, end: number, into: Reference): number {
  for (let i = 0; i < entities.length; i++) {
    const { name, code } = entities[i]!
    let matched = 0
    while (matched < name.length && at + 1 + matched < end && source[at + 1 + matched] === name[matched]) matched++
    const behind = at + 1 + matched
    if (behind >= end) return INCOMPLETE
    if (matched === name.length && source[behind] === SEMICOLON) {
      into.code = code
      return behind + 1
    }
  }
  return NO_ENTITY
}

function findCharacterReference(source: Uint8Array, at: number, end: number, into: Reference): number {
  const isHex = at + 2 < end && source[at + 2] === 0x78
  const first = at + (isHex ? 3 : 2)
  const base = isHex ? 16 : 10
  let code = 0
  let i = first
  for (; i < end; i++) {
    const digit = digits[source[i]!]!
    if (digit >= base) break
    // Kept from overflow: no value this large is a character.
    code = Math.min(code * base + digit, 0x110000)
  }
  if (i === end) return INCOMPLETE
  if (i === first || source[i] !== SEMICOLON) return NO_NUMBER
  if (!isCharacter(code)) return NO_CHARACTER
  into.code = code
  return i + 1
}

/** Bytes of a code point in UTF-8. */
export function encodedLength(code: number): number {
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  return code < 0x10000 ? 3 : 4
}

/**
 * The normalized value of an attribute written at [from, to), already checked: references resolved,
 * white space to spaces (XML 1.0 3.3.3, with the line ends of 2.11 first).
 */
export function normalizeValue(source: Buffer, from: number, to: number): string {
  const reference: Reference = { code: 0 }
  let value = ''
  let plainFrom = from
  for (let i = from; i < to; ) {
    const byte = source[i]!
    if (byte !== AMPERSAND && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) {
      i++
      continue
    }
    value += source.toString('utf8', plainFrom, i)
    if (byte === AMPERSAND) {
      i = readReference(source, i, to, reference)
      value += String.fromCodePoint(reference.code)
    } else {
      i += byte === 0x0d && source[i + 1] === 0x0a && i + 1 < to ? 2 : 1
      value += ' '
    }
    plainFrom = i
  }
  return value + source.toString('utf8', plainFrom, to)
}
