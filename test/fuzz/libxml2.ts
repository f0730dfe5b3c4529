// libxml2, compiled to WebAssembly: a parser and canonicalizer by others that ours are compared
// with.
import { ParseOption, XmlC14NMode, XmlDocument, XmlElement, XmlParseError } from 'libxml2-wasm'
import type { CanonicalizationMethod } from '../../packages/xmldsig/src/c14n/canonicalizer.ts'
import { EXCLUSIVE, INCLUSIVE, INCLUSIVE_11 } from '../support/engine.ts'

export type { XmlDocument, XmlElement }

// Ids need not be unique, and xml:id need not be a name: both are matters of validity, not of
// well-formedness.
const options = { option: ParseOption.XML_PARSE_SKIP_IDS | ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET }
const WARNING = 1
const modes = new Map<string, 0 | 1 | 2>([
  [EXCLUSIVE, XmlC14NMode.XML_C14N_EXCLUSIVE_1_0],
  [INCLUSIVE, XmlC14NMode.XML_C14N_1_0],
  [INCLUSIVE_11, XmlC14NMode.XML_C14N_1_1],
])

/** Why libxml2 refuses a document, a line each; undefined when it does not. */
export function refusalOf(bytes: Uint8Array): string | undefined {
  try {
    XmlDocument.fromBuffer(bytes, options).dispose()
    return undefined
  } catch (error) {
    if (!(error instanceof XmlParseError)) throw error
    const messages = error.details.filter(({ level }) => level > WARNING).map(({ message }) => message)
    return messages.join('').trimEnd() || error.message
  }
}

/** What `read` makes of the parsed document. Throws what libxml2 does for one that it refuses. */
export function withDocument<Result>(bytes: Uint8Array, read: (document: XmlDocument) => Result): Result {
  const document = XmlDocument.fromBuffer(bytes, options)
  try {
    return read(document)
  } finally {
    document.dispose()
  }
}

/**
 * Canonical octets of a document; undefined when libxml2 declines: it wants every namespace URI to
 * be valid by RFC 3986.
 */
export function canonicalize(document: XmlDocument, method: CanonicalizationMethod): Buffer | undefined {
  return collect(handler => document.canonicalize(handler, c14nOptions(method)))
}

/** The same of an element where it stands. */
export function canonicalizeElement(element: XmlElement, method: CanonicalizationMethod): Buffer | undefined {
  return collect(handler => element.doc.canonicalize(handler, { ...c14nOptions(method), nodeSet: new Set([element]) }))
}

export function childElements(element: XmlElement): XmlElement[] {
  const children: XmlElement[] = []
  for (let node = element.firstChild; node !== null; node = node.next)
    if (node instanceof XmlElement) children.push(node)
  return children
}

function c14nOptions({ algorithm, inclusivePrefixes }: CanonicalizationMethod) {
  const prefixes = [...inclusivePrefixes].map(prefix => (prefix === '' ? '#default' : prefix))
  return {
    mode: modes.get(algorithm)!,
    withComments: false,
    ...(prefixes.length > 0 && { inclusiveNamespacePrefixes: prefixes }),
  }
}

type Handler = { write(octets: Uint8Array): number; close(): boolean }

function collect(write: (handler: Handler) => void): Buffer | undefined {
  const chunks: Buffer[] = []
  const handler = {
    write(octets: Uint8Array) {
      chunks.push(Buffer.from(octets))
      return octets.length
    },
    close: () => true,
  }
  try {
    write(handler)
  } catch {
    return undefined
  }
  return escapeUris(Buffer.concat(chunks))
}

/**
 * libxml2 writes namespace URIs as they are; XML-C14N 2.3, Namespace Nodes, wants them written as
 * attribute values are. Here its output is corrected: in canonical form a `<` begins a tag, and
 * between the quotes of a tag stand its values.
 */
export function escapeUris(octets: Buffer): Buffer {
  const text = octets.toString('latin1')
  if (!UNESCAPED_URI.test(text)) return octets
  return Buffer.from(
    text.replace(TAG, tag => tag.replace(ATTRIBUTE, escapeDeclaration)),
    'latin1',
  )
}

const UNESCAPED_URI = /xmlns[^=]*="[^"]*&/
const TAG = /<(?:"[^"]*"|[^">])*>/g
const ATTRIBUTE = / ([^ =]+)="([^"]*)"/g

function escapeDeclaration(attribute: string, name: string): string {
  return /^xmlns(?::|$)/.test(name) ? attribute.replaceAll('&', '&amp;') : attribute
}
