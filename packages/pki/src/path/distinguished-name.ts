// Names of subjects and issuers, in a form in which equal names are equal text (RFC 5280 7.1; what
// OpenSSL compares).
import { DerError, DerReader, readObjectIdentifier, tags } from '../certificate/der.ts'

/** One text for each relative distinguished name, the root of the tree first. */
export type DistinguishedName = readonly string[]

/** How the text types of X.520 write characters. */
const decoders: Readonly<Record<number, (octets: Buffer) => string>> = {
  12: octets => new TextDecoder('utf-8', { fatal: true }).decode(octets),
  19: octets => octets.toString('latin1'),
  20: octets => octets.toString('latin1'),
  22: octets => octets.toString('latin1'),
  26: octets => octets.toString('latin1'),
  28: decodeUniversal,
  30: octets => Buffer.from(octets).swap16().toString('utf16le'),
}

export const attributeTypes = { commonName: '2.5.4.3', emailAddress: '1.2.840.113549.1.9.1' } as const

/** An attribute of a name; `text` is undefined for a value that is no text. */
export type NameAttribute = {
  readonly type: string
  readonly tag: number
  readonly text: string | undefined
  readonly value: string
}

/** The attributes of a name in DER, set by set. Throws a DerError. */
export function readAttributes(name: Buffer): NameAttribute[][] {
  const sets = new DerReader(name).enter('a name')
  const found: NameAttribute[][] = []
  while (!sets.isAtEnd) {
    const set = sets.enter('a set of attributes', tags.set)
    const attributes: NameAttribute[] = []
    do {
      const attribute = set.enter('an attribute')
      const type = readObjectIdentifier(attribute, 'the type of an attribute')
      const { tag, content, raw } = attribute.readAny('the value of an attribute')
      attribute.end('an attribute')
      const text = readText(tag, content)
      attributes.push({ type, tag, text, value: text === undefined ? raw.toString('hex') : `'${fold(text)}` })
    } while (!set.isAtEnd)
    found.push(attributes)
  }
  return found
}

export function readDistinguishedName(name: Buffer): DistinguishedName {
  return readAttributes(name).map(set => JSON.stringify(set.map(({ type, value }) => [type, value]).sort(byText)))
}

/** The one text of a whole name. */
export function nameKey(name: DistinguishedName): string {
  return name.join('\n')
}

/** Whether `name` is `base` or stands below it. */
export function isWithinName(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.length <= name.length && base.every((set, i) => set === name[i])
}

function byText(a: readonly string[], b: readonly string[]): number {
  const [first, second] = [a.join(), b.join()]
  return first < second ? -1 : first > second ? 1 : 0
}

function readText(tag: number, content: Buffer): string | undefined {
  const decode = decoders[tag]
  if (decode === undefined) return undefined
  try {
    return decode(content)
  } catch {
    throw new DerError(`expected a name of characters, found ${content.toString('hex')}`)
  }
}

/** Case of ASCII letters and the amount of white space do not count. */
function fold(text: string): string {
  const folded = text.replace(/[A-Z]/g, letter => letter.toLowerCase())
  return folded.replace(/^[\t-\r ]+|[\t-\r ]+$/g, '').replace(/[\t-\r ]+/g, ' ')
}

function decodeUniversal(octets: Buffer): string {
  if (octets.length % 4 !== 0) throw new RangeError('no whole characters')
  const points = Array.from({ length: octets.length / 4 }, (_, i) => octets.readUInt32BE(i * 4))
  return points.map(point => String.fromCodePoint(point)).join('')
}
