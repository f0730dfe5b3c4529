// XML 1.0 (fifth edition) with namespaces, into a tree: without document types, comments and
// processing instructions, which no document of the profile has (docs/profile.md).
import { expectProven, NotProven } from './not-proven.ts'
import { quoteFound } from './octets.ts'

export type XmlAttribute = {
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly value: string
}
export type XmlElement = {
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly attributes: readonly XmlAttribute[]
  /** Namespaces declared here: prefix, or '' for the default, and its name. */
  readonly declared: ReadonlyMap<string, string>
  readonly parent: XmlElement | undefined
  readonly children: (XmlElement | string)[]
}

export const XML_URI = 'http://www.w3.org/XML/1998/namespace'
const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'
/** RFC 3986 3: a scheme, and characters of a URI. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/
const DEPTH = 64
const ATTRIBUTES = 64

// XML 1.0 [4], [4a] without the colon (Namespaces in XML 1.0 [4]).
const START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}-\\u{200D}' +
  '\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
const NCNAME = `[${START}][${START}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}-\\u{2040}]*`
const QNAME = `(?:${NCNAME}:)?${NCNAME}`
const S = '[ \\t\\n]'
const startName = new RegExp(`<(${QNAME})`, 'uy')
const attribute = new RegExp(`${S}+(${QNAME})${S}*=${S}*(?:"([^<"]*)"|'([^<']*)')`, 'uy')
const startEnd = new RegExp(`${S}*(/?)>`, 'uy')
const endTag = new RegExp(`</(${QNAME})${S}*>`, 'uy')
const declaration = new RegExp(
  `<\\?xml${S}+version${S}*=${S}*["']1\\.[0-9]+["'](?:${S}+encoding${S}*=${S}*["'][Uu][Tt][Ff]-8["'])?` +
    `(?:${S}+standalone${S}*=${S}*["'](?:yes|no)["'])?${S}*\\?>`,
  'uy',
)
const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

export function parseXml(source: string): XmlElement {
  // XML 1.0 2.11
  const text = source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const odd = /[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.exec(text)
  expectProven(odd === null, `XML 1.0 [2]: a character that XML does not have: ${quoteFound(odd?.[0] ?? '')}`)
  let at = matchAt(declaration, text, 0)?.[0].length ?? 0
  let root: XmlElement | undefined
  let open: XmlElement | undefined
  let depth = 0
  while (at < text.length) {
    const next = text.indexOf('<', at)
    const to = next < 0 ? text.length : next
    if (to > at) {
      addText(open, text.slice(at, to))
      at = to
    } else if (text.startsWith('<![CDATA[', at) && open !== undefined) {
      const end = text.indexOf(']]>', at)
      expectProven(end > 0, 'XML 1.0 2.7: a CDATA section has no end')
      open.children.push(text.slice(at + 9, end))
      at = end + 3
    } else if (text.startsWith('</', at)) {
      const [whole, name] = matchAt(endTag, text, at) ?? []
      expectProven(whole !== undefined && open?.name === name, `XML 1.0 3: the end tag of ${open?.name} is not there`)
      open = open?.parent
      depth--
      at += whole.length
    } else {
      expectProven(open !== undefined || root === undefined, 'XML 1.0 [1]: more than one document element')
      const tag = readStartTag(text, at, open)
      open?.children.push(tag.element)
      root ??= tag.element
      expectProven(depth + 1 <= DEPTH, `more than ${DEPTH} elements within one another`)
      if (!tag.isEmpty) {
        open = tag.element
        depth++
      }
      at = tag.end
    }
  }
  expectProven(root !== undefined && open === undefined, 'XML 1.0 [1]: the document ends too early')
  return root
}

/** The namespace that a prefix stands for here; undefined when it stands for none. */
export function findNamespace(element: XmlElement | undefined, prefix: string): string | undefined {
  if (prefix === 'xml') return XML_URI
  for (let at = element; at !== undefined; at = at.parent) {
    const uri = at.declared.get(prefix)
    if (uri !== undefined) return uri
  }
  return prefix === '' ? '' : undefined
}

function addText(open: XmlElement | undefined, raw: string): void {
  if (open === undefined) {
    expectProven(!/[^ \t\n]/.test(raw), 'XML 1.0 [1]: text outside of the document element')
    return
  }
  expectProven(!raw.includes(']]>'), 'XML 1.0 [14]: ]]> in text')
  open.children.push(expandReferences(raw))
}

function readStartTag(text: string, start: number, parent: XmlElement | undefined) {
  const [opening, name] = matchAt(startName, text, start) ?? []
  expectProven(
    opening !== undefined && name !== undefined,
    'expected XML without a document type, comments and processing instructions (docs/profile.md)',
  )
  let at = start + opening.length
  const written = new Map<string, string>()
  const declared = new Map<string, string>()
  for (let found = matchAt(attribute, text, at); found !== null; found = matchAt(attribute, text, at)) {
    const [whole, key = '', quoted, apostrophed] = found
    at += whole.length
    const value = expandReferences((quoted ?? apostrophed ?? '').replace(/[\t\n]/g, ' '))
    const prefix = key === 'xmlns' ? '' : /^xmlns:(.*)$/.exec(key)?.[1]
    const into = prefix === undefined ? written : declared
    expectProven(!into.has(prefix ?? key), `XML 1.0 3.1: the attribute ${quoteFound(key)} twice`)
    if (prefix !== undefined) checkDeclaration(prefix, value)
    into.set(prefix ?? key, value)
    expectProven(written.size + declared.size <= 2 * ATTRIBUTES, `more than ${ATTRIBUTES} attributes`)
  }
  const [closing, slash] = matchAt(startEnd, text, at) ?? []
  expectProven(closing !== undefined, `XML 1.0 3.1: the start tag of ${quoteFound(name)} is malformed`)
  const element = { declared, parent, children: [] as XmlElement[] }
  const named = resolveName(name, { ...element, name, ...split(name), uri: '', attributes: [] }, true)
  const attributes = [...written].map(([key, value]) => ({
    ...resolveName(key, { ...element, ...named, attributes: [] }, false),
    value,
  }))
  const expanded = attributes.map(({ local, uri }) => `${uri} ${local}`)
  expectProven(new Set(expanded).size === expanded.length, 'Namespaces in XML 6.3: an attribute twice')
  return {
    element: { ...element, ...named, attributes } as XmlElement,
    isEmpty: slash === '/',
    end: at + closing.length,
  }
}

function resolveName(name: string, scope: XmlElement, isElement: boolean) {
  const { prefix, local } = split(name)
  // XML 1.0 2.3 reserves such names.
  const isReserved = /^xml/i.test(name) && (isElement || !['xml:lang', 'xml:space', 'xml:id'].includes(name))
  expectProven(!isReserved, `XML 1.0 2.3: the name ${quoteFound(name)} is reserved`)
  const isPlain = prefix === '' && !isElement
  const uri = isPlain ? '' : findNamespace(scope, prefix)
  expectProven(uri !== undefined && prefix !== 'xmlns', `Namespaces in XML 5: the prefix ${prefix} is not declared`)
  return { name, prefix, local, uri }
}

/** Namespaces in XML 3; C14N 1.0 2.1 demands names of namespaces that are not relative. */
function checkDeclaration(prefix: string, uri: string): void {
  const isReserved = prefix === 'xmlns' || uri === XMLNS_NAMESPACE || (prefix === 'xml') !== (uri === XML_URI)
  const isName = uri === '' ? prefix === '' : URI.test(uri)
  expectProven(!isReserved && isName, `Namespaces in XML 3: ${quoteFound(prefix)} cannot be ${quoteFound(uri)}`)
}

function split(name: string) {
  const colon = name.indexOf(':')
  return { prefix: colon < 0 ? '' : name.slice(0, colon), local: name.slice(colon + 1) }
}

/** XML 1.0 4.1, 4.6: references to characters, and the five entities there are without a DTD. */
function expandReferences(raw: string): string {
  if (!raw.includes('&')) return raw
  return raw.replace(/&([^;&]*;?)/g, (_, reference: string) => {
    const [, decimal, hexadecimal, name = ''] =
      /^(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|([a-z]+));$/.exec(reference) ?? []
    const code = decimal ?? (hexadecimal && `0x${hexadecimal}`)
    const character = code === undefined ? entities.get(name) : characterOf(Number(code))
    if (character === undefined) throw new NotProven(`XML 1.0 4.1: the reference &${quoteFound(reference)} is unknown`)
    return character
  })
}

function characterOf(code: number): string | undefined {
  const isCharacter =
    [9, 10, 13].includes(code) ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  return isCharacter ? String.fromCodePoint(code) : undefined
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
