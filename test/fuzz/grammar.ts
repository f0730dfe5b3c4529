// A grammar of XML documents: well-formed with namespaces by construction, written in every way
// that XML 1.0 allows.
import { lineEnds, nameOthers, nameStarts, nearNames, plainTexts, references, tagSpaces } from './characters.ts'
import type { Tape } from './tape.ts'

/** Namespaces in scope: prefix to URI as written, the default namespace under ''. */
export type Scope = ReadonlyMap<string, string>

export type Style = {
  /**
   * Writes comments and processing instructions, too, and characters that may not stand in a name.
   */
  readonly isLoose: boolean
  readonly depth: number
}

const prefixes = ['p', 'q', 'a', 'A', 'pp', 'b-1', 'ü', '\ufdf0', '\u{10000}', 'soap']
const uris = [
  'urn:a',
  'urn:b',
  'urn:A',
  'urn:aa',
  'http://h/?a&amp;b',
  'http://h/%C3%BC',
  'urn:x:&#x61;',
  'HTTP://h',
  "urn:'",
]
const xmlAttributes = ['xml:lang', 'xml:space', 'xml:id']
const xmlValues = ['en', 'default', 'preserve', 'i1']
const looseTokens = ['<!---->', '<!-- x -->', '<?pi?>', '<?p x?>']

/** A document: prolog, one element, white space. */
export function writeDocument(tape: Tape, style: Style): string {
  return (
    `${writeProlog(tape)}${loose(tape, style)}` +
    `${writeElement(tape, style, new Map())}${loose(tape, style)}${space(tape)}`
  )
}

export function writeProlog(tape: Tape): string {
  const mark = tape.chance(5) ? '\ufeff' : ''
  if (!tape.chance(20)) return mark + space(tape)
  const encoding = tape.of(['', ' encoding="UTF-8"', " encoding='utf-8'", '\nencoding\t=\r"Utf-8"'])
  const standalone = tape.of(['', ' standalone="yes"', " standalone = 'no'"])
  return (
    `${mark}<?xml${tape.of(tagSpaces)}version${tape.of(['="1.0"', " = '1.0'"])}` +
    `${encoding}${standalone}${space(tape)}?>${space(tape)}`
  )
}

/** One element in `scope`. */
export function writeElement(tape: Tape, style: Style, outer: Scope): string {
  const { scope, declarations } = writeDeclarations(tape, outer)
  const prefix = pickPrefix(tape, scope, true)
  const name = `${prefix === '' ? '' : `${prefix}:`}${writeName(tape, style)}`
  const parts = shuffle(tape, [...declarations, ...writeAttributes(tape, style, scope)])
  const spaced = parts.map(part => (tape.chance(15) ? tape.of(tagSpaces) : ' ') + part).join('')
  const tag = `${name}${spaced}${space(tape, 10)}`
  if (tape.chance(15)) return `<${tag}/>`
  return `<${tag}>${writeContent(tape, { ...style, depth: style.depth - 1 }, scope)}</${name}${space(tape, 10)}>`
}

/** What stands in an element whose declarations are in `scope`. */
export function writeContent(tape: Tape, style: Style, scope: Scope): string {
  let content = ''
  for (let count = tape.below(6); count > 0 && tape.hasMore; count--) {
    const kind = tape.below(8)
    if (kind < 4 && style.depth > 0) content += writeElement(tape, style, scope)
    else if (kind === 4) content += writeCdata(tape)
    else content = joinText(content, writeText(tape))
    content += loose(tape, style)
  }
  return content
}

function writeCdata(tape: Tape): string {
  let content = ''
  for (let count = tape.below(4); count > 0; count--) {
    content += tape.of([
      tape.of(plainTexts),
      tape.of(lineEnds),
      tape.of(['<', '&', '>', '<![CDATA[', '&amp;', ']', ']]']),
    ])
  }
  return `<![CDATA[${withoutCdataEnd(content)}]]>`
}

function writeText(tape: Tape): string {
  let text = ''
  for (let count = 1 + tape.below(4); count > 0; count--) {
    const kind = tape.below(8)
    if (kind < 4) text += tape.of(plainTexts)
    else if (kind < 6) text += tape.of(references)
    else if (kind === 6) text += tape.of(lineEnds)
    else text += '>'
  }
  return withoutCdataEnd(text)
}

/** `]]>` must not arise where two pieces of text meet. */
function joinText(before: string, text: string): string {
  return before + (before.endsWith(']') && /^[\]>]/.test(text) ? ' ' : '') + text
}

function withoutCdataEnd(text: string): string {
  return text.replaceAll(']]>', ']] >')
}

/**
 * A name without colon, outside the reserved ones; in the loose style sometimes none at all, for
 * one character.
 */
function writeName(tape: Tape, { isLoose }: Style): string {
  const kind = tape.below(4)
  if (isLoose && tape.chance(3)) return tape.of(['', 'a']) + tape.of([...nearNames, ...nameOthers, ...nameStarts])
  if (kind < 2) return tape.of(['a', 'b', 'item', 'Signature', 'x', 'xm', 'id'])
  let name = tape.of(nameStarts)
  for (let count = tape.below(4); count > 0; count--) name += tape.of(kind === 2 ? nameOthers : nameStarts)
  return name
}

function writeDeclarations(tape: Tape, outer: Scope): { scope: Scope; declarations: string[] } {
  if (!tape.chance(35)) return { scope: outer, declarations: [] }
  const scope = new Map(outer)
  const declarations = new Map<string, string>()
  for (let count = 1 + tape.below(3); count > 0; count--) {
    const prefix = tape.chance(40) ? '' : tape.of(prefixes)
    const uri = prefix === '' && tape.chance(40) ? '' : tape.of(uris)
    if (uri === '') scope.delete(prefix)
    else scope.set(prefix, uri)
    const quote = tape.chance(30) && !uri.includes("'") ? "'" : '"'
    declarations.set(prefix, `xmlns${prefix === '' ? '' : ':'}${prefix}=${quote}${uri}${quote}`)
  }
  return { scope, declarations: [...declarations.values()] }
}

function pickPrefix(tape: Tape, scope: Scope, mayBeDefault: boolean): string {
  const candidates = [...scope.keys()].filter(prefix => prefix !== '')
  if (candidates.length === 0 || (mayBeDefault && tape.below(2) === 0)) return ''
  return tape.of(candidates)
}

function writeAttributes(tape: Tape, style: Style, scope: Scope): string[] {
  const attributes = new Map<string, string>()
  for (let count = tape.chance(45) ? 1 + tape.below(5) : 0; count > 0; count--) {
    const isXml = tape.chance(15)
    const prefix = isXml || tape.below(3) > 0 ? '' : pickPrefix(tape, scope, false)
    const local = isXml ? tape.of(xmlAttributes) : writeName(tape, style)
    const name = prefix === '' ? local : `${prefix}:${local}`
    const equals = tape.chance(10) ? tape.of([' = ', '\n=', '=\t', '\r\n=\r']) : '='
    // One attribute per expanded name (Namespaces in XML 6.3); two prefixes may have one URI.
    attributes.set(
      `${prefix === '' ? '' : scope.get(prefix)} ${local}`,
      name + equals + (isXml ? `"${tape.of(xmlValues)}"` : writeValue(tape)),
    )
  }
  return [...attributes.values()]
}

/** An attribute's value with its quotes. */
function writeValue(tape: Tape): string {
  const quote = tape.chance(25) ? "'" : '"'
  let value = ''
  for (let count = tape.below(4); count > 0; count--) {
    const kind = tape.below(8)
    if (kind < 4) value += tape.of(plainTexts)
    else if (kind < 6) value += tape.of(references)
    else value += tape.of([...lineEnds, '>', ']]>', '\t'])
  }
  return quote + value.replaceAll(quote, quote === '"' ? '&quot;' : '&#39;') + quote
}

function shuffle(tape: Tape, parts: string[]): string[] {
  for (let i = parts.length - 1; i > 0; i--) {
    const j = i - tape.below(i + 1)
    const other = parts[j]!
    parts[j] = parts[i]!
    parts[i] = other
  }
  return parts
}

function space(tape: Tape, percent = 15): string {
  return tape.chance(percent) ? tape.of(tagSpaces) : ''
}

function loose(tape: Tape, { isLoose }: Style): string {
  return isLoose && tape.chance(4) ? tape.of(looseTokens) : ''
}
