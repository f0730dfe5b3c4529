// The key that a signature must have been made with: the one of the peer's certificate, strong
// enough, with the algorithm of its kind.
import { constants, type KeyObject, verify, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import type { SignatureRow } from './algorithms.ts'
import { ecdsaToDer, integerOctets } from './ecdsa-value.ts'
import { SignatureForms } from './signature-form.ts'

const MINIMUM_RSA_BITS = 2048
const MINIMUM_RSA_EXPONENT = 65537n

type KeyKind = 'rsa' | 'rsa-pss' | 'ec' | 'ed25519'
/** Key kinds that fit each family of signature algorithms. */
const kindsOf: Readonly<Record<SignatureRow['family'], readonly KeyKind[]>> = {
  rsa: ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  ecdsa: ['ec'],
  ed25519: ['ed25519'],
}

export type VerificationKey = {
  readonly key: KeyObject
  readonly kind: KeyKind
  /** Bytes of a signature value made with it. */
  readonly valueBytes: number
  /** The certificate in base64. */
  readonly certificate: string
  /** How its holder writes Signatures. */
  readonly forms: SignatureForms
}

const known = new WeakMap<X509Certificate, VerificationKey>()

/** The certificate's key; throws the Fault `signature-key` when the profile does not allow it. */
export function readVerificationKey(certificate: X509Certificate): VerificationKey {
  const found = known.get(certificate)
  if (found !== undefined) return found
  const key = readPublicKey(certificate)
  const read = {
    key,
    kind: key.asymmetricKeyType as KeyKind,
    valueBytes: valueBytesOf(key),
    certificate: certificate.raw.toString('base64'),
    forms: new SignatureForms(),
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

/**
 * Bytes of a signature value that the key, public or private, makes; throws the Fault
 * `signature-key` for a key that the profile does not allow.
 */
export function valueBytesOf(key: KeyObject): number {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails!
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      if (modulusLength < MINIMUM_RSA_BITS)
        throw weak(`expected an RSA key of at least ${MINIMUM_RSA_BITS} bits, found ${modulusLength}`)
      if (publicExponent < MINIMUM_RSA_EXPONENT)
        throw weak(`expected an RSA exponent of at least ${MINIMUM_RSA_EXPONENT}, found ${publicExponent}`)
      return Math.ceil(modulusLength / 8)
    case 'ec':
      if (integerOctets[namedCurve] === undefined)
        throw weak(`expected the curve P-256, P-384 or P-521, found ${namedCurve || 'none'}`)
      return 2 * integerOctets[namedCurve]
    case 'ed25519':
      return 64
    default:
      throw weak(`expected an RSA, EC or Ed25519 key, found ${key.asymmetricKeyType}`)
  }
}

/** Refuses an algorithm that is not of the key's kind, or that the key excludes. */
export function checkAlgorithm(row: SignatureRow, key: VerificationKey): void {
  if (!kindsOf[row.family].includes(key.kind)) {
    throw new Fault(
      'signature-algorithm',
      `a signature of the kind ${row.family} was not made with the certificate's ${key.kind} key`,
    )
  }
  if (key.kind === 'rsa-pss') checkPssParameters(row, key.key)
}

/**
 * RFC 4055 3.1: a key of RSASSA-PSS may name one digest, one for MGF1 and the shortest salt. Here
 * all three follow from the algorithm (RFC 9231 2.3.10).
 */
function checkPssParameters({ hash }: SignatureRow, { asymmetricKeyDetails }: KeyObject): void {
  const { hashAlgorithm = hash, mgf1HashAlgorithm = hash, saltLength = 0 } = asymmetricKeyDetails!
  const saltBytes = Number(hash!.slice(3)) / 8
  if (hashAlgorithm === hash && mgf1HashAlgorithm === hash && saltLength <= saltBytes) return
  throw new Fault(
    'signature-algorithm',
    `expected RSASSA-PSS with ${hashAlgorithm}, MGF1 with ${mgf1HashAlgorithm} and a salt of ${saltLength} bytes or more, ` +
      `to which the certificate restricts its key, found ${hash}, MGF1 with ${hash} and ${saltBytes} bytes`,
  )
}

/**
 * Refuses a value that is not the key's signature over `octets`. `digest`: what is known of the
 * document's digest.
 */
export function checkSignatureValue(
  octets: Buffer,
  value: Buffer,
  row: SignatureRow,
  key: VerificationKey,
  digest = '',
): void {
  if (value.length !== key.valueBytes) {
    throw new Fault('signature-value', `expected a signature value of ${key.valueBytes} bytes, found ${value.length}`)
  }
  if (!isSignature(octets, value, row, key.key)) {
    const detail =
      "the signature value over SignedInfo does not verify with the key of the sender's certificate: " +
      'it was made with another key, or SignedInfo was changed after signing'
    throw new Fault('signature-value', `${detail}${digest}`)
  }
}

/** What OpenSSL cannot even try with this key is no signature of it. */
function isSignature(octets: Buffer, value: Buffer, row: SignatureRow, key: KeyObject): boolean {
  try {
    return verifies(octets, value, row, key)
  } catch {
    return false
  }
}

function verifies(octets: Buffer, value: Buffer, { family, hash }: SignatureRow, key: KeyObject): boolean {
  switch (family) {
    case 'rsa-pss':
      return verify(
        hash,
        octets,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
        value,
      )
    case 'ecdsa':
      return verify(hash, octets, key, ecdsaToDer(value))
    default:
      return verify(hash, octets, key, value)
  }
}

function weak(detail: string): Fault {
  return new Fault('signature-key', detail)
}
