// The namespace declarations in scope (Namespaces in XML 1.0, third edition), innermost last.
import { randomInt } from 'node:crypto'
import type { Octets } from './octet-words.ts'

export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'
export const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'
export const DSIG_NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#'

/**
 * One declaration. The default namespace has the prefix ''; an undeclared default has the uri ''.
 * May be shared between documents.
 */
export type Declaration = {
  /** Each has its own. */
  readonly id: number
  readonly prefix: string
  readonly prefixOctets: Buffer
  /** Of the prefix. */
  readonly hash: number
  readonly uri: string
  readonly uriOctets: Buffer
  /** Its canonical form, kept by the canonicalizer once it was needed. */
  canonical: Octets | undefined
}

/** Index of the binding for "no default namespace". It is there from the start. */
export const NO_NAMESPACE = 0
/** Index of the binding of the prefix `xml`. It is there from the start. */
export const XML_BINDING = 1
/** What `find` returns for a prefix that is not declared. */
export const UNDECLARED = -1

/**
 * Where hashes begin; differs between processes, so that an attacker cannot choose prefixes, tags
 * or epochs with equal ones.
 */
export const HASH_SEED: number = randomInt(2 ** 31)
let ids = 0
/** Declarations that are shared, and the characters of one. */
const [MOST_SHARED, LONGEST_SHARED] = [1024, 512]
const shared = new Map<string, Declaration>()
const noNamespace = makeDeclaration('', '')
const xmlDeclaration = makeDeclaration('xml', XML_NAMESPACE)

export class NamespaceScope {
  readonly bindings: Declaration[] = [noNamespace, xmlDeclaration]
  /** Index of the declaration of the same prefix that each one shadows, -1 for none. */
  readonly #shadows: number[] = [UNDECLARED, UNDECLARED]
  /** Place of the prefix of each among the prefixes known. */
  readonly #slots: number[] = [0, 1]
  /**
   * Index of the innermost binding of each prefix; the default namespace has the first slot, `xml`
   * the second.
   */
  readonly #innermost: number[] = [NO_NAMESPACE, XML_BINDING]
  /** Of the prefix in each slot. */
  readonly #hashes: number[] = [noNamespace.hash, xmlDeclaration.hash]
  /** The slot found last: the next name often has the same prefix. */
  #lastSlot = 1
  /** Prefixes bound to a namespace now, `xml` not counted. */
  size = 0

  /**
   * Index of the innermost declaration of the prefix at [from, to) of `source`. The number of steps
   * grows with the prefixes, not with their declarations.
   */
  find(source: Uint8Array, from: number, to: number): number {
    const hashes = this.#hashes
    const hash = hashOf(source, from, to)
    if (hashes[this.#lastSlot] === hash && this.#isPrefix(this.#lastSlot, source, from, to))
      return this.#innermost[this.#lastSlot]!
    for (let slot = hashes.length - 1; slot > NO_NAMESPACE; slot--) {
      if (hashes[slot] !== hash || !this.#isPrefix(slot, source, from, to)) continue
      this.#lastSlot = slot
      return this.#innermost[slot]!
    }
    return UNDECLARED
  }

  #isPrefix(slot: number, source: Uint8Array, from: number, to: number): boolean {
    const octets = this.bindings[this.#innermost[slot]!]!.prefixOctets
    return octets.length === to - from && isSame(octets, source, from)
  }

  /** Index of the default namespace's binding. */
  get defaultIndex(): number {
    return this.#innermost[NO_NAMESPACE]!
  }

  uri(index: number): string {
    return this.bindings[index]!.uri
  }

  /**
   * Index of the declaration of the same prefix that the one at `index` shadows; UNDECLARED for
   * none.
   */
  shadowedBy(index: number): number {
    return this.#shadows[index]!
  }

  /** Adds a declaration; `xml` is bound from the start and never declared. */
  declare(declared: Declaration): void {
    const slot = this.#slotOf(declared)
    const shadows = this.#innermost[slot] ?? UNDECLARED
    const wasBound = shadows !== UNDECLARED && this.uri(shadows) !== ''
    if (declared.uri !== '' && !wasBound) this.size++
    if (declared.uri === '' && wasBound) this.size--
    const index = this.bindings.push(declared) - 1
    this.#shadows[index] = shadows
    this.#slots[index] = slot
    this.#innermost[slot] = index
    this.#hashes[slot] = declared.hash
  }

  /** Undoes the declarations from `length` on. */
  restore(length: number): void {
    for (let index = this.bindings.length - 1; index >= length; index--) {
      const { uri } = this.bindings.pop()!
      const shadows = this.#shadows[index]!
      const wasBound = shadows !== UNDECLARED && this.uri(shadows) !== ''
      if (uri !== '' && !wasBound) this.size--
      if (uri === '' && wasBound) this.size++
      // A prefix that shadowed nothing was the last to get a slot.
      if (shadows === UNDECLARED) {
        this.#innermost.pop()
        this.#hashes.pop()
      } else this.#innermost[this.#slots[index]!] = shadows
    }
    if (this.#lastSlot >= this.#hashes.length) this.#lastSlot = XML_BINDING
  }

  /** Innermost binding of each prefix, those that undeclare the default and `xml` included. */
  inScope(): readonly number[] {
    return this.#innermost
  }

  /** The slot of a declaration's prefix; the one behind the last when it has none yet. */
  #slotOf({ prefix, hash }: Declaration): number {
    const hashes = this.#hashes
    for (let slot = 0; slot < hashes.length; slot++)
      if (hashes[slot] === hash && this.bindings[this.#innermost[slot]!]!.prefix === prefix) return slot
    return hashes.length
  }
}

/**
 * A declaration, the object of an earlier document if there is one: its checks need not be
 * repeated.
 */
export function shareDeclaration(prefix: string, uri: string): Declaration {
  const key = `${prefix} ${uri}`
  if (key.length > LONGEST_SHARED) return makeDeclaration(prefix, uri)
  const known = shared.get(key)
  if (known !== undefined) return known
  if (shared.size === MOST_SHARED) shared.clear()
  const made = makeDeclaration(prefix, uri)
  shared.set(key, made)
  return made
}

export function makeDeclaration(prefix: string, uri: string): Declaration {
  const prefixOctets = Buffer.from(prefix)
  const hash = hashOf(prefixOctets, 0, prefixOctets.length)
  return { id: ++ids, prefix, prefixOctets, hash, uri, uriOctets: Buffer.from(uri), canonical: undefined }
}

/** FNV-1a. */
export function hashOf(source: Uint8Array, from: number, to: number): number {
  let hash = HASH_SEED
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ source[i]!, 0x01000193)
  return hash
}

/** Whether all of `octets` stands at `from`. */
export function isSame(octets: Uint8Array, source: Uint8Array, from: number): boolean {
  for (let i = 0; i < octets.length; i++) if (octets[i] !== source[from + i]) return false
  return true
}
