// The forms of start tags that were read before, of all documents: bounded in number and length.
import { EQUALS, GREATER_THAN } from '../characters.ts'
import { HASH_SEED } from '../namespaces.ts'
import type { StartTag } from '../start-tag.ts'
import { makeForm, NAMESPACE_LENGTH, NEVER, NO_FORM, type TagForm } from './tag-form.ts'

/** Octets of a form, and attributes: tags with more are read each time. */
export const FORM_OCTETS = 512
export const FORM_ATTRIBUTES = 16
/** Octets of the longest tag that is taken by its form. */
export const TAG_OCTETS = 8192
const PLACES = 2048
/** Places where a form of one hash may be. */
const PROBES = 4
/**
 * A form keeps its place against so many tags that have none: making one costs as much as reading
 * some tags.
 */
const FIRST_STRENGTH = 16
const MOST_STRENGTH = 32
/** Octets that a hash goes over. */
const HASHED_OCTETS = 96
/** FNV-1a. */
const PRIME = 0x01000193

const table: (TagForm | undefined)[] = Array.from({ length: PLACES }, () => undefined)
/** The octets of each form, at its place. */
export const formWords: DataView = new DataView(new ArrayBuffer(PLACES * FORM_OCTETS))
/**
 * Hashes of tags that were read and have no form here, each at two places: two tags in turns must
 * not replace each other permanently.
 */
const seen = [new Int32Array(PLACES), new Int32Array(PLACES)] as const
const PLACE_BITS = 11
let turn = 0

/** Of a tag up to its first value: the element and one attribute mostly distinguish forms. */
export function hashTag(source: Buffer, at: number, end: number): number {
  const stop = Math.min(end, at + HASHED_OCTETS)
  let hash = HASH_SEED
  for (let i = at + 1; i < stop; i++) {
    const byte = source[i]!
    if (byte === EQUALS || byte === GREATER_THAN) break
    hash = Math.imul(hash ^ byte, PRIME)
  }
  return hash ^ (hash >>> 15)
}

/** The first form of this hash that `matches`; NO_FORM when there is none. */
export function findForm(hash: number, matches: (form: TagForm) => boolean): TagForm {
  for (let probe = 0; probe < PROBES; probe++) {
    const form = table[placeOf(hash, probe)]
    if (form === undefined) break
    if (!matches(form)) continue
    if (form.strength < MOST_STRENGTH) form.strength++
    return form
  }
  return NO_FORM
}

/**
 * Stores the form of this tag, which was read and is well-formed, if it was seen before and there
 * is a place for it; else NO_FORM.
 */
export function learnForm(hash: number, tag: StartTag): TagForm {
  if (!isSeenAgain(hash) || !hasShortForm(tag)) return NO_FORM
  const place = findPlace(hash)
  if (place < 0) return NO_FORM
  const form = makeForm(tag)
  table[place] = form
  form.isKnown = true
  form.strength = FIRST_STRENGTH
  form.first = NO_FORM
  form.after = NO_FORM
  form.place = place * FORM_OCTETS
  form.octets.copy(new Uint8Array(formWords.buffer), form.place)
  return form
}

function isSeenAgain(hash: number): boolean {
  const [first, second] = [placeOf(hash, 0), placeOf(hash >>> PLACE_BITS, 0)]
  if (seen[0][first] === hash || seen[1][second] === hash) return true
  seen[0][first] = hash
  seen[1][second] = hash
  return false
}

/** Whether the tag has little else than values; neither these nor its namespaces are long. */
function hasShortForm({ from, to, attributes, scope }: StartTag): boolean {
  const { count, valueFrom, valueTo, binding } = attributes
  let length = to - from
  if (count > FORM_ATTRIBUTES || length > TAG_OCTETS) return false
  for (let i = 0; i < count; i++) {
    if (scope.uri(binding[i]!).length > NAMESPACE_LENGTH) return false
    length -= valueTo[i]! - valueFrom[i]!
  }
  return length <= FORM_OCTETS
}

/** A free place, or that of a form that is seldom used; -1 for none. */
function findPlace(hash: number): number {
  for (let probe = 0; probe < PROBES; probe++) {
    const place = placeOf(hash, probe)
    if (table[place] === undefined) return place
  }
  const place = placeOf(hash, turn++ % PROBES)
  const old = table[place]!
  if (--old.strength > 0) return -1
  // Its octets are overwritten: nothing is of its form any more, and it holds no other alive.
  old.head = NEVER
  old.isKnown = false
  old.first = NO_FORM
  old.after = NO_FORM
  return place
}

function placeOf(hash: number, probe: number): number {
  return (hash + probe) & (PLACES - 1)
}
