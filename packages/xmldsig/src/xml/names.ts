// Qualified names (Namespaces in XML 1.0, production 7; XML 1.0 productions 4 and 4a).
import {
  COLON,
  codePointAt,
  isNameAboveAscii,
  isNameStartAboveAscii,
  nameByte,
  nameStartByte,
  sequenceLength,
} from './characters.ts'
import { INCOMPLETE, refuse } from './refusal.ts'
import { skipName } from './skip.ts'

/**
 * Where the colon of the name read last stands, -1 when it has no prefix; a reader of names keeps
 * one.
 */
export type NameColon = { colon: number }

/**
 * Reads the QName that begins at `from`, before `end`. Returns the index behind it, or INCOMPLETE;
 * where its colon is goes to `into`.
 */
export function readName(source: Uint8Array, from: number, end: number, maxBytes: number, into: NameColon): number {
  into.colon = -1
  const stop = Math.min(end, from + maxBytes + 1)
  let at = readStart(source, from)
  for (;;) {
    at = skipName(source, at, stop)
    if (at >= stop) break
    const byte = source[at]!
    if (byte === COLON) {
      if (into.colon >= 0) refuse('xml-namespace', at, 'a name has more than one colon')
      into.colon = at
      at++
    } else if (byte >= 0x80 && isNameAboveAscii(codePointAt(source, at))) at += sequenceLength(byte)
    else break
  }
  if (at - from > maxBytes) refuse('xml-limit', from, `a name is longer than ${maxBytes} bytes`)
  if (at >= end) return INCOMPLETE
  if (into.colon >= 0) checkLocalPart(source, into.colon, at)
  return at
}

/**
 * The same for a name that another byte follows. INCOMPLETE for anything that is not a name, or too
 * long, or cut off: `readName` then finds out which.
 */
export function findName(source: Uint8Array, from: number, end: number, maxBytes: number, into: NameColon): number {
  into.colon = -1
  const stop = Math.min(end, from + maxBytes + 1)
  let at = skipNameStart(source, from, stop)
  for (;;) {
    while (at < stop && nameByte[source[at]!] === 1) at++
    if (at >= stop) return INCOMPLETE
    const byte = source[at]!
    if (byte === COLON) {
      if (into.colon >= 0) return INCOMPLETE
      into.colon = at
      at = skipNameStart(source, at + 1, stop)
    } else if (byte < 0x80) return at
    else if (isNameAboveAscii(codePointAt(source, at))) at += sequenceLength(byte)
    else return INCOMPLETE
  }
}

/** The index behind the character at `at` if that may begin a name, else `stop`. */
function skipNameStart(source: Uint8Array, at: number, stop: number): number {
  if (at >= stop) return stop
  const byte = source[at]!
  if (nameStartByte[byte] === 1) return at + 1
  return byte >= 0x80 && isNameStartAboveAscii(codePointAt(source, at)) ? at + sequenceLength(byte) : stop
}

function readStart(source: Uint8Array, from: number): number {
  const byte = source[from]!
  if (nameStartByte[byte] === 1) return from + 1
  if (byte >= 0x80 && isNameStartAboveAscii(codePointAt(source, from))) return from + sequenceLength(byte)
  if (byte === COLON) refuse('xml-namespace', from, 'a name begins with a colon')
  return refuse('xml-malformed', from, 'expected a name')
}

function checkLocalPart(source: Uint8Array, colon: number, nameEnd: number): void {
  if (colon + 1 === nameEnd) refuse('xml-namespace', colon, 'a name ends with a colon')
  const byte = source[colon + 1]!
  const starts = nameStartByte[byte] === 1 || (byte >= 0x80 && isNameStartAboveAscii(codePointAt(source, colon + 1)))
  if (!starts)
    refuse('xml-namespace', colon + 1, 'the local part of a name begins with a character that may not begin a name')
}

/** Whether the name at `from` begins with the letters xml in any case (reserved, XML 1.0 2.3). */
export function isReservedName(source: Uint8Array, from: number): boolean {
  // A shorter name ends with a byte that is none of these letters.
  return (source[from]! | 0x20) === 0x78 && (source[from + 1]! | 0x20) === 0x6d && (source[from + 2]! | 0x20) === 0x6c
}

/** Whether [from, to) of `source` is exactly `name`. */
export function isName(source: Uint8Array, from: number, to: number, name: Uint8Array): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) if (source[from + i] !== name[i]) return false
  return true
}
