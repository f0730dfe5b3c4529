// The algorithms that a certificate may be signed with, and the keys that it may hold: SHA-256 or
// better, 112 bits of strength or more.
import type { KeyObject } from 'node:crypto'
import { DerError, DerReader, readObjectIdentifier, readSmallNumber, readWhole, tags } from './der.ts'

type Parameters = 'absent' | 'null' | 'pss'

/** RFC 4055 5, RFC 5758 3.2, RFC 8410 3, RFC 9881 2. */
const algorithms: Readonly<Record<string, Parameters>> = {
  '1.2.840.113549.1.1.11': 'null',
  '1.2.840.113549.1.1.12': 'null',
  '1.2.840.113549.1.1.13': 'null',
  '1.2.840.113549.1.1.10': 'pss',
  '1.2.840.10045.4.3.2': 'absent',
  '1.2.840.10045.4.3.3': 'absent',
  '1.2.840.10045.4.3.4': 'absent',
  '1.3.101.112': 'absent',
  '2.16.840.1.101.3.4.3.18': 'absent',
}

/** Names for those that are refused most often. */
const refusedNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'MD5 with RSA',
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.2.840.113549.1.1.14': 'SHA-224 with RSA',
  '1.2.840.10045.4.1': 'ECDSA with SHA-1',
  '1.2.840.10045.4.3.1': 'ECDSA with SHA-224',
  '1.3.14.3.2.26': 'SHA-1',
  '1.3.101.113': 'Ed448',
}

const hashes = ['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3']
const MGF1 = '1.2.840.113549.1.1.8'

/**
 * What an AlgorithmIdentifier is, when certificates may not be signed with it; undefined when they
 * may. Throws a DerError.
 */
export function findWeakAlgorithm(identifier: Buffer): string | undefined {
  const content = readWhole(identifier, 'a signature algorithm')
  const oid = readObjectIdentifier(content, 'a signature algorithm')
  const parameters = Object.hasOwn(algorithms, oid) ? algorithms[oid] : undefined
  if (parameters === undefined) return refusedNames[oid] ?? `the algorithm ${oid}`
  if (parameters === 'pss') return findWeakPss(content)
  // RFC 4055 5: absent is taken for NULL.
  if (parameters === 'null') readNull(content)
  content.end('a signature algorithm')
  return undefined
}

/** RSASSA-PSS-params (RFC 4055 3.1), whose defaults are SHA-1. */
function findWeakPss(algorithm: DerReader): string | undefined {
  if (algorithm.isAtEnd) return 'RSASSA-PSS with SHA-1'
  const parameters = algorithm.enter('the parameters of RSASSA-PSS')
  algorithm.end('a signature algorithm')
  const [hash, mask, salt, trailer] = [0xa0, 0xa1, 0xa2, 0xa3].map(tag => {
    const found = parameters.readOptional(tag, 'a parameter of RSASSA-PSS')
    return found && new DerReader(found.content)
  })
  parameters.end('the parameters of RSASSA-PSS')
  const weakHash = findWeakHash(hash)
  if (weakHash !== undefined) return `RSASSA-PSS with ${weakHash}`
  if (mask === undefined) return 'RSASSA-PSS with MGF1 of SHA-1'
  const generator = mask.enter('the mask generation function')
  mask.end('the mask generation function')
  const name = readObjectIdentifier(generator, 'the mask generation function')
  if (name !== MGF1) return `RSASSA-PSS with the mask generation function ${name}`
  const weakMask = findWeakHash(generator)
  if (weakMask !== undefined) return `RSASSA-PSS with MGF1 of ${weakMask}`
  const length = salt && readWholeNumber(salt, 'the length of the salt')
  if ((length ?? 20) < 20) return `RSASSA-PSS with a salt of ${length} octets`
  const field = trailer && readWholeNumber(trailer, 'the trailer field')
  return (field ?? 1) === 1 ? undefined : `RSASSA-PSS with the trailer field ${field}`
}

function findWeakHash(reader: DerReader | undefined): string | undefined {
  if (reader === undefined || reader.isAtEnd) return 'SHA-1'
  const content = reader.enter('a hash algorithm')
  const oid = readObjectIdentifier(content, 'a hash algorithm')
  readNull(content)
  content.end('a hash algorithm')
  reader.end('a hash algorithm')
  return hashes.includes(oid) ? undefined : (refusedNames[oid] ?? `the hash ${oid}`)
}

function readWholeNumber(reader: DerReader, what: string): number {
  const number = readSmallNumber(reader, what)
  reader.end(what)
  return number
}

/** NULL or nothing. */
function readNull(content: DerReader): void {
  const found = content.readOptional(tags.null, 'NULL')
  if (found !== undefined && found.content.length > 0) throw new DerError('expected NULL without content')
}

const MODULUS_BITS = 2048
const EXPONENT = 65537n
const curves = ['prime256v1', 'secp384r1', 'secp521r1']
const weakKeyHashes = ['md5', 'sha1', 'sha224']

/** What is wrong with a key; undefined for one that is strong enough. */
export function findWeakKey(key: KeyObject): string | undefined {
  const { modulusLength, publicExponent, namedCurve, hashAlgorithm, mgf1HashAlgorithm } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'ed25519':
    case 'ml-dsa-65':
      return undefined
    case 'ec':
      return curves.includes(namedCurve ?? '') ? undefined : `a key on the curve ${namedCurve ?? 'of its own'}`
    case 'rsa-pss':
    case 'rsa': {
      if ((modulusLength ?? 0) < MODULUS_BITS) return `an RSA key of ${modulusLength} bits`
      if ((publicExponent ?? 0n) < EXPONENT) return `an RSA key with the exponent ${publicExponent}`
      const weak = [hashAlgorithm, mgf1HashAlgorithm].find(hash => hash !== undefined && weakKeyHashes.includes(hash))
      return weak && `an RSA-PSS key for ${weak}`
    }
    default:
      return `a key of the type ${key.asymmetricKeyType}`
  }
}
