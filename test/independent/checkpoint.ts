// Signed notes and checkpoints, from the pages c2sp.org/signed-note and c2sp.org/tlog-checkpoint.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { TreeHead } from './merkle.ts'
import { demand } from './rejected.ts'

export type NoteKey = { readonly name: string; readonly id: Buffer; readonly publicKey: KeyObject }
export type Checkpoint = TreeHead & { readonly origin: string }

const ED25519 = 1

/** `name+hash+base64`, where base64 is of the signature type and the key. */
export function readKey(text: string): NoteKey {
  const [, name, hash, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trimEnd()) ?? []
  demand(name !== undefined && hash !== undefined && encoded !== undefined, 'this is no verifier key')
  const octets = readBase64(encoded)
  demand(octets.length === 33 && octets[0] === ED25519, 'this is no Ed25519 key')
  const id = createHash('sha256').update(`${name}\n`).update(octets).digest().subarray(0, 4)
  demand(id.toString('hex') === hash, 'the key has another id than it says')
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: octets.subarray(1).toString('base64url') },
    format: 'jwk',
  })
  return { name, id, publicKey }
}

/** The text of a note with a signature by the key. */
export function openNote(note: Uint8Array, key: NoteKey): string {
  const whole = decodeUtf8(note)
  demand(!hasControlCharacters(whole), 'the note holds control characters')
  const end = whole.lastIndexOf('\n\n')
  demand(end > 0 && whole.endsWith('\n'), 'the note has no signatures')
  const text = whole.slice(0, end + 1)
  const lines = whole
    .slice(end + 2, -1)
    .split('\n')
    .map(readSignatureLine)
  const own = lines.filter(({ name, octets }) => name === key.name && octets.subarray(0, 4).equals(key.id))
  demand(own.length > 0, `the note has no signature by ${key.name}`)
  for (const { octets } of own) {
    demand(
      verify(null, Buffer.from(text), key.publicKey, octets.subarray(4)),
      `the signature by ${key.name} does not verify`,
    )
  }
  return text
}

export function openCheckpoint(note: Uint8Array, key: NoteKey): Checkpoint {
  const [origin, size, root, ...extensions] = openNote(note, key).slice(0, -1).split('\n')
  demand(origin === key.name, `the checkpoint is of ${origin}`)
  demand(size !== undefined && /^(?:0|[1-9]\d*)$/.test(size), 'the checkpoint has no tree size')
  demand(root !== undefined && !extensions.includes(''), 'the checkpoint has too few lines, or empty ones')
  const octets = readBase64(root)
  demand(octets.length === 32, 'the checkpoint has no root hash')
  return { origin, size: Number(size), root: octets }
}

/** RFC 4648 4, with its padding and nothing in the bits that stand for no octet. */
export function readBase64(text: string): Buffer {
  const octets = Buffer.from(text, 'base64')
  demand(octets.toString('base64') === text, 'this is no base64')
  return octets
}

export function decodeUtf8(octets: Uint8Array): string {
  const text = Buffer.from(octets).toString('utf8')
  demand(Buffer.from(text, 'utf8').equals(octets), 'this is no UTF-8')
  return text
}

function readSignatureLine(line: string): { readonly name: string; readonly octets: Buffer } {
  const [dash, name, encoded, ...more] = line.split(' ')
  demand(
    dash === '\u2014' && name !== undefined && encoded !== undefined && more.length === 0,
    'a line of the note is no signature',
  )
  demand(name !== '' && !name.includes('+'), 'a signature has no key name')
  const octets = readBase64(encoded)
  demand(octets.length > 4, 'a signature is too short')
  return { name, octets }
}

function hasControlCharacters(text: string): boolean {
  return [...text].some(character => character < ' ' && character !== '\n')
}
