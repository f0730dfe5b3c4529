// Signatures of a token in the forms of X.509: for requests, and to prove that a key is usable.
import { KeyObject, randomBytes, verify, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { sequence, unsigned } from '../certificate/der-writer.ts'
import { signingRow } from '../issuing/key-pairs.ts'
import type { TokenMethod } from './mechanisms.ts'
import { listObjects, type TokenKey } from './token-key.ts'

/**
 * With the algorithm that certificates by such a key have. Throws the Fault `configuration`, also
 * when the value is not by this key.
 */
export async function signByToken(octets: Buffer, publicKey: KeyObject, key: TokenKey): Promise<Buffer> {
  const { hash, options = {} } = signingRow(publicKey)
  const { saltLength } = options
  const method = { kind: publicKey.asymmetricKeyType, hash, ...(saltLength !== undefined && { saltLength }) }
  const made = await key.sign(octets, method as TokenMethod)
  const value = publicKey.asymmetricKeyType === 'ec' ? toDer(made) : made
  if (verify(hash, octets, { key: publicKey, ...options }, value)) return value
  throw new Fault(
    'configuration',
    `${key.path} names a key in a token (${key.address.uri}) that is not the one of the certificate: ` +
      'expected a signature that verifies with it, found one that does not',
    { command: listObjects(key.address) },
  )
}

/** ECDSA-Sig-Value (RFC 3279 2.2.3) of r and s side by side. */
function toDer(value: Buffer): Buffer {
  const half = value.length / 2
  return sequence(unsigned(value.subarray(0, half)), unsigned(value.subarray(half)))
}

type WithKey = { readonly key: KeyObject | TokenKey; readonly certificate: X509Certificate }

/**
 * That the token is there, takes the PIN and has the key of the certificate; keys in files were
 * compared when they were read. Throws the Fault `configuration`.
 */
export async function proveKey({ key, certificate }: WithKey): Promise<void> {
  if (key instanceof KeyObject) return
  await signByToken(randomBytes(32), certificate.publicKey, key)
}
