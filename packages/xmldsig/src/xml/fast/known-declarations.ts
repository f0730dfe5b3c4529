// Namespace declarations recognized by their octets: most documents repeat a few.
import { type Declaration, hashOf, isSame } from '../namespaces.ts'

type Known = { readonly octets: Buffer; readonly declaration: Declaration }

/** A table of fixed size: a later declaration replaces an earlier one. */
const PLACES = 256
const LONGEST = 256
/**
 * `xmlns:` is the same in all; the prefix up to here and the end of the namespace distinguish
 * declarations.
 */
const [SKIPPED, HEAD, TAIL] = [6, 12, 8]

const known: (Known | undefined)[] = Array.from({ length: PLACES }, () => undefined)

/**
 * The declaration written at [from, to) of `source`, its quotes included; undefined when it is not
 * known.
 */
export function findKnown(source: Buffer, from: number, to: number): Declaration | undefined {
  const found = known[placeOf(source, from, to)]
  if (found === undefined || found.octets.length !== to - from || !isSame(found.octets, source, from)) return undefined
  return found.declaration
}

/** Stores the declaration written at [from, to), which has been checked. */
export function remember(source: Buffer, from: number, to: number, declaration: Declaration): void {
  if (to - from > LONGEST) return
  known[placeOf(source, from, to)] = { octets: Buffer.from(source.subarray(from, to)), declaration }
}

function placeOf(source: Buffer, from: number, to: number): number {
  const head = Math.min(from + HEAD, to)
  const hash = hashOf(source, from + SKIPPED, head) + hashOf(source, Math.max(head, to - TAIL), to) + to - from
  return (hash ^ (hash >>> 16)) & (PLACES - 1)
}
