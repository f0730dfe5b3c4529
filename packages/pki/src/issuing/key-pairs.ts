// Keys: made and used by node:crypto, RSA and EC through one path.
import { createHash, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { tags } from '../certificate/der.ts'
import { der, objectIdentifier, sequence } from '../certificate/der-writer.ts'
import type { AlgorithmIdentifier } from './certificate-der.ts'

export type KeyPair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

const generate = promisify(generateKeyPair)

/** The kinds of keys that `pki gen --key` takes. */
export const keyKinds = {
  'rsa-3072': () => generate('rsa', { modulusLength: 3072 }),
  'rsa-2048': () => generate('rsa', { modulusLength: 2048 }),
  'ec-p256': () => generate('ec', { namedCurve: 'P-256' }),
  'ec-p384': () => generate('ec', { namedCurve: 'P-384' }),
} as const satisfies Record<string, () => Promise<KeyPair>>

export type KeyKind = keyof typeof keyKinds

export function isKeyKind(text: string): text is KeyKind {
  return Object.hasOwn(keyKinds, text)
}

type SigningRow = { readonly algorithm: AlgorithmIdentifier; readonly hash: string | null }

const rsaRow: SigningRow = { algorithm: { oid: '1.2.840.113549.1.1.11', hasNullParameters: true }, hash: 'sha256' }
const curveRows: Readonly<Record<string, SigningRow>> = {
  prime256v1: { algorithm: { oid: '1.2.840.10045.4.3.2', hasNullParameters: false }, hash: 'sha256' },
  secp384r1: { algorithm: { oid: '1.2.840.10045.4.3.3', hasNullParameters: false }, hash: 'sha384' },
  secp521r1: { algorithm: { oid: '1.2.840.10045.4.3.4', hasNullParameters: false }, hash: 'sha512' },
}
/** RFC 8410 3. */
const ed25519Row: SigningRow = { algorithm: { oid: '1.3.101.112', hasNullParameters: false }, hash: null }

/** How certificates are signed with this key; TypeError for a key that `keyKinds` does not make. */
export function signingRow(key: KeyObject): SigningRow {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  const row = type === 'rsa' ? rsaRow : type === 'ed25519' ? ed25519Row : curveRows[details?.namedCurve ?? '']
  if (row === undefined) throw new TypeError(`no way to sign certificates with a key of type ${key.asymmetricKeyType}`)
  return row
}

/** AlgorithmIdentifier, DER, of a signature with this key. */
export function algorithmIdentifier(key: KeyObject): Buffer {
  const { oid, hasNullParameters } = signingRow(key).algorithm
  return sequence(objectIdentifier(oid), ...(hasNullParameters ? [der(tags.null)] : []))
}

export function signOctets(octets: Buffer, key: KeyObject): Buffer {
  return sign(signingRow(key).hash, octets, key)
}

/** SubjectPublicKeyInfo, DER. */
export function exportPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' })
}

/** PKCS #8, PEM. */
export function exportPrivateKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

/** SHA-256, cut to 160 bits, of the SubjectPublicKeyInfo (RFC 7093 2 (4)). */
export function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256').update(exportPublicKey(key)).digest().subarray(0, 20)
}
