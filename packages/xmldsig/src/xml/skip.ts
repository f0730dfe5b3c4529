// The innermost loops, each a function of its own: V8 compiles a small loop three times faster than
// the same loop inside a large method.

import { CR, cdataStop, LF, nameByte, spaceByte, textStop, valueStop } from './characters.ts'
import { window, windowPairs } from './window.ts'

/** An empty input. */
export const NOTHING: Buffer = Buffer.alloc(0)

// Constants of this module, which the compiler knows: an imported name is looked up each time.
const octets = window
const pairs = windowPairs
const [stopsText, stopsCdata] = [textStop, cdataStop]
const [pairStopsText, pairStopsCdata] = [pairsOf(textStop), pairsOf(cdataStop)]

/** The table for two bytes at once, as this machine orders them: 1 when either may end a run. */
function pairsOf(stops: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 65536 }, (_, pair) => stops[pair & 0xff]! | stops[pair >> 8]!)
}

/** The index of the next byte that may end a run of canonical character data, or `end`. */
export function skipText(source: Buffer, from: number, end: number): number {
  return source === window ? skipPairs(from, end) : skipBytes(source, from, end, stopsText)
}

/** The same in the window, two bytes a step: pays for text that is long, or not ASCII. */
export function skipPairs(from: number, end: number): number {
  return skipWindow(from, end, stopsText, pairStopsText)
}

/**
 * The index of the next byte in a CDATA section that may end a run of canonical character data, or
 * the section; or `end`.
 */
export function skipCdata(source: Buffer, from: number, end: number): number {
  return source === window
    ? skipWindow(from, end, stopsCdata, pairStopsCdata)
    : skipBytes(source, from, end, stopsCdata)
}

function skipWindow(from: number, end: number, stops: Uint8Array, pairStops: Uint8Array): number {
  if (from >= end || ((from & 1) !== 0 && stops[octets[from]!] !== 0)) return from
  const last = end >> 1
  let pair = (from + 1) >> 1
  while (pair < last && pairStops[pairs[pair]!] === 0) pair++
  const at = pair << 1
  return at < end && stops[octets[at]!] === 0 ? at + 1 : at
}

function skipBytes(source: Buffer, from: number, end: number, stops: Uint8Array): number {
  let at = from
  while (at < end && stops[source[at]!] === 0) at++
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

const SHORT_LINE = 128

/** The index of the next LF or CR, or `end`. */
export function skipLine(source: Uint8Array, from: number, end: number): number {
  let at = from
  const soon = Math.min(end, from + SHORT_LINE)
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
