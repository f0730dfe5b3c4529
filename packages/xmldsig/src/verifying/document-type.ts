// Types of documents: by which root element one is known, where the fields of its envelope stand,
// and what is demanded of its signature.
import type { DigestName } from '../c14n/octets.ts'

/** An element by its expanded name; the namespace '' is none. */
export type ElementName = { readonly local: string; readonly namespace: string }

/** An attribute of the document element, or a path of children below it. */
export type FieldPlace = { readonly attribute: string } | { readonly path: readonly ElementName[] }

export const fieldNames = ['id', 'sender', 'receiver', 'timestamp'] as const
export type FieldName = (typeof fieldNames)[number]

export type DocumentType = {
  readonly name: string
  readonly root: ElementName
  /** Undefined: the envelope of a CriticalDocument, strictly as docs/profile.md has it. */
  readonly fields: Readonly<Record<FieldName, FieldPlace>> | undefined
  /** Identifiers of the SignatureMethods that are accepted; undefined: all of the profile. */
  readonly signatures: readonly string[] | undefined
  readonly digests: readonly DigestName[] | undefined
  /** Milliseconds between its time and the clock of the receiver; undefined: as for all. */
  readonly freshness: number | undefined
  /** Files of its schema, the main one first; none: it is not validated. */
  readonly xsd: readonly string[]
  /** Values to find its documents by. */
  readonly index: readonly IndexedValue[]
  /** Namespaces by the prefixes of these expressions. */
  readonly prefixes: Readonly<Record<string, string>>
}

/** A name, and the XPath expression over the canonical octets that gives the values. */
export type IndexedValue = { readonly name: string; readonly xpath: string }

export const criticalDocument: DocumentType = {
  name: 'CriticalDocument',
  root: { local: 'CriticalDocument', namespace: '' },
  fields: undefined,
  signatures: undefined,
  digests: undefined,
  freshness: undefined,
  xsd: [],
  index: [],
  prefixes: {},
}

export const defaultTypes: readonly DocumentType[] = [criticalDocument]

/** The fields as a tree of the elements that lead to them. */
export type FieldNode = {
  readonly name: ElementName
  readonly local: Buffer
  readonly children: FieldNode[]
  field: FieldName | undefined
}

export function buildFieldTree({ root, fields }: DocumentType): FieldNode {
  const tree = nodeOf(root)
  for (const field of fieldNames) {
    const place = fields?.[field]
    if (place === undefined || 'attribute' in place) continue
    let node = tree
    for (const step of place.path) {
      let next = node.children.find(({ name }) => isSameName(name, step))
      if (next === undefined) {
        next = nodeOf(step)
        node.children.push(next)
      }
      node = next
    }
    node.field = field
  }
  return tree
}

function nodeOf(name: ElementName): FieldNode {
  return { name, local: Buffer.from(name.local), children: [], field: undefined }
}

export function isSameName(a: ElementName, b: ElementName): boolean {
  return a.local === b.local && a.namespace === b.namespace
}

/** How deep the deepest field stands; the document element has depth 1. */
export function deepestField({ fields }: DocumentType): number {
  return 1 + Math.max(...fieldNames.map(name => pathOf(fields?.[name]).length))
}

function pathOf(place: FieldPlace | undefined): readonly ElementName[] {
  return place !== undefined && 'path' in place ? place.path : []
}
