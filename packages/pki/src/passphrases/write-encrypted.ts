// Octets under a passphrase (PBES2, RFC 8018 6.2): AES-256-CBC, PBKDF2 with HMAC-SHA256. Node
// writes keys with 2,048 iterations only, so this is our own.
import { createCipheriv, type KeyObject, pbkdf2Sync, randomBytes } from 'node:crypto'
import { tags } from '../certificate/der.ts'
import { der, objectIdentifier, octetString, sequence, smallNumber } from '../certificate/der-writer.ts'
import { toPem } from '../certificate/pem.ts'

/** OWASP's figure of 2023 for PBKDF2 with HMAC-SHA256; 0.2 s at each start. */
const ITERATIONS = 600_000

/** A private key in an encrypted PKCS #8 file (RFC 5958 3). */
export function exportEncryptedKey(key: KeyObject, passphrase: Buffer): string {
  return toPem('ENCRYPTED PRIVATE KEY', encryptKey(key, passphrase, ITERATIONS))
}

/** EncryptedPrivateKeyInfo, DER. */
export function encryptKey(key: KeyObject, passphrase: Buffer, iterations: number): Buffer {
  const { algorithm, encrypted } = encrypt(key.export({ format: 'der', type: 'pkcs8' }), passphrase, iterations)
  return sequence(algorithm, octetString(encrypted))
}

/** What is encrypted, and the AlgorithmIdentifier that says how. */
export function encrypt(octets: Buffer, passphrase: Buffer, iterations: number) {
  const [salt, vector] = [randomBytes(16), randomBytes(16)]
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(passphrase, salt, iterations, 32, 'sha256'), vector)
  const hmac = sequence(objectIdentifier('1.2.840.113549.2.9'), der(tags.null))
  const derivation = sequence(octetString(salt), smallNumber(iterations), hmac)
  const algorithm = sequence(
    objectIdentifier('1.2.840.113549.1.5.13'),
    sequence(
      sequence(objectIdentifier('1.2.840.113549.1.5.12'), derivation),
      sequence(objectIdentifier('2.16.840.1.101.3.4.1.42'), octetString(vector)),
    ),
  )
  return { algorithm, encrypted: Buffer.concat([cipher.update(octets), cipher.final()]) }
}
