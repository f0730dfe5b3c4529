// Canonical XML of an element and all below it: C14N 1.0, C14N 1.1 and Exclusive C14N 1.0, without
// comments.
import { expectProven, NotProven } from './not-proven.ts'
import { encodeText, quoteFound, type RawOctets } from './octets.ts'
import { findNamespace, XML_URI, type XmlElement } from './xml.ts'

export type Canonicalization = {
  readonly kind: 'exclusive' | '1.0' | '1.1'
  /** InclusiveNamespaces of Exclusive C14N; '' is the default namespace. */
  readonly prefixes: readonly string[]
}

const kinds: Readonly<Record<string, Canonicalization['kind']>> = {
  'http://www.w3.org/2001/10/xml-exc-c14n#': 'exclusive',
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315': '1.0',
  'http://www.w3.org/2006/12/xml-c14n11': '1.1',
}

export function canonicalizationOf(identifier: string, prefixes: readonly string[]): Canonicalization {
  const kind = Object.hasOwn(kinds, identifier) ? kinds[identifier] : undefined
  if (kind === undefined)
    throw new NotProven(`XMLDSig 6.5: the canonicalization ${quoteFound(identifier)} is not known here`)
  expectProven(kind === 'exclusive' || prefixes.length === 0, 'Exclusive C14N 4: InclusiveNamespaces elsewhere')
  return { kind, prefixes }
}

/** `without` is left out: the Signature that an enveloped-signature transform removes. */
export function canonicalize(apex: XmlElement, { kind, prefixes }: Canonicalization, without?: XmlElement): RawOctets {
  const pieces: string[] = []
  const write = (element: XmlElement, rendered: ReadonlyMap<string, string>): void => {
    const wanted = kind === 'exclusive' ? usedPrefixes(element, prefixes) : inScope(element, element === apex)
    const now = new Map(rendered)
    const declarations: string[] = []
    for (const prefix of [...wanted].sort(comparePoints)) {
      const uri = findNamespace(element, prefix)
      if (uri === undefined || prefix === 'xml' || (now.get(prefix) ?? (prefix === '' ? '' : undefined)) === uri)
        continue
      now.set(prefix, uri)
      declarations.push(` xmlns${prefix && `:${prefix}`}="${escapeValue(uri)}"`)
    }
    const attributes = [...element.attributes, ...(element === apex ? inheritedXml(element, kind) : [])]
      .toSorted((a, b) => comparePoints(a.uri, b.uri) || comparePoints(a.local, b.local))
      .map(({ name, value }) => ` ${name}="${escapeValue(value)}"`)
    pieces.push(`<${element.name}`, ...declarations, ...attributes, '>')
    for (const child of element.children) {
      if (typeof child === 'string') pieces.push(escapeText(child))
      else if (child !== without) write(child, now)
    }
    pieces.push(`</${element.name}>`)
  }
  write(apex, new Map())
  return encodeText(pieces.join(''))
}

/** Exclusive C14N 3: the prefixes that the element itself uses, and those of the list. */
function usedPrefixes({ prefix, attributes }: XmlElement, listed: readonly string[]): Set<string> {
  const ofAttributes = attributes.filter(({ prefix }) => prefix !== '').map(({ prefix }) => prefix)
  return new Set([prefix, ...ofAttributes, ...listed])
}

function inScope(element: XmlElement, isApex: boolean): Set<string> {
  const found = new Set(element.declared.keys())
  if (isApex)
    for (let at = element.parent; at; at = at.parent) for (const prefix of at.declared.keys()) found.add(prefix)
  return found
}

/** C14N 1.0 2.4, C14N 1.1 2.4: xml:* of ancestors that are left out stand on the apex. */
function inheritedXml(apex: XmlElement, kind: Canonicalization['kind']) {
  if (kind === 'exclusive') return []
  const found = new Map(apex.attributes.filter(({ uri }) => uri === XML_URI).map(one => [one.local, one]))
  const own = new Set(found.keys())
  for (let at = apex.parent; at; at = at.parent) {
    for (const one of at.attributes.filter(({ uri }) => uri === XML_URI)) {
      expectProven(kind === '1.0' || one.local !== 'base', 'C14N 1.1 2.4: xml:base of an ancestor is not known here')
      if (kind === '1.1' && !['lang', 'space'].includes(one.local)) continue
      if (!found.has(one.local)) found.set(one.local, one)
    }
  }
  return [...found].filter(([local]) => !own.has(local)).map(([, one]) => one)
}

/** C14N 1.0 2.3 */
function escapeText(text: string): string {
  if (!/[&<>\r]/.test(text)) return text
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r/g, '&#xD;')
}

function escapeValue(value: string): string {
  if (!/[&<"\t\n\r]/.test(value)) return value
  return value
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/"/g, '&quot;')
    .replace(/\t/g, '&#x9;')
    .replace(/\n/g, '&#xA;')
    .replace(/\r/g, '&#xD;')
}

/** The order of code points, which is that of UTF-8 (C14N 1.0 2.2); JavaScript's is of UTF-16. */
function comparePoints(one: string, other: string): number {
  const a = [...one]
  const b = [...other]
  const at = a.findIndex((character, i) => character !== b[i])
  if (at < 0) return a.length - b.length
  return a[at]!.codePointAt(0)! - (b[at]?.codePointAt(0) ?? -1)
}
