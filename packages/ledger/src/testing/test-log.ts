// What the tests of any ledger share: the keys of its log, and how a document is offered to it.
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import type { AcceptOptions, Ledger, OfferedDocument } from '../ledger.ts'
import { verifierKeyOf } from '../log/checkpoint.ts'

const NAME = 'ledger.example'

/** What signs the checkpoints, and what does after a rotation. */
export const logKey = { name: NAME, privateKey: keyOf('a key for tests') }
export const nextLogKey = { name: NAME, privateKey: keyOf('the next key for tests') }

export const verifierKey = verifierKeyOf(logKey)

/** An Ed25519 key in PKCS #8 (RFC 8410 7) made of a text: no secret. */
function keyOf(text: string): KeyObject {
  const seed = createHash('sha256').update(text).digest()
  const octets = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  return createPrivateKey({ key: octets, format: 'der', type: 'pkcs8' })
}

/** Stages and accepts at once. */
export async function acceptBytes(
  ledger: Ledger,
  document: OfferedDocument,
  bytes: Uint8Array,
  options?: AcceptOptions,
) {
  const staging = ledger.stage()
  await staging.write(bytes)
  return ledger.accept(document, staging, options)
}
