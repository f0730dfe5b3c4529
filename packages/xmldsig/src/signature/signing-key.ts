// The key that we sign with, and the algorithm that goes with its kind.
import {
  constants,
  type KeyObject,
  type SigningOptions,
  type SignKeyObjectInput,
  sign,
  type X509Certificate,
} from 'node:crypto'
import { Fault } from '@seg/core'
import type { DigestName } from '../c14n/octets.ts'
import { ecdsaFromDer } from './ecdsa-value.ts'
import { valueBytesOf } from './verification-key.ts'

/** A private key and the certificate of its public key. */
export type Signer = { readonly key: KeyObject; readonly certificate: X509Certificate }

export type SigningMethod = {
  /** Identifier of the SignatureMethod. */
  readonly algorithm: string
  /** Null: the algorithm has its own. */
  readonly hash: DigestName | null
  readonly options: SigningOptions
}

const MORE_2001 = 'http://www.w3.org/2001/04/xmldsig-more#'
const method = (algorithm: string, hash: DigestName | null, options: SigningOptions = {}): SigningMethod => ({
  algorithm,
  hash,
  options,
})

const rsa = method(`${MORE_2001}rsa-sha256`, 'sha256')
const ed25519 = method('http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519', null)
/** FIPS 186-5 6.1.1: a hash that is as strong as the curve. */
const curves: Readonly<Record<string, SigningMethod>> = {
  prime256v1: method(`${MORE_2001}ecdsa-sha256`, 'sha256'),
  secp384r1: method(`${MORE_2001}ecdsa-sha384`, 'sha384'),
  secp521r1: method(`${MORE_2001}ecdsa-sha512`, 'sha512'),
}

/** RFC 9231 2.3.10: MGF1 has the hash of the message, and the salt its length. */
const masked = (hash: DigestName): SigningMethod =>
  method(`http://www.w3.org/2007/05/xmldsig-more#${hash}-rsa-MGF1`, hash, {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: Number(hash.slice(3)) / 8,
  })
const pss: Readonly<Record<string, SigningMethod>> = {
  sha256: masked('sha256'),
  sha384: masked('sha384'),
  sha512: masked('sha512'),
}

/**
 * How documents and receipts are signed with this key. Throws the Fault `configuration` for a key
 * that the profile does not allow.
 */
export function signingMethod(key: KeyObject): SigningMethod {
  const { asymmetricKeyType: type = 'none', asymmetricKeyDetails: details = {} } = key
  const choose = Object.hasOwn(methods, type) ? methods[type] : undefined
  if (choose === undefined)
    throw new Fault(
      'configuration',
      `expected an RSA, EC or Ed25519 key to sign with: XML signatures have no algorithm for others; found ${type}`,
    )
  checkStrength(key)
  return choose(details)
}

const methods: Readonly<Record<string, (details: KeyDetails) => SigningMethod>> = {
  rsa: () => rsa,
  'rsa-pss': details => pssMethod(details),
  ec: ({ namedCurve = '' }) => curves[namedCurve]!,
  ed25519: () => ed25519,
}

/** RFC 4055 3.1: a key of RSASSA-PSS may name the one hash that it is used with. */
function pssMethod({ hashAlgorithm = 'sha256', mgf1HashAlgorithm = hashAlgorithm, saltLength = 0 }: KeyDetails) {
  const found = pss[hashAlgorithm]
  if (found !== undefined && mgf1HashAlgorithm === hashAlgorithm && saltLength <= found.options.saltLength!)
    return found
  throw new Fault(
    'configuration',
    `cannot sign with this RSA-PSS key: expected one for SHA-256, SHA-384 or SHA-512, the same in its mask and a salt of its length, found ${hashAlgorithm}, a mask of ${mgf1HashAlgorithm} and a salt of ${saltLength} octets or more (RFC 9231 2.3.10)`,
  )
}

type KeyDetails = NonNullable<KeyObject['asymmetricKeyDetails']>

/**
 * Returns what makes signature values over octets, synchronously. Throws the Fault `configuration`
 * as `signingMethod` does.
 */
export function openOctetSigner(key: KeyObject): (octets: Buffer) => Buffer {
  const { hash, options } = signingMethod(key)
  const input: SignKeyObjectInput = { key, ...options }
  if (key.asymmetricKeyType !== 'ec') return octets => sign(hash, octets, input)
  const length = valueBytesOf(key) / 2
  return octets => ecdsaFromDer(sign(hash, octets, key), length)
}

/** Whoever verifies would refuse the key. */
function checkStrength(key: KeyObject): void {
  try {
    valueBytesOf(key)
  } catch (cause) {
    throw new Fault('configuration', `cannot sign with this key: ${(cause as Fault).detail}`, { cause })
  }
}
