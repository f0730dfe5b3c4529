// The kinds of keys that sign documents, by Node's name: one row each. A row refuses keys that are
// too weak, and gives the length of a signature value and the hash that we sign with.
import type { AsymmetricKeyDetails, KeyObject } from 'node:crypto'
import { Fault } from '@seg/core'
import type { DigestName } from '../c14n/octets.ts'

const MINIMUM_RSA_BITS = 2048
const MINIMUM_RSA_EXPONENT = 65537n
/** RFC 8032 5.1.6: R and S, 32 octets each. */
const ED25519_BYTES = 64

/**
 * By OpenSSL's name: the octets of r, and of s; and a hash as strong as the curve (FIPS 186-5
 * 6.1.1).
 */
const curves: Readonly<Record<string, { readonly integerBytes: number; readonly hash: DigestName }>> = {
  prime256v1: { integerBytes: 32, hash: 'sha256' },
  secp384r1: { integerBytes: 48, hash: 'sha384' },
  secp521r1: { integerBytes: 66, hash: 'sha512' },
}

type KeyKindRow = {
  /** As messages call it. */
  readonly name: string
  /** Bytes of a signature value; throws the Fault `signature-key` for a key that is too weak. */
  readonly valueBytes: (details: AsymmetricKeyDetails) => number
  /** Null: the algorithm has its own. */
  readonly signingHash: (details: AsymmetricKeyDetails) => string | null
}

const keyKinds = {
  rsa: { name: 'RSA', valueBytes: rsaValueBytes, signingHash: () => 'sha256' },
  // RFC 4055 3.1: a key of RSASSA-PSS may name the one hash that it is used with.
  'rsa-pss': { name: 'RSA', valueBytes: rsaValueBytes, signingHash: ({ hashAlgorithm = 'sha256' }) => hashAlgorithm },
  ec: { name: 'EC', valueBytes: ecValueBytes, signingHash: ({ namedCurve = '' }) => curves[namedCurve]!.hash },
  ed25519: { name: 'Ed25519', valueBytes: () => ED25519_BYTES, signingHash: () => null },
} as const satisfies Record<string, KeyKindRow>

export type SignatureKeyKind = keyof typeof keyKinds

/** The kind of a key, public or private; undefined for a kind outside the profile. */
export function kindOf({ asymmetricKeyType: type }: KeyObject): SignatureKeyKind | undefined {
  return type !== undefined && Object.hasOwn(keyKinds, type) ? (type as SignatureKeyKind) : undefined
}

/** All kinds, as messages name them. */
export const kindNames = nameAll(Object.values(keyKinds).map(({ name }) => name))

function nameAll(names: readonly string[]): string {
  const [last, ...others] = [...new Set(names)].reverse()
  return `${others.reverse().join(', ')} or ${last}`
}

/**
 * Bytes of a signature value that the key, public or private, makes; throws the Fault
 * `signature-key` for a key that the profile does not allow.
 */
export function valueBytesOf(key: KeyObject): number {
  const kind = kindOf(key)
  if (kind === undefined) throw weak(`expected an ${kindNames} key, found ${key.asymmetricKeyType}`)
  return keyKinds[kind].valueBytes(key.asymmetricKeyDetails!)
}

/** The hash that we sign with; null where the algorithm has its own. The key is not too weak. */
export function signingHashOf(kind: SignatureKeyKind, key: KeyObject): string | null {
  return keyKinds[kind].signingHash(key.asymmetricKeyDetails!)
}

function rsaValueBytes({ modulusLength = 0, publicExponent = 0n }: AsymmetricKeyDetails): number {
  if (modulusLength < MINIMUM_RSA_BITS)
    throw weak(`expected an RSA key of at least ${MINIMUM_RSA_BITS} bits, found ${modulusLength}`)
  if (publicExponent < MINIMUM_RSA_EXPONENT)
    throw weak(`expected an RSA exponent of at least ${MINIMUM_RSA_EXPONENT}, found ${publicExponent}`)
  return Math.ceil(modulusLength / 8)
}

function ecValueBytes({ namedCurve = '' }: AsymmetricKeyDetails): number {
  const curve = Object.hasOwn(curves, namedCurve) ? curves[namedCurve] : undefined
  if (curve === undefined) throw weak(`expected the curve P-256, P-384 or P-521, found ${namedCurve || 'none'}`)
  return 2 * curve.integerBytes
}

function weak(detail: string): Fault {
  return new Fault('signature-key', detail)
}
