// Strict UTF-8 (RFC 3629) over input that comes in pieces.
import { isUtf8 } from 'node:buffer'
import { sequenceLength } from './characters.ts'

/** Bytes at the end of `source` that begin a sequence which the next piece may complete: 0 to 3. */
export function incompleteTail(source: Uint8Array, length = source.length): number {
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = source[length - back]!
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return sequenceLength(byte) > back ? back : 0
  }
  return 0
}

/**
 * Index of the first sequence of `source` that is not valid UTF-8; its length when all are. Used
 * only once input has been found invalid.
 */
export function invalidAt(source: Uint8Array): number {
  let at = 0
  while (at < source.length) {
    const next = at + sequenceLength(source[at]!)
    if (source[at]! >= 0x80 && !isUtf8(source.subarray(at, next))) return at
    at = next
  }
  return at
}
