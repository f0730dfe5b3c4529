// The namespace declarations in scope (Namespaces in XML 1.0, third edition), innermost last.
import { randomInt } from 'node:crypto'

export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'
export const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'
export const DSIG_NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#'

/** A declaration: the default namespace has the prefix ''; a default that is undeclared has the uri ''. */
export type Binding = {
  readonly prefix: string
  readonly prefixOctets: Buffer
  /** Of the prefix. */
  readonly hash: number
  readonly uri: string
  /** Index of the declaration of the same prefix that this one shadows, -1 for none. */
  readonly shadows: number
  /** Place of its prefix among the prefixes known. */
  readonly slot: number
  /** Its canonical form, kept by the canonicalizer once it was needed. */
  declaration: Buffer | undefined
}

/** Index of the binding that says: no default namespace. It is there from the start. */
export const NO_NAMESPACE = 0
/** Index of the binding of the prefix `xml`. It is there from the start. */
export const XML_BINDING = 1
/** What `find` returns for a prefix that is not declared. */
export const UNDECLARED = -1

/** Differs from process to process, so that nobody can choose prefixes of one hash. */
const SEED = randomInt(2 ** 31)
const noNamespace = binding('', '', -1, 0)
const xmlBinding = binding('xml', XML_NAMESPACE, -1, 1)

export class NamespaceScope {
  readonly bindings: Binding[] = [noNamespace, xmlBinding]
  /** Index of the innermost binding of each prefix; the default namespace has the first slot, `xml` the second. */
  readonly #innermost: number[] = [NO_NAMESPACE, XML_BINDING]
  /** Of the prefix in each slot. */
  readonly #hashes: number[] = [noNamespace.hash, xmlBinding.hash]
  /** Prefixes bound to a namespace now, `xml` not counted. */
  size = 0

  /** Index of the innermost declaration of the prefix at [from, to) of `source`. As many steps as there are prefixes, however often declared. */
  find(source: Uint8Array, from: number, to: number): number {
    const hashes = this.#hashes
    const hash = hashOf(source, from, to)
    for (let slot = hashes.length - 1; slot > NO_NAMESPACE; slot--) {
      if (hashes[slot] !== hash) continue
      const index = this.#innermost[slot]!
      const octets = this.bindings[index]!.prefixOctets
      if (octets.length === to - from && isSame(octets, source, from)) return index
    }
    return UNDECLARED
  }

  /** Index of the default namespace's binding. */
  get defaultIndex(): number {
    return this.#innermost[NO_NAMESPACE]!
  }

  uri(index: number): string {
    return this.bindings[index]!.uri
  }

  /** Adds a declaration; `xml` is bound from the start and never declared. */
  declare(prefix: string, uri: string): void {
    const slot = this.#slotOf(prefix)
    const shadows = this.#innermost[slot] ?? UNDECLARED
    const wasBound = shadows !== UNDECLARED && this.uri(shadows) !== ''
    if (uri !== '' && !wasBound) this.size++
    if (uri === '' && wasBound) this.size--
    const declared = binding(prefix, uri, shadows, slot)
    this.#innermost[slot] = this.bindings.push(declared) - 1
    this.#hashes[slot] = declared.hash
  }

  /** Takes back the declarations from `length` on. */
  restore(length: number): void {
    while (this.bindings.length > length) {
      const { uri, shadows, slot } = this.bindings.pop()!
      const wasBound = shadows !== UNDECLARED && this.uri(shadows) !== ''
      if (uri !== '' && !wasBound) this.size--
      if (uri === '' && wasBound) this.size++
      // A prefix that shadowed nothing was the last to get a slot.
      if (shadows === UNDECLARED) {
        this.#innermost.pop()
        this.#hashes.pop()
      } else this.#innermost[slot] = shadows
    }
  }

  /** Innermost binding of each prefix, those that undeclare the default and `xml` included. */
  inScope(): readonly number[] {
    return this.#innermost
  }

  /** The slot of a prefix; the one behind the last when it has none yet. */
  #slotOf(prefix: string): number {
    const slot = this.#innermost.findIndex(index => this.bindings[index]!.prefix === prefix)
    return slot < 0 ? this.#innermost.length : slot
  }
}

function binding(prefix: string, uri: string, shadows: number, slot: number): Binding {
  const prefixOctets = Buffer.from(prefix)
  return {
    prefix,
    prefixOctets,
    hash: hashOf(prefixOctets, 0, prefixOctets.length),
    uri,
    shadows,
    slot,
    declaration: undefined,
  }
}

/** FNV-1a. */
function hashOf(source: Uint8Array, from: number, to: number): number {
  let hash = SEED
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ source[i]!, 0x01000193)
  return hash
}

function isSame(octets: Uint8Array, source: Uint8Array, from: number): boolean {
  for (let i = 0; i < octets.length; i++) if (octets[i] !== source[from + i]) return false
  return true
}
