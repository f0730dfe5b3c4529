// Keys: made and used by node:crypto, all kinds through one path.
import { constants, createHash, generateKeyPair, type KeyObject, type SigningOptions, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { tags } from '../certificate/der.ts'
import { der, objectIdentifier, sequence, smallNumber } from '../certificate/der-writer.ts'
import { exportEncryptedKey } from '../passphrases/write-encrypted.ts'
import { type AlgorithmIdentifier, identifierOf } from './certificate-der.ts'

export type KeyPair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

/** Node's types leave some kinds out of this form of the function. */
const generate = promisify(generateKeyPair) as unknown as (type: string, options?: object) => Promise<KeyPair>

/** The kinds of keys that `--key` takes. */
export const keyKinds = {
  'rsa-3072': () => generate('rsa', { modulusLength: 3072 }),
  'rsa-2048': () => generate('rsa', { modulusLength: 2048 }),
  // Without parameters (RFC 4055 3.1): the signer chooses the hash.
  'rsa-pss-3072': () => generate('rsa-pss', { modulusLength: 3072 }),
  'ec-p256': () => generate('ec', { namedCurve: 'P-256' }),
  'ec-p384': () => generate('ec', { namedCurve: 'P-384' }),
  'ec-p521': () => generate('ec', { namedCurve: 'P-521' }),
  ed25519: () => generate('ed25519'),
  'ml-dsa-65': () => generate('ml-dsa-65'),
} as const satisfies Record<string, () => Promise<KeyPair>>

export type KeyKind = keyof typeof keyKinds

/** Whether documents and receipts can be signed with it: XMLDSig has no algorithm for ML-DSA. */
export function signsXml(kind: KeyKind): boolean {
  return kind !== 'ml-dsa-65'
}

export function isKeyKind(text: string): text is KeyKind {
  return Object.hasOwn(keyKinds, text)
}

/** A new key of the kind and size of another. */
export async function makeLike(key: KeyObject): Promise<KeyPair> {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key
  const { modulusLength = 0, namedCurve = '', hashAlgorithm, mgf1HashAlgorithm, saltLength } = details
  switch (type) {
    case 'rsa':
      return generate('rsa', { modulusLength })
    case 'rsa-pss':
      return generate('rsa-pss', {
        modulusLength,
        ...(hashAlgorithm && { hashAlgorithm }),
        ...(mgf1HashAlgorithm && { mgf1HashAlgorithm }),
        ...(saltLength !== undefined && { saltLength }),
      })
    case 'ec':
      return generate('ec', { namedCurve })
    case 'ed25519':
    case 'ml-dsa-65':
      return generate(type)
    default:
      throw new TypeError(`no way to make a key of type ${type}`)
  }
}

type SigningRow = {
  readonly algorithm: AlgorithmIdentifier
  readonly hash: string | null
  readonly options?: SigningOptions
}

const rsaRow: SigningRow = { algorithm: { oid: '1.2.840.113549.1.1.11', parameters: 'null' }, hash: 'sha256' }
const curveRows: Readonly<Record<string, SigningRow>> = {
  prime256v1: { algorithm: { oid: '1.2.840.10045.4.3.2', parameters: 'none' }, hash: 'sha256' },
  secp384r1: { algorithm: { oid: '1.2.840.10045.4.3.3', parameters: 'none' }, hash: 'sha384' },
  secp521r1: { algorithm: { oid: '1.2.840.10045.4.3.4', parameters: 'none' }, hash: 'sha512' },
}
/** RFC 8410 3, RFC 9881 2: the algorithm has its own hash. */
const ownHashRows: Readonly<Record<string, SigningRow>> = {
  ed25519: { algorithm: { oid: '1.3.101.112', parameters: 'none' }, hash: null },
  'ml-dsa-65': { algorithm: { oid: '2.16.840.1.101.3.4.3.18', parameters: 'none' }, hash: null },
}

/** How certificates are signed with this key; TypeError for a key that no CA here has. */
export function signingRow(key: KeyObject): SigningRow {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'rsa') return rsaRow
  if (type === 'rsa-pss') return pssRow(details?.hashAlgorithm ?? 'sha256')
  const row = ownHashRows[type ?? ''] ?? curveRows[details?.namedCurve ?? '']
  if (row === undefined) throw new TypeError(`no way to sign certificates with a key of type ${key.asymmetricKeyType}`)
  return row
}

const pssHashes: Readonly<Record<string, { readonly oid: string; readonly octets: number }>> = {
  sha256: { oid: '2.16.840.1.101.3.4.2.1', octets: 32 },
  sha384: { oid: '2.16.840.1.101.3.4.2.2', octets: 48 },
  sha512: { oid: '2.16.840.1.101.3.4.2.3', octets: 64 },
}

/** RSASSA-PSS-params (RFC 4055 3.1): one hash for message and mask, a salt of its length. */
function pssRow(hash: string): SigningRow {
  const row = pssHashes[hash]
  if (row === undefined) throw new TypeError(`no way to sign certificates with RSASSA-PSS and ${hash}`)
  const identifier = sequence(objectIdentifier(row.oid), der(tags.null))
  const parameters = sequence(
    der(0xa0, identifier),
    der(0xa1, sequence(objectIdentifier('1.2.840.113549.1.1.8'), identifier)),
    der(0xa2, smallNumber(row.octets)),
  )
  return {
    algorithm: { oid: '1.2.840.113549.1.1.10', parameters },
    hash,
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: row.octets },
  }
}

/** AlgorithmIdentifier, DER, of a signature with this key. */
export function algorithmIdentifier(key: KeyObject): Buffer {
  return identifierOf(signingRow(key).algorithm)
}

export function signOctets(octets: Buffer, key: KeyObject): Buffer {
  const { hash, options = {} } = signingRow(key)
  return sign(hash, octets, { key, ...options })
}

/** SubjectPublicKeyInfo, DER. */
export function exportPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' })
}

/** PKCS #8, PEM; encrypted where a passphrase is given. */
export function exportPrivateKey(key: KeyObject, passphrase?: Buffer): string {
  if (passphrase !== undefined) return exportEncryptedKey(key, passphrase)
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

/** SHA-256, cut to 160 bits, of the SubjectPublicKeyInfo (RFC 7093 2 (4)). */
export function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256').update(exportPublicKey(key)).digest().subarray(0, 20)
}
