// Signature values: made and checked as the row of their algorithm says.
import { type KeyObject, type SignKeyObjectInput, sign, verify } from 'node:crypto'
import { Fault } from '@seg/core'
import type { SignatureRow } from './algorithms.ts'
import { valueBytesOf } from './key-kinds.ts'
import type { VerificationKey } from './verification-key.ts'

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

/** OpenSSL throws for a value that it cannot even try with this key: not a signature either. */
function isSignature(octets: Buffer, value: Buffer, row: SignatureRow, key: KeyObject): boolean {
  try {
    return verify(row.hash, octets, inputOf(row, key), row.toOpenSsl(value))
  } catch {
    return false
  }
}

/** The value over `octets`, made on this thread. */
export function makeSignatureValue(octets: Buffer, row: SignatureRow, key: KeyObject): Buffer {
  return row.fromOpenSsl(sign(row.hash, octets, inputOf(row, key)), valueBytesOf(key))
}

/** The same, made by a thread of libuv's pool. */
export function makeSignatureValueInPool(
  octets: Buffer,
  row: SignatureRow,
  key: KeyObject,
  done: (error: Error | null, value?: Buffer) => void,
): void {
  sign(row.hash, octets, inputOf(row, key), (error, value) =>
    error ? done(error) : done(null, row.fromOpenSsl(value, valueBytesOf(key))),
  )
}

/** A key on its own costs a third less than one with options, even empty ones (Node 24). */
function inputOf({ pss }: SignatureRow, key: KeyObject): KeyObject | SignKeyObjectInput {
  return pss === undefined ? key : { key, ...pss }
}
