// Public keys of certificates (RFC 5280 4.1.2.7, RFC 8017, RFC 5480, RFC 8410), and signatures that
// WebCrypto verifies with them.

import { expectProven, NotProven } from '../not-proven.ts'
import { base64Of, type HashName, joinOctets, type RawOctets } from '../octets.ts'
import { asn1, bitsOf, contentOf, oidOf, positiveOf, readAsn1, readOneAsn1 } from './asn1.ts'

/** A signature of a certificate has ECDSA values in DER, one of XMLDSig r and s side by side. */
export type Scheme =
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: HashName }
  | { readonly name: 'RSA-PSS'; readonly hash: HashName; readonly saltLength: number }
  | { readonly name: 'ECDSA'; readonly hash: HashName; readonly isDer: boolean }
  | { readonly name: 'Ed25519' }

const RSA = '1.2.840.113549.1.1.1'
const RSA_PSS = '1.2.840.113549.1.1.10'
const EC = '1.2.840.10045.2.1'
const ED25519 = '1.3.101.112'
const curves: Readonly<Record<string, readonly [name: string, octets: number]>> = {
  '1.2.840.10045.3.1.7': ['P-256', 32],
  '1.3.132.0.34': ['P-384', 48],
  '1.3.132.0.35': ['P-521', 66],
}
export const hashOids: Readonly<Record<string, HashName>> = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
}

/** Whether the signature of `signed` verifies with the key of a SubjectPublicKeyInfo. */
export async function isSigned(
  spki: RawOctets,
  scheme: Scheme,
  signature: RawOctets,
  signed: RawOctets,
): Promise<boolean> {
  const [algorithm, key] = readAsn1(readOneAsn1(spki, asn1.sequence, 'public key').content)
  const [oid, parameters] = readAsn1(contentOf(algorithm, asn1.sequence, 'public key'))
  const kind = oidOf(oid, 'public key')
  const fits = {
    'RSASSA-PKCS1-v1_5': [RSA],
    'RSA-PSS': [RSA, RSA_PSS],
    ECDSA: [EC],
    Ed25519: [ED25519],
  }[scheme.name]
  expectProven(fits.includes(kind), `RFC 9231 2.3: ${scheme.name} does not go with a key of the kind ${kind}`)
  const bits = bitsOf(key, 'public key')
  switch (scheme.name) {
    case 'Ed25519': {
      const imported = await importWith(() => crypto.subtle.importKey('raw', bits, scheme, false, ['verify']))
      return crypto.subtle.verify(scheme, imported, signature, signed)
    }
    case 'ECDSA': {
      const [curve, octets] = curves[oidOf(parameters, 'curve')] ?? []
      if (curve === undefined || octets === undefined) throw new NotProven('public key: expected P-256, P-384 or P-521')
      const imported = await importWith(() =>
        crypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve: curve }, false, ['verify']),
      )
      const value = scheme.isDer ? sideBySide(signature, octets) : signature
      return value.length === 2 * octets && crypto.subtle.verify(scheme, imported, value, signed)
    }
    default: {
      if (kind === RSA_PSS && parameters !== undefined) {
        const { hash, saltLength } = readPss(parameters.whole)
        expectProven(
          scheme.name === 'RSA-PSS' && scheme.hash === hash && scheme.saltLength >= saltLength,
          'RFC 4055 3.1: the key is for another hash or a longer salt',
        )
      }
      const jwk = readRsaKey(bits)
      const imported = await importWith(() => crypto.subtle.importKey('jwk', jwk, scheme, false, ['verify']))
      return crypto.subtle.verify(scheme, imported, signature, signed)
    }
  }
}

async function importWith(load: () => Promise<CryptoKey>): Promise<CryptoKey> {
  try {
    return await load()
  } catch {
    throw new NotProven('public key: this browser cannot read a key of this kind')
  }
}

function readRsaKey(bits: RawOctets): JsonWebKey {
  const [modulus, exponent] = readAsn1(readOneAsn1(bits, asn1.sequence, 'RSA key').content)
  const n = positiveOf(modulus, 'RSA modulus')
  const e = positiveOf(exponent, 'RSA exponent')
  const length = n.length * 8 - Math.clz32(n[0]!) + 24
  expectProven(length >= 2048 && length <= 8192, `public key: expected RSA of 2048 to 8192 bits, found ${length}`)
  expectProven(e.length <= 4 && e.reduce((sum, octet) => sum * 256 + octet, 0) >= 65537, 'public key: a weak exponent')
  return { kty: 'RSA', n: toUrl(n), e: toUrl(e), ext: true }
}

/** RSASSA-PSS-params (RFC 4055 3.1): one hash for both, trailer 1; the defaults are of SHA-1. */
export function readPss(parameters: RawOctets): { hash: HashName; saltLength: number } {
  const fields = new Map<number, RawOctets>()
  for (const { tag, content } of readAsn1(readOneAsn1(parameters, asn1.sequence, 'PSS').content))
    fields.set(tag, content)
  const hash = readHash(fields.get(0xa0))
  const [mask, maskHash] = readAsn1(readOneAsn1(fields.get(0xa1) ?? none, asn1.sequence, 'PSS mask').content)
  expectProven(
    oidOf(mask, 'PSS mask') === '1.2.840.113549.1.1.8' && readHash(maskHash?.whole) === hash,
    'RFC 4055 3.1: expected MGF1 with the hash of the signature',
  )
  const salt = readOneAsn1(fields.get(0xa2) ?? none, asn1.integer, 'PSS salt').content
  expectProven(
    salt.length === 1 && salt[0]! < 0x80 && !fields.has(0xa3),
    'RFC 4055 3.1: a salt or trailer unknown here',
  )
  return { hash, saltLength: salt[0]! }
}

const none = new Uint8Array(0)

function readHash(algorithm: RawOctets | undefined): HashName {
  const [oid] = readAsn1(readOneAsn1(algorithm ?? none, asn1.sequence, 'hash').content)
  const hash = hashOids[oidOf(oid, 'hash')]
  if (hash === undefined) throw new NotProven('signature algorithm: expected SHA-256, SHA-384 or SHA-512')
  return hash
}

/** RFC 3279 2.2.3 */
function sideBySide(der: RawOctets, octets: number): RawOctets {
  const numbers = readAsn1(readOneAsn1(der, asn1.sequence, 'ECDSA value').content)
  expectProven(numbers.length === 2, 'RFC 3279 2.2.3: expected r and s')
  const padded = numbers.map(number => {
    const value = positiveOf(number, 'ECDSA value')
    expectProven(value.length <= octets, 'RFC 3279 2.2.3: a number too long for the curve')
    return joinOctets(new Uint8Array(octets - value.length), value)
  })
  return joinOctets(...padded)
}

function toUrl(octets: RawOctets): string {
  return base64Of(octets).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
}
