// The XML declaration (XML 1.0 productions 23 to 32 and 80): version 1.0, and no encoding but
// UTF-8.
import { spaceByte } from './characters.ts'
import { isName } from './names.ts'
import { INCOMPLETE, refuse } from './refusal.ts'

/** As most write it. */
const COMMON = Buffer.from('<?xml version="1.0" encoding="UTF-8"?>')
const OPENING = Buffer.from('<?xml')
const CLOSING = Buffer.from('?>')
const S = '[ \\t\\r\\n]'
const quoted = (value: string) => `(?:"(${value})"|'(${value})')`
const field = (name: string, value: string) => `${S}+${name}${S}*=${S}*${quoted(value)}`
const encodingField = field('encoding', '[A-Za-z][A-Za-z0-9._-]*')
const standaloneField = field('standalone', 'yes|no')
const declaration = new RegExp(
  `^<\\?xml${field('version', '1\\.0')}(?:${encodingField})?(?:${standaloneField})?${S}*\\?>$`,
)

/**
 * Reads the declaration at the start of a document, if there is one. Returns the index behind it (0
 * when there is none), or INCOMPLETE.
 */
export function readXmlDeclaration(source: Buffer, from: number, end: number): number {
  if (end - from >= COMMON.length && isName(source, from, from + COMMON.length, COMMON)) return from + COMMON.length
  for (let i = 0; i < OPENING.length; i++) {
    if (from + i === end) return INCOMPLETE
    if (source[from + i] !== OPENING[i]) return from
  }
  const space = from + OPENING.length
  if (space === end) return INCOMPLETE
  // Another target with this beginning, such as xml-stylesheet: a processing instruction.
  if (spaceByte[source[space]!] !== 1) return from
  const closing = source.indexOf(CLOSING, space)
  if (closing < 0 || closing + CLOSING.length > end) return INCOMPLETE
  const to = closing + CLOSING.length
  const parts = declaration.exec(source.toString('latin1', from, to))
  if (parts === null) refuse('xml-malformed', from, 'the XML declaration is not one of XML 1.0')
  const encoding = parts[3] ?? parts[4]
  if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')
    refuse('xml-encoding', from, 'the XML declaration names another encoding than UTF-8')
  return to
}
