// Checkpoints: the head of a log's tree in a note signed with Ed25519 (C2SP tlog-checkpoint,
// signed-note).
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { Fault, formatVerifierKey, KEY_HASH_BYTES, quote, readVerifierKeyLine, verifierKeyHash } from '@seg/core'
import { HASH_BYTES, type TreeHead } from './merkle.ts'
import { MOST_ENTRIES } from './tiles.ts'

const SIGNATURE_BYTES = 64
/** No name of a key or log has white space or a plus sign. */
const NAME = /^[^\s+]{1,512}$/u

/** What signs a log's checkpoints; `name` is also the log's origin. */
export type LogKey = { readonly name: string; readonly privateKey: KeyObject }

/** What verifies them: the content of log.pub, read. */
export type LogVerifier = { readonly name: string; readonly hash: Buffer; readonly publicKey: KeyObject }

/** Reads `name+hash+base64`. Throws the Fault `configuration`. */
export function parseVerifierKey(text: string): LogVerifier {
  const line = readVerifierKeyLine(text)
  if (line === undefined)
    throw new Fault(
      'configuration',
      `expected the key of a log as name+hash+base64, Ed25519, found ${quote(text.trim())}`,
    )
  const { name, publicKey } = line
  const hash = verifierKeyHash(name, publicKey)
  if (hash.toString('hex') !== line.hash)
    throw new Fault(
      'configuration',
      `the key of the log ${quote(name)} has the hash ${hash.toString('hex')}, not ${line.hash}`,
    )
  return { name, hash, publicKey }
}

/** The line of log.pub. */
export function verifierKeyOf({ name, privateKey }: LogKey): string {
  return formatVerifierKey(name, createPublicKey(privateKey))
}

/** Signs the heads of a log's tree. */
export function openCheckpointSigner({ name, privateKey }: LogKey): (head: TreeHead) => string {
  if (!NAME.test(name)) throw new TypeError(`${quote(name)} cannot be the name of a log`)
  const hash = verifierKeyHash(name, createPublicKey(privateKey))
  return ({ size, root }) => {
    const text = `${name}\n${size}\n${root.toString('base64')}\n`
    const signature = Buffer.concat([hash, sign(null, Buffer.from(text), privateKey)])
    return `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`
  }
}

/** The size that a checkpoint names, before anything of it is verified. */
export function sizeOfCheckpoint(note: string): number {
  return Number(note.split('\n', 2)[1])
}

/**
 * The tree that a checkpoint vouches for. Signatures by other keys are let stand. Throws the Fault
 * `log-invalid`.
 */
export function openCheckpoint(note: string, verifier: LogVerifier): TreeHead {
  const [, text, signatures] = /^((?:\P{Cc}+\n)+)\n((?:\u2014 [^\n ]+ [A-Za-z0-9+/]+={0,2}\n)+)$/u.exec(note) ?? []
  if (text === undefined || signatures === undefined)
    throw new Fault('log-invalid', `expected a signed note, found ${quote(note)}`)
  checkSignature(text, signatures, verifier)
  const [, origin, size, root = ''] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n/u.exec(text) ?? []
  const octets = Buffer.from(root, 'base64')
  if (octets.length !== HASH_BYTES || octets.toString('base64') !== root)
    throw new Fault(
      'log-invalid',
      `expected an origin, a tree size and a root hash in a checkpoint, found ${quote(text)}`,
    )
  if (origin !== verifier.name)
    throw new Fault('log-invalid', `expected a checkpoint of ${quote(verifier.name)}, found ${quote(origin!)}`)
  // A signed size may be any number, also one that no log reaches.
  if (!(Number(size) <= MOST_ENTRIES))
    throw new Fault('log-invalid', `expected a log of at most ${MOST_ENTRIES} entries, found a checkpoint of ${size}`)
  return { size: Number(size), root: octets }
}

/** Whether the note names a signature by this key; that it verifies is another question. */
export function isSignedWith(note: string, { name, hash }: LogVerifier): boolean {
  const start = hash.toString('base64').slice(0, 5)
  return note.split('\n').some(line => line.startsWith(`\u2014 ${name} ${start}`))
}

function checkSignature(text: string, signatures: string, { name, hash, publicKey }: LogVerifier): void {
  for (const line of signatures.trimEnd().split('\n')) {
    const [, signer, encoded] = line.split(' ') as [string, string, string]
    const octets = Buffer.from(encoded, 'base64')
    const isOurs = signer === name && octets.subarray(0, KEY_HASH_BYTES).equals(hash)
    if (!isOurs || octets.toString('base64') !== encoded || octets.length !== KEY_HASH_BYTES + SIGNATURE_BYTES) continue
    if (verify(null, Buffer.from(text), publicKey, octets.subarray(KEY_HASH_BYTES))) return
    throw new Fault('log-invalid', `the checkpoint's signature does not verify with the key of ${quote(name)}`)
  }
  throw new Fault('log-invalid', `the checkpoint has no signature with the key of ${quote(name)}`)
}
