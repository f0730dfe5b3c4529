// Classes of bytes and characters that decide where tokens begin and end (XML 1.0 fifth edition,
// 2.2 and 2.3).

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const EXCLAMATION = 0x21
export const QUOTE = 0x22
export const HASH = 0x23
export const AMPERSAND = 0x26
export const APOSTROPHE = 0x27
export const SLASH = 0x2f
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const LESS_THAN = 0x3c
export const EQUALS = 0x3d
export const GREATER_THAN = 0x3e
export const QUESTION = 0x3f
export const RIGHT_BRACKET = 0x5d
/**
 * First byte of U+F000 to U+FFFF, the block that holds the two non-characters U+FFFE and U+FFFF.
 */
export const LAST_BMP_LEAD = 0xef

/**
 * 1 for the ASCII characters that may continue a name, without the colon, which splits prefix and
 * local part.
 */
export const nameByte = classOf(c => /[A-Za-z0-9_.-]/.test(c))
/** 1 for the ASCII characters that may begin a name. */
export const nameStartByte = classOf(c => /[A-Za-z_]/.test(c))
/** 1 for white space (production S). */
export const spaceByte = classOf(c => /[ \t\r\n]/.test(c))
/**
 * 1 for the characters of base64 (RFC 4648 4), and for white space that is canonical as it stands.
 */
export const base64Byte = classOf(c => /[A-Za-z0-9+/= \t\n]/.test(c))
/** 1 for bytes that may end a run of canonical character data. */
export const textStop = stopsAt('<>&\r\n')
/** The same in a CDATA section. */
export const cdataStop = stopsAt('<>&\r\n]')
/** 1 for bytes that may end a run of attribute value. */
export const valueStop = stopsAt('<&"\'\t\r\n')

/** Table of one byte per byte value for the ASCII characters that `belongs` names. */
function classOf(belongs: (character: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (byte < 0x80 && belongs(String.fromCharCode(byte)) ? 1 : 0))
}

/**
 * The named characters, every control character that XML forbids, and the lead byte of the
 * non-characters.
 */
function stopsAt(characters: string): Uint8Array {
  const table = classOf(c => characters.includes(c) || (c < ' ' && c !== '\t' && c !== '\n' && c !== '\r'))
  table[LAST_BMP_LEAD] = 1
  return table
}

/** Whether U+FFFE or U+FFFF stands at `at`, a byte EF of valid UTF-8. */
export function isNonCharacter(source: Uint8Array, at: number): boolean {
  return source[at + 1] === 0xbf && source[at + 2]! >= 0xbe
}

/** Char (production 2): whether a code point may stand in a document at all. */
export function isCharacter(code: number): boolean {
  if (code < 0x20) return code === TAB || code === LF || code === CR
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff)
}

// Productions 4 and 4a above ASCII in the Basic Multilingual Plane, as pairs of first and last code
// point.
const nameStartRanges = [
  0xc0, 0xd6, 0xd8, 0xf6, 0xf8, 0x2ff, 0x370, 0x37d, 0x37f, 0x1fff, 0x200c, 0x200d, 0x2070, 0x218f, 0x2c00, 0x2fef,
  0x3001, 0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd,
]
/** In the higher planes all code points up to here may begin a name. */
const LAST_NAME_CHARACTER = 0xeffff
const nameOnlyRanges = [0xb7, 0xb7, 0x300, 0x36f, 0x203f, 0x2040]

const NAME_START = 1
const NAME_ONLY = 2
/** Of each character of the Basic Multilingual Plane above ASCII. */
const nameClasses = classNames()

/** NameStartChar (production 4) for code points above ASCII. */
export function isNameStartAboveAscii(code: number): boolean {
  return code < 0x10000 ? nameClasses[code] === NAME_START : code <= LAST_NAME_CHARACTER
}

/** NameChar (production 4a) for code points above ASCII. */
export function isNameAboveAscii(code: number): boolean {
  return code < 0x10000 ? nameClasses[code] !== 0 : code <= LAST_NAME_CHARACTER
}

function classNames(): Uint8Array {
  const classes = new Uint8Array(0x10000)
  for (let i = 0; i < nameStartRanges.length; i += 2)
    classes.fill(NAME_START, nameStartRanges[i]!, nameStartRanges[i + 1]! + 1)
  for (let i = 0; i < nameOnlyRanges.length; i += 2)
    classes.fill(NAME_ONLY, nameOnlyRanges[i]!, nameOnlyRanges[i + 1]! + 1)
  return classes
}

/** Bytes of the UTF-8 sequence that `lead` begins; the input is valid UTF-8. */
export function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}

/** The code point above ASCII at `at`; the input is valid UTF-8. */
export function codePointAt(source: Uint8Array, at: number): number {
  const lead = source[at]!
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | (source[at + 1]! & 0x3f)
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | ((source[at + 1]! & 0x3f) << 6) | (source[at + 2]! & 0x3f)
  return (
    ((lead & 0x07) << 18) |
    ((source[at + 1]! & 0x3f) << 12) |
    ((source[at + 2]! & 0x3f) << 6) |
    (source[at + 3]! & 0x3f)
  )
}

/**
 * Orders two texts by code point, as C14N does (XML-C14N 2.2), where JavaScript's own order is by
 * UTF-16 unit.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return surrogatesLast(left) - surrogatesLast(right)
  }
  return a.length - b.length
}

/**
 * Moves surrogates above the rest of the BMP, so that units compare as the code points they belong
 * to.
 */
function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}
