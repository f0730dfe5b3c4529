// The key that we sign with, and the algorithm that goes with its kind.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { type SignatureRow, signatures } from './algorithms.ts'
import { kindNames, kindOf, signingHashOf, valueBytesOf } from './key-kinds.ts'
import { allowsPss } from './verification-key.ts'

/** A private key and the certificate of its public key. */
export type Signer = { readonly key: KeyObject; readonly certificate: X509Certificate }

/**
 * The algorithm that documents and receipts are signed with: the first of the key's kind and hash
 * that needs no parameters. Throws the Fault `configuration` for a key that the profile does not
 * allow.
 */
export function signingAlgorithm(key: KeyObject): SignatureRow {
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
