// A PKCS #12 file (RFC 7292) for other programs: AES-256 with PBKDF2, an integrity code of
// HMAC-SHA256, 100,000 iterations for both. OpenSSL 1.1 and later, Java 8u301 and later read it.
import { createHash, type KeyObject, randomBytes, type X509Certificate } from 'node:crypto'
import { tags } from '../certificate/der.ts'
import { der, objectIdentifier, octetString, sequence, smallNumber } from '../certificate/der-writer.ts'
import { encrypt, encryptKey } from '../passphrases/write-encrypted.ts'
import { computeMac } from './integrity-code.ts'

const ITERATIONS = 100_000

const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

export type KeyStore = {
  readonly key: KeyObject
  readonly certificate: X509Certificate
  /** Of the CAs above it. */
  readonly chain: readonly X509Certificate[]
  /** For people; Java's alias. */
  readonly name: string
}

export function writePkcs12({ key, certificate, chain, name }: KeyStore, password: string): Buffer {
  const secret = Buffer.from(password)
  // Both bags have it, so that a reader finds that they belong together.
  const ownId = createHash('sha256').update(certificate.raw).digest()
  const attributes = [attribute(oids.localKeyId, octetString(ownId)), attribute(oids.friendlyName, bmpString(name))]
  const certificates = sequence(
    bag(oids.certificateBag, certificateBag(certificate), attributes),
    ...chain.map(ca => bag(oids.certificateBag, certificateBag(ca), [])),
  )
  const keys = sequence(bag(oids.shroudedKeyBag, encryptKey(key, secret, ITERATIONS), attributes))
  const safe = sequence(encryptedContent(certificates, secret), content(oids.data, octetString(keys)))
  return sequence(smallNumber(3), content(oids.data, octetString(safe)), macData(safe, password))
}

function content(type: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(type), der(0xa0, value))
}

/** EncryptedData (RFC 5652 8). */
function encryptedContent(octets: Buffer, secret: Buffer): Buffer {
  const { algorithm, encrypted } = encrypt(octets, secret, ITERATIONS)
  const info = sequence(objectIdentifier(oids.data), algorithm, der(0x80, encrypted))
  return content(oids.encryptedData, sequence(smallNumber(0), info))
}

function bag(type: string, value: Buffer, attributes: readonly Buffer[]): Buffer {
  const set = attributes.length === 0 ? [] : [der(tags.set, ...attributes.toSorted(Buffer.compare))]
  return sequence(objectIdentifier(type), der(0xa0, value), ...set)
}

function certificateBag({ raw }: X509Certificate): Buffer {
  return sequence(objectIdentifier(oids.x509Certificate), der(0xa0, octetString(raw)))
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(type), der(tags.set, value))
}

function bmpString(text: string): Buffer {
  return der(0x1e, Buffer.from(text, 'utf16le').swap16())
}

/** MacData (RFC 7292 4). */
function macData(octets: Buffer, password: string): Buffer {
  const salt = randomBytes(16)
  const code = computeMac(octets, password, { hash: oids.sha256, salt, iterations: ITERATIONS })
  const digest = sequence(sequence(objectIdentifier(oids.sha256), der(tags.null)), octetString(code))
  return sequence(digest, octetString(salt), smallNumber(ITERATIONS))
}
