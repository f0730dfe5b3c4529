// The public key of a log in a line of text, `name+hash+base64` (C2SP signed-note), Ed25519.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

const ED25519_TYPE = 0x01
const KEY_BYTES = 32
export const KEY_HASH_BYTES = 4
/** SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 4) up to the key itself. */
const SPKI_FRAME = Buffer.from('302a300506032b6570032100', 'hex')
/** No name of a key or log has white space or a plus sign. */
const LINE = /^([^\s+]{1,512})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\n?$/u

/** `hash`: what the line says; it is that of the key only when `verifierKeyHash` says the same. */
export type VerifierKeyLine = { readonly name: string; readonly hash: string; readonly publicKey: KeyObject }

/** Undefined for text of another form. */
export function readVerifierKeyLine(text: string): VerifierKeyLine | undefined {
  const [, name, hash, encoded] = LINE.exec(text) ?? []
  if (name === undefined || hash === undefined || encoded === undefined) return undefined
  const octets = Buffer.from(encoded, 'base64')
  if (octets.length !== 1 + KEY_BYTES || octets[0] !== ED25519_TYPE || octets.toString('base64') !== encoded)
    return undefined
  const spki = Buffer.concat([SPKI_FRAME, octets.subarray(1)])
  return { name, hash, publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }) }
}

export function formatVerifierKey(name: string, publicKey: KeyObject): string {
  return `${name}+${verifierKeyHash(name, publicKey).toString('hex')}+${typed(publicKey).toString('base64')}`
}

/** The first octets of SHA-256 over name, line end, type and key. */
export function verifierKeyHash(name: string, publicKey: KeyObject): Buffer {
  return createHash('sha256').update(`${name}\n`).update(typed(publicKey)).digest().subarray(0, KEY_HASH_BYTES)
}

function typed(publicKey: KeyObject): Buffer {
  const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_FRAME.length)
  return Buffer.concat([Buffer.of(ED25519_TYPE), key])
}
