// The innermost loops, each a function of its own: V8 compiles a small loop three times faster than the same loop inside a large method.
import { nameByte, spaceByte, textStop, valueStop } from './characters.ts'

/** The index of the next byte that may end a run of canonical character data, or `end`. */
export function skipText(source: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && textStop[source[at]!] === 0) at++
  return at
}

/** The index of the next byte that may end a run of plain attribute value, or `end`. */
export function skipValue(source: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && valueStop[source[at]!] === 0) at++
  return at
}

/** The index of the next byte that is no ASCII name character (a colon is none), or `end`. */
export function skipName(source: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && nameByte[source[at]!] === 1) at++
  return at
}

/** The index of the next byte that is no white space, or `end`. */
export function skipSpace(source: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && spaceByte[source[at]!] === 1) at++
  return at
}

/** Copies a few bytes; a call out of JavaScript costs more. */
export function copyShort(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  for (let i = from, into = at; i < to; i++, into++) target[into] = source[i]!
}
