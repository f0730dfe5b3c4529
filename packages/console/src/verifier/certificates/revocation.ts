// Certificate revocation lists (RFC 5280 5): the whole list of one CA, and what it says of a path.

import { expectProven, NotJudged } from '../not-proven.ts'
import { areSameOctets, hexOf, type RawOctets } from '../octets.ts'
import { type Asn1, asn1, bitsOf, contentOf, oidOf, positiveOf, readAsn1, readOneAsn1 } from './asn1.ts'
import { type CertificatePath, mayRevoke, nameCertificate } from './certificate-path.ts'
import { isSigned } from './public-key.ts'
import { type Certificate, readX509Time, schemeOf } from './x509.ts'

type Revoked = { readonly at: number; readonly reason: number }
export type RevokedList = {
  readonly issuer: RawOctets
  /** Milliseconds. */
  readonly thisUpdate: number
  /** By serial number, hexadecimal. */
  readonly revoked: ReadonlyMap<string, Revoked>
  isSignedBy(issuer: Certificate): Promise<boolean>
}

const NUMBER = '2.5.29.20'
const REASON = '2.5.29.21'
/** Delta lists, lists of a part, indirect ones: alone they do not say who is revoked. */
const partial = ['2.5.29.27', '2.5.29.28', '2.5.29.29']
/** Numbers, identifiers, reasons and dates of a revocation: what is read, or changes nothing. */
const known = [NUMBER, REASON, '2.5.29.24', '2.5.29.35']
/** keyCompromise, cACompromise, aACompromise: what the key signed before counts no more, either. */
const compromised = [1, 2, 10]
const ENUMERATED = 0x0a

export function readRevokedList(der: RawOctets): RevokedList {
  const outer = readAsn1(readOneAsn1(der, asn1.sequence, 'revocation list').content)
  expectProven(outer.length === 3, 'RFC 5280 5.1: expected a revocation list')
  const [signed, algorithm, value] = outer as [Asn1, Asn1, Asn1]
  const fields = readAsn1(contentOf(signed, asn1.sequence, 'revocation list'))
  const [version, inner, issuer, thisUpdate, nextUpdate, ...rest] = fields
  expectProven(version !== undefined && hexOf(version.whole) === '020101', 'RFC 5280 5.1.2.1: expected version 2')
  expectProven(
    inner !== undefined && areSameOctets(inner.whole, algorithm.whole),
    'RFC 5280 5.1.1.2: the signature algorithm outside is not the one inside',
  )
  contentOf(issuer, asn1.sequence, 'issuer of a list')
  expectProven(thisUpdate !== undefined && nextUpdate !== undefined, 'RFC 5280 5.1.2.5: expected two times')
  readX509Time(nextUpdate)
  const entries = rest[0]?.tag === asn1.sequence ? rest.shift() : undefined
  const [extensions, ...more] = rest
  expectProven(extensions?.tag === 0xa0 && more.length === 0, 'RFC 5280 5.2: expected extensions last')
  const found = readExtensions(readOneAsn1(extensions.content, asn1.sequence, 'extensions of a list'))
  expectProven(found.has(NUMBER), 'RFC 5280 5.2.3: expected a number')
  const signature = bitsOf(value, 'signature of a list')
  return {
    issuer: issuer!.whole,
    thisUpdate: readX509Time(thisUpdate),
    revoked: new Map(readAsn1(entries?.content ?? new Uint8Array(0)).map(readRevoked)),
    isSignedBy: ({ publicKey }) => isSigned(publicKey, schemeOf(algorithm), signature, signed.whole),
  }
}

/**
 * That no certificate of the path was revoked: at the time, or later because its key was stolen.
 * Throws NotJudged where no list of an issuer was given.
 */
export async function checkRevocation(path: CertificatePath, lists: readonly RevokedList[], at: number): Promise<void> {
  const without: Certificate[] = []
  for (const [i, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[i + 1]!
    const own = lists.filter(list => areSameOctets(list.issuer, issuer.subject))
    if (own.length === 0) without.push(certificate)
    for (const list of own) {
      const isOwn = mayRevoke(issuer) && (await list.isSignedBy(issuer))
      expectProven(isOwn, `RFC 5280 6.3.3: the revocation list is not signed by ${nameCertificate(issuer)}`)
      const entry = list.revoked.get(certificate.serial)
      if (entry === undefined) continue
      expectProven(
        entry.at > at && !compromised.includes(entry.reason),
        `${nameCertificate(certificate)} was revoked ${new Date(entry.at).toISOString()}, reason ${entry.reason}`,
      )
    }
  }
  // One that the reader trusts itself has no issuer to revoke it.
  if (path.length === 1) throw new NotJudged('the certificate is trusted itself')
  if (without.length > 0)
    throw new NotJudged(`no revocation list of the CA was given for ${without.map(nameCertificate).join(', ')}`)
}

function readRevoked(entry: Asn1): readonly [serial: string, Revoked] {
  const [serial, time, extensions, ...more] = readAsn1(contentOf(entry, asn1.sequence, 'revocation'))
  expectProven(time !== undefined && more.length === 0, 'RFC 5280 5.1.2.6: expected a serial number and a time')
  const found = extensions === undefined ? undefined : readExtensions(extensions).get(REASON)
  const reason = found === undefined ? undefined : readOneAsn1(found, ENUMERATED, 'reason').content
  expectProven(reason === undefined || reason.length === 1, 'RFC 5280 5.3.1: a reason that is not read here')
  return [hexOf(positiveOf(serial, 'serial number')), { at: readX509Time(time), reason: reason?.[0] ?? 0 }]
}

function readExtensions(list: Asn1): Map<string, RawOctets> {
  const found = new Map<string, RawOctets>()
  for (const extension of readAsn1(contentOf(list, asn1.sequence, 'extensions of a list'))) {
    const parts = readAsn1(contentOf(extension, asn1.sequence, 'extension'))
    const oid = oidOf(parts[0], 'extension')
    expectProven(
      !found.has(oid) && (parts.length === 2 || parts.length === 3),
      `RFC 5280 5.2: ${oid} twice or malformed`,
    )
    expectProven(!partial.includes(oid), `RFC 5280 5.2: a list that is not whole (${oid})`)
    expectProven(
      parts.length === 2 || known.includes(oid),
      `RFC 5280 5.2: the critical extension ${oid} is unknown here`,
    )
    found.set(oid, contentOf(parts.at(-1), asn1.octets, 'extension'))
  }
  return found
}
