// A certificate (RFC 5280 4.1): its fields, as far as this verifier judges them.

import { expectProven, NotProven } from '../not-proven.ts'
import { areSameOctets, decodeText, digestOctets, hexOf, quoteFound, type RawOctets } from '../octets.ts'
import { type Asn1, asn1, bitsOf, contentOf, oidOf, positiveOf, readAsn1, readOneAsn1 } from './asn1.ts'
import { hashOids, isSigned, readPss, type Scheme } from './public-key.ts'

export type Certificate = {
  readonly der: RawOctets
  /** SHA-256 of the DER, hexadecimal. */
  readonly fingerprint: string
  /** Hexadecimal, without the octet that only shows its sign. */
  readonly serial: string
  readonly commonNames: readonly string[]
  readonly issuer: RawOctets
  readonly subject: RawOctets
  /** Milliseconds. */
  readonly from: number
  readonly to: number
  readonly publicKey: RawOctets
  readonly extensions: ReadonlyMap<string, { readonly isCritical: boolean; readonly value: RawOctets }>
  isIssuedBy(issuer: Certificate): Promise<boolean>
}

const ecdsa: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.3.2': 'SHA-256',
  '1.2.840.10045.4.3.3': 'SHA-384',
  '1.2.840.10045.4.3.4': 'SHA-512',
}
const rsa: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'SHA-256',
  '1.2.840.113549.1.1.12': 'SHA-384',
  '1.2.840.113549.1.1.13': 'SHA-512',
}

export async function readX509(der: RawOctets): Promise<Certificate> {
  const outer = readAsn1(readOneAsn1(der, asn1.sequence, 'certificate').content)
  expectProven(outer.length === 3, 'RFC 5280 4.1: expected a certificate')
  const [signed, algorithm, value] = outer as [Asn1, Asn1, Asn1]
  const fields = readAsn1(contentOf(signed, asn1.sequence, 'certificate'))
  const [version, serial, inner, issuer, validity, subject, key, ...optional] = fields
  expectProven(version?.tag === 0xa0 && hexOf(version.content) === '020102', 'RFC 5280 4.1.2.1: expected version 3')
  const number = positiveOf(serial, 'serial number')
  expectProven(number.length <= 20, 'RFC 5280 4.1.2.2: a serial number that is too long')
  expectProven(
    inner !== undefined && areSameOctets(inner.whole, algorithm.whole),
    'RFC 5280 4.1.1.2: the signature algorithm outside is not the one inside',
  )
  const [from, to] = readAsn1(contentOf(validity, asn1.sequence, 'validity')).map(readX509Time)
  expectProven(from !== undefined && to !== undefined, 'RFC 5280 4.1.2.5: expected two times')
  contentOf(issuer, asn1.sequence, 'issuer')
  contentOf(key, asn1.sequence, 'public key')
  const signature = bitsOf(value, 'signature')
  return {
    der,
    fingerprint: hexOf(await digestOctets(der)),
    serial: hexOf(number),
    commonNames: readCommonNames(contentOf(subject, asn1.sequence, 'subject')),
    issuer: issuer!.whole,
    subject: subject!.whole,
    from,
    to,
    publicKey: key!.whole,
    extensions: readExtensions(optional),
    isIssuedBy: ({ publicKey }) => isSigned(publicKey, schemeOf(algorithm), signature, signed.whole),
  }
}

export function schemeOf(algorithm: Asn1): Scheme {
  const [oid, parameters] = readAsn1(algorithm.content)
  const name = oidOf(oid, 'signature algorithm')
  if (name in ecdsa) return { name: 'ECDSA', hash: ecdsa[name] as 'SHA-256', isDer: true }
  if (name in rsa) return { name: 'RSASSA-PKCS1-v1_5', hash: rsa[name] as 'SHA-256' }
  if (name === '1.3.101.112') return { name: 'Ed25519' }
  if (name === '1.2.840.113549.1.1.10' && parameters !== undefined)
    return { name: 'RSA-PSS', ...readPss(parameters.whole) }
  throw new NotProven(`signature algorithm: ${hashOids[name] ?? name} is not known here`)
}

/** RFC 5280 4.1.2.5 */
export function readX509Time({ tag, content }: Asn1): number {
  const text = String.fromCharCode(...content)
  const [, year, rest] =
    (tag === asn1.utcTime ? /^(\d\d)(\d{10})Z$/ : tag === asn1.time ? /^(\d{4})(\d{10})Z$/ : /^$/).exec(text) ?? []
  expectProven(year !== undefined && rest !== undefined, `RFC 5280 4.1.2.5: ${quoteFound(text)} is no time`)
  const full = year.length === 4 ? year : `${Number(year) < 50 ? 20 : 19}${year}`
  const [month, day, hour, minute, second] = rest.match(/../g)!
  const iso = `${full}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const time = new Date(iso)
  expectProven(!Number.isNaN(time.getTime()) && time.toISOString() === iso, `RFC 5280 4.1.2.5: ${iso} is no time`)
  return time.getTime()
}

function readCommonNames(subject: RawOctets): string[] {
  const names: string[] = []
  for (const set of readAsn1(subject)) {
    for (const attribute of readAsn1(contentOf(set, asn1.set, 'subject'))) {
      const [oid, value] = readAsn1(contentOf(attribute, asn1.sequence, 'subject'))
      if (oidOf(oid, 'subject') !== '2.5.4.3') continue
      const isText = [asn1.utf8, asn1.printable, asn1.ia5].some(tag => tag === value?.tag)
      expectProven(isText, 'subject: a CN in an encoding that is not read here')
      names.push(decodeText(value!.content, 'CN'))
    }
  }
  return names
}

function readExtensions(optional: readonly Asn1[]): Certificate['extensions'] {
  const found = new Map<string, { isCritical: boolean; value: RawOctets }>()
  expectProven(
    optional.every(({ tag }, i) => [0xa3, 0x81, 0x82].includes(tag) && (tag === 0xa3) === (i === optional.length - 1)),
    'RFC 5280 4.1: expected extensions last',
  )
  const list = optional.at(-1)
  if (list === undefined) return found
  for (const extension of readAsn1(readOneAsn1(list.content, asn1.sequence, 'extensions').content)) {
    const parts = readAsn1(contentOf(extension, asn1.sequence, 'extension'))
    const oid = oidOf(parts[0], 'extension')
    expectProven(!found.has(oid), `RFC 5280 4.2: the extension ${oid} twice`)
    expectProven(
      parts.length === 2 || (parts.length === 3 && hexOf(parts[1]!.whole) === '0101ff'),
      'RFC 5280 4.2: form',
    )
    found.set(oid, { isCritical: parts.length === 3, value: contentOf(parts.at(-1), asn1.octets, 'extension') })
  }
  return found
}
