// The key of the transparency log: Ed25519, its public half as a C2SP signed-note verifier key.
import { createHash, generateKeyPairSync } from 'node:crypto'

const ED25519_TYPE = 0x01
/** SubjectPublicKeyInfo of an Ed25519 key is 12 octets of frame and the key (RFC 8410 4). */
const FRAME_OCTETS = 12

/** A new log key: PKCS #8 PEM, and `name+hash+base64` with a name made of the receiver's id. */
export function makeLogKey(receiverId: string): { privateKey: string; verifierKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const octets = publicKey.export({ format: 'der', type: 'spki' }).subarray(FRAME_OCTETS)
  return {
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    verifierKey: formatVerifierKey(logName(receiverId), octets),
  }
}

/** The name of a receiver's log: its id, in UTF-8, with all but A-Z a-z 0-9 - _ . ~ percent-encoded (a note's key name has no space and no plus). */
export function logName(receiverId: string): string {
  return encodeURIComponent(receiverId).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function formatVerifierKey(name: string, key: Buffer): string {
  const typed = Buffer.concat([Buffer.of(ED25519_TYPE), key])
  const hash = createHash('sha256').update(`${name}\n`).update(typed).digest('hex').slice(0, 8)
  return `${name}+${hash}+${typed.toString('base64')}`
}
