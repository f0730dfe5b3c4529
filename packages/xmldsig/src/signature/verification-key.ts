// The key that a signature must have been made with: the one of the peer's certificate, strong
// enough, with the algorithm of its kind.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import type { SignatureRow } from './algorithms.ts'
import { kindOf, type SignatureKeyKind, valueBytesOf } from './key-kinds.ts'
import { SignatureCache } from './signature-reader.ts'

export type VerificationKey = {
  readonly key: KeyObject
  readonly kind: SignatureKeyKind
  /** Bytes of a signature value made with it. */
  readonly valueBytes: number
  /** The certificate in base64. */
  readonly certificate: string
  readonly signatureCache: SignatureCache
}

const known = new WeakMap<X509Certificate, VerificationKey>()

/** The certificate's key; throws the Fault `signature-key` when the profile does not allow it. */
export function readVerificationKey(certificate: X509Certificate): VerificationKey {
  const found = known.get(certificate)
  if (found !== undefined) return found
  const key = readPublicKey(certificate)
  const valueBytes = valueBytesOf(key)
  const read = {
    key,
    kind: kindOf(key)!,
    valueBytes,
    certificate: certificate.raw.toString('base64'),
    signatureCache: new SignatureCache(),
  }
  known.set(certificate, read)
  return read
}

function readPublicKey(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey
  } catch (cause) {
    throw new Fault('signature-key', `the public key of the certificate cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Refuses an algorithm that is not of the key's kind, or that the key excludes. */
export function checkAlgorithm(row: SignatureRow, { kind, key }: VerificationKey): void {
  if (!row.kinds.includes(kind)) {
    throw new Fault(
      'signature-algorithm',
      `expected an algorithm for the certificate's ${kind} key, ` +
        `found ${row.identifier}, which is for ${row.kinds.join(' and ')} keys`,
    )
  }
  if (allowsPss(row, key)) return
  const { hash, pss } = row
  const { hashAlgorithm = hash, mgf1HashAlgorithm = hash, saltLength = 0 } = key.asymmetricKeyDetails!
  throw new Fault(
    'signature-algorithm',
    `expected RSASSA-PSS with ${hashAlgorithm}, ` +
      `MGF1 with ${mgf1HashAlgorithm} and a salt of ${saltLength} bytes or more, ` +
      `to which the certificate restricts its key, found ${hash}, MGF1 with ${hash} and ${pss!.saltLength} bytes`,
  )
}

/**
 * RFC 4055 3.1: a key of RSASSA-PSS may name one digest, one for MGF1 and the shortest salt. Here
 * all three follow from the algorithm (RFC 9231 2.3.10).
 */
export function allowsPss({ hash, pss }: SignatureRow, key: KeyObject): boolean {
  if (pss === undefined) return true
  const { hashAlgorithm = hash, mgf1HashAlgorithm = hash, saltLength = 0 } = key.asymmetricKeyDetails!
  return hashAlgorithm === hash && mgf1HashAlgorithm === hash && saltLength <= pss.saltLength
}
