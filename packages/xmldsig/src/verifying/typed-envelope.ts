// The envelope of a document of any type that is known: its document element says which reader it
// needs.
import { Fault, quote } from '@seg/core'
import type { DigestName } from '../c14n/octets.ts'
import type { StartTag } from '../xml/start-tag.ts'
import { CHILDREN_DEPTH, type DocumentObserver, REPORT_CHILDREN } from './document-pass.ts'
import { criticalDocument, type DocumentType } from './document-type.ts'
import { type Envelope, EnvelopeReader } from './envelope.ts'
import { FieldReader } from './field-reader.ts'

type Used = { readonly signatureAlgorithm: string; readonly digestAlgorithm: DigestName }

/**
 * Without types of its own a gateway reads a CriticalDocument, and names it where another comes.
 */
export function openEnvelopeReader(types: readonly DocumentType[]): DocumentObserver & { read(): Envelope } {
  return types.length === 1 && types[0] === criticalDocument ? new EnvelopeReader() : new TypedEnvelopeReader(types)
}

class TypedEnvelopeReader implements DocumentObserver {
  readonly #types: readonly DocumentType[]
  #reader: (DocumentObserver & { read(): Envelope }) | undefined
  #root = ''

  constructor(types: readonly DocumentType[]) {
    this.#types = types
  }

  get textDepth(): number {
    return this.#reader?.textDepth ?? CHILDREN_DEPTH
  }

  get unreportedDepth(): number {
    return this.#reader?.unreportedDepth ?? REPORT_CHILDREN
  }

  startTag(tag: StartTag): void {
    if (tag.depth === 1) this.#meetRoot(tag)
    this.#reader?.startTag(tag)
  }

  endTag(depth: number): void {
    this.#reader?.endTag(depth)
  }

  text(depth: number, source: Buffer, from: number, to: number): void {
    this.#reader?.text(depth, source, from, to)
  }

  signature(): void {
    this.#reader?.signature()
  }

  read(): Envelope {
    if (this.#reader !== undefined) return this.#reader.read()
    const known = this.#types.map(({ root: { local, namespace } }) => show(local, namespace)).join(', ')
    throw new Fault('envelope-malformed', `expected a document element that is one of ${known}; found ${this.#root}`)
  }

  #meetRoot(tag: StartTag): void {
    const local = tag.source.toString('utf8', tag.localFrom, tag.nameTo)
    this.#root = show(local, tag.uri)
    const type = findType(this.#types, { local, namespace: tag.uri })
    if (type !== undefined) this.#reader = type.fields === undefined ? new EnvelopeReader() : new FieldReader(type)
  }
}

export function findType(types: readonly DocumentType[], root: DocumentType['root']): DocumentType | undefined {
  return types.find(type => type.root.local === root.local && type.root.namespace === root.namespace)
}

function show(local: string, namespace: string): string {
  return `${quote(local)} in ${namespace === '' ? 'no namespace' : quote(namespace)}`
}

/** Throws the Fault `signature-algorithm` for one that the document's type does not take. */
export function checkUsedAlgorithms(types: readonly DocumentType[], { type: name }: Envelope, used: Used): void {
  const { signatures, digests } = types.find(type => type.name === name)!
  if (signatures === undefined && digests === undefined) return
  for (const [what, allowed, found] of [
    ['SignatureMethod', signatures, used.signatureAlgorithm],
    ['DigestMethod', digests, used.digestAlgorithm],
  ] as const)
    if (allowed !== undefined && !(allowed as readonly string[]).includes(found))
      throw new Fault(
        'signature-algorithm',
        `expected for a ${name} the ${what} ${allowed.join(' or ')}, found ${quote(found)}`,
      )
}
