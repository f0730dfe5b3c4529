// Namespace declarations as they are written, known again by their octets: most documents repeat a
// few.
import { type Declaration, hashOf, isSame } from '../namespaces.ts'

type Known = { readonly octets: Buffer; readonly declaration: Declaration }

/** As many as there are places for are known at once; a later one takes the place of an earlier. */
const PLACES = 256
const LONGEST = 256
/**
 * `xmlns:` says nothing; up to here the prefix, and the end of the namespace, tell declarations
 * apart.
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

/** From here on the declaration written at [from, to), which was checked, is known. */
export function remember(source: Buffer, from: number, to: number, declaration: Declaration): void {
  if (to - from > LONGEST) return
  known[placeOf(source, from, to)] = { octets: Buffer.from(source.subarray(from, to)), declaration }
}

function placeOf(source: Buffer, from: number, to: number): number {
  const head = Math.min(from + HEAD, to)
  const hash = hashOf(source, from + SKIPPED, head) + hashOf(source, Math.max(head, to - TAIL), to) + to - from
  return (hash ^ (hash >>> 16)) & (PLACES - 1)
}
