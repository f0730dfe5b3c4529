// The namespace declarations in scope (Namespaces in XML 1.0, third edition), innermost last.

export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'
export const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'
export const DSIG_NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#'

/** A declaration: the default namespace has the prefix ''; a default that is undeclared has the uri ''. */
export type Binding = {
  readonly prefix: string
  readonly prefixOctets: Buffer
  readonly uri: string
  /** Index of the declaration of the same prefix that this one shadows, -1 for none. */
  readonly shadows: number
  /** Its canonical form, kept by the canonicalizer once it was needed. */
  declaration: Buffer | undefined
}

/** Index of the binding that says: no default namespace. It is there from the start. */
export const NO_NAMESPACE = 0
/** Index of the binding of the prefix `xml`. It is there from the start. */
export const XML_BINDING = 1
/** What `find` returns for a prefix that is not declared. */
export const UNDECLARED = -1

const noNamespace = binding('', '', -1)
const xmlBinding = binding('xml', XML_NAMESPACE, -1)

export class NamespaceScope {
  readonly bindings: Binding[] = [noNamespace, xmlBinding]
  /** Index of the default namespace's binding. */
  defaultIndex = NO_NAMESPACE
  /** Prefixes bound to a namespace now, `xml` not counted. */
  size = 0

  /** Index of the innermost declaration of the prefix at [from, to) of `source`. */
  find(source: Uint8Array, from: number, to: number): number {
    const bindings = this.bindings
    for (let i = bindings.length - 1; i > NO_NAMESPACE; i--) {
      const octets = bindings[i]!.prefixOctets
      if (octets.length === to - from && octets.length > 0 && isSame(octets, source, from)) return i
    }
    return UNDECLARED
  }

  uri(index: number): string {
    return this.bindings[index]!.uri
  }

  /** Adds a declaration; `xml` is bound from the start and never declared. */
  declare(prefix: string, uri: string): void {
    const shadows = this.#indexOf(prefix)
    const wasBound = shadows !== UNDECLARED && this.uri(shadows) !== ''
    if (uri !== '' && !wasBound) this.size++
    if (uri === '' && wasBound) this.size--
    const index = this.bindings.push(binding(prefix, uri, shadows)) - 1
    if (prefix === '') this.defaultIndex = index
  }

  /** Takes back the declarations from `length` on. */
  restore(length: number): void {
    while (this.bindings.length > length) {
      const { prefix, uri, shadows } = this.bindings.pop()!
      const wasBound = shadows !== UNDECLARED && this.uri(shadows) !== ''
      if (uri !== '' && !wasBound) this.size--
      if (uri === '' && wasBound) this.size++
      if (prefix === '') this.defaultIndex = shadows
    }
  }

  /** Innermost binding of each prefix, those that undeclare the default and `xml` included. */
  *inScope(): Generator<number> {
    const seen = new Set<string>()
    for (let i = this.bindings.length - 1; i >= 0; i--) {
      const { prefix } = this.bindings[i]!
      if (!seen.has(prefix)) yield i
      seen.add(prefix)
    }
  }

  #indexOf(prefix: string): number {
    if (prefix === '') return this.defaultIndex
    for (let i = this.bindings.length - 1; i > NO_NAMESPACE; i--) if (this.bindings[i]!.prefix === prefix) return i
    return UNDECLARED
  }
}

function binding(prefix: string, uri: string, shadows: number): Binding {
  return { prefix, prefixOctets: Buffer.from(prefix), uri, shadows, declaration: undefined }
}

function isSame(octets: Uint8Array, source: Uint8Array, from: number): boolean {
  for (let i = 0; i < octets.length; i++) if (octets[i] !== source[from + i]) return false
  return true
}
