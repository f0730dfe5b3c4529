// The key that we sign with, and the algorithm that goes with its kind.
import { KeyObject, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { type SignatureRow, signatures } from './algorithms.ts'
import { kindNames, kindOf, type SignatureKeyKind, signingHashOf, valueBytesOf } from './key-kinds.ts'
import { allowsPss } from './verification-key.ts'

/** A private key and the certificate of its public key. */
export type Signer = { readonly key: KeyObject | KeyElsewhere; readonly certificate: X509Certificate }
/** The same, for a thread that may block. */
export type BlockingSigner = { readonly key: KeyObject | BlockingKey; readonly certificate: X509Certificate }

/** What the holder of a key must know of a signature. */
export type SigningMethod = {
  readonly kind: SignatureKeyKind
  /** Null: the algorithm has its own. */
  readonly hash: SignatureRow['hash']
  /** In octets, for RSASSA-PSS alone: its mask has the same hash. */
  readonly saltLength?: number
}

/**
 * A private key that is not in this process, such as one in a hardware security module. It makes
 * values in the form of a SignatureValue: r and s of ECDSA side by side (XMLDSig 1.1 6.4.3).
 */
export type KeyElsewhere = { sign(octets: Buffer, method: SigningMethod): Promise<Buffer> }
export type BlockingKey = { signNow(octets: Buffer, method: SigningMethod): Buffer }

/**
 * The algorithm that documents and receipts are signed with: the first of the key's kind and hash
 * that needs no parameters. Throws the Fault `configuration` for a key that the profile does not
 * allow.
 */
export function signingAlgorithm(signer: Signer | BlockingSigner): SignatureRow {
  const key = knownKeyOf(signer)
  const kind = kindOf(key)
  if (kind === undefined)
    throw new Fault(
      'configuration',
      `expected an ${kindNames} key to sign with: XML signatures have no algorithm for others; ` +
        `found ${key.asymmetricKeyType ?? 'none'}`,
    )
  checkStrength(key)
  const hash = signingHashOf(kind, key)
  const row = Object.values(signatures).find(
    ({ kinds, hash: own, withDigest }) => kinds.includes(kind) && own === hash && withDigest === undefined,
  )
  if (row !== undefined && allowsPss(row, key)) return row
  const { mgf1HashAlgorithm = hash, saltLength = 0 } = key.asymmetricKeyDetails!
  throw new Fault(
    'configuration',
    'cannot sign with this RSA-PSS key: expected one for SHA-256, SHA-384 or SHA-512, ' +
      `the same in its mask and a salt of its length, found ${hash}, ` +
      `a mask of ${mgf1HashAlgorithm} and a salt of ${saltLength} octets or more (RFC 9231 2.3.10)`,
  )
}

/** Every verifier would refuse signatures of a weak key. */
function checkStrength(key: KeyObject): void {
  try {
    valueBytesOf(key)
  } catch (cause) {
    throw new Fault('configuration', `cannot sign with this key: ${(cause as Fault).detail}`, { cause })
  }
}

export function signingMethod({ hash, pss }: SignatureRow, { publicKey }: X509Certificate): SigningMethod {
  return { kind: kindOf(publicKey)!, hash, ...(pss && { saltLength: pss.saltLength }) }
}

/** What has the kind and strength of the key: of one that is elsewhere, its public half. */
export function knownKeyOf({ key, certificate }: Signer | BlockingSigner): KeyObject {
  return key instanceof KeyObject ? key : certificate.publicKey
}
