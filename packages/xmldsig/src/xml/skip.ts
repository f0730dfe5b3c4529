// The innermost loops, each a function of its own: V8 compiles a small loop three times faster than
// the same loop inside a large method.

import { CR, cdataStop, LF, nameByte, spaceByte, textStop, valueStop } from './characters.ts'
import { window, windowPairs } from './window.ts'

/** An empty input. */
export const NOTHING: Buffer = Buffer.alloc(0)

/** The index of the next byte that may end a run of canonical character data, or `end`. */
export function skipText(source: Buffer, from: number, end: number): number {
  let at = from
  const soon = Math.min(end, from + SHORT_TEXT)
  while (at < soon && textStop[source[at]!] === 0) at++
  return at < soon || at === end ? at : skipLongText(source, at, end)
}

const SHORT_TEXT = 128
/** `textStop` for two bytes at once, as this machine orders them: 1 when either may end a run. */
export const pairStop: Uint8Array = Uint8Array.from(
  { length: 65536 },
  (_, pair) => textStop[pair & 0xff]! | textStop[pair >> 8]!,
)

/** Two bytes a step: pays only for long runs. */
function skipLongText(source: Buffer, from: number, end: number): number {
  let at = (source.byteOffset + from) % 2 === 0 || textStop[source[from]!] === 1 ? from : from + 1
  if ((source.byteOffset + at) % 2 === 0) {
    const pairs =
      source === window ? windowPairs : new Uint16Array(source.buffer, source.byteOffset + at, (end - at) >> 1)
    const first = source === window ? at >> 1 : 0
    const last = source === window ? end >> 1 : pairs.length
    let i = first
    while (i < last && pairStop[pairs[i]!] === 0) i++
    at += 2 * (i - first)
  }
  while (at < end && textStop[source[at]!] === 0) at++
  return at
}

/**
 * The index of the next byte in a CDATA section that may end a run of canonical character data, or
 * the section; or `end`.
 */
export function skipCdata(source: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && cdataStop[source[at]!] === 0) at++
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

/** The index of the next LF or CR, or `end`. */
export function skipLine(source: Uint8Array, from: number, end: number): number {
  let at = from
  const soon = Math.min(end, from + SHORT_TEXT)
  while (at < soon && source[at] !== LF && source[at] !== CR) at++
  return at < soon || at === end ? at : skipLongLine(source, at, end)
}

const LINE_BLOCK = 1024

/** One block at a time, searched for each of the two bytes: linear wherever the first one is. */
function skipLongLine(source: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at += LINE_BLOCK) {
    const block = source.subarray(at, Math.min(end, at + LINE_BLOCK))
    const [feed, carriageReturn] = [block.indexOf(LF), block.indexOf(CR)]
    if (feed >= 0 || carriageReturn >= 0)
      return at + (feed < 0 || (carriageReturn >= 0 && carriageReturn < feed) ? carriageReturn : feed)
  }
  return end
}

/** Copies a few bytes; a call out of JavaScript costs more. Returns the index behind them. */
export function copyShort(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  let into = at
  for (let i = from; i < to; i++, into++) target[into] = source[i]!
  return into
}
