// A private key in an encrypted PKCS #8 file (RFC 5958 3, RFC 8018 6.2): AES-256-CBC under PBKDF2
// with HMAC-SHA256. Node writes 2,048 iterations only, so this is our own.
import { createCipheriv, type KeyObject, pbkdf2Sync, randomBytes } from 'node:crypto'
import { tags } from '../certificate/der.ts'
import { der, objectIdentifier, octetString, sequence, smallNumber } from '../certificate/der-writer.ts'
import { toPem } from '../certificate/pem.ts'

/** OWASP's figure of 2023 for PBKDF2 with HMAC-SHA256; 0.2 s at each start. */
const ITERATIONS = 600_000

export function exportEncryptedKey(key: KeyObject, passphrase: Buffer): string {
  const [salt, vector] = [randomBytes(16), randomBytes(16)]
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(passphrase, salt, ITERATIONS, 32, 'sha256'), vector)
  const encrypted = Buffer.concat([cipher.update(key.export({ format: 'der', type: 'pkcs8' })), cipher.final()])
  const hmac = sequence(objectIdentifier('1.2.840.113549.2.9'), der(tags.null))
  const derivation = sequence(octetString(salt), smallNumber(ITERATIONS), hmac)
  const algorithm = sequence(
    objectIdentifier('1.2.840.113549.1.5.13'),
    sequence(
      sequence(objectIdentifier('1.2.840.113549.1.5.12'), derivation),
      sequence(objectIdentifier('2.16.840.1.101.3.4.1.42'), octetString(vector)),
    ),
  )
  return toPem('ENCRYPTED PRIVATE KEY', sequence(algorithm, octetString(encrypted)))
}
