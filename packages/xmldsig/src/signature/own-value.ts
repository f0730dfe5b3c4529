// Signature values by our own key, which is in this process or in a token.
import { KeyObject, type X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { Fault, quote } from '@seg/core'
import type { SignatureRow } from './algorithms.ts'
import { checkSignatureValue, makeSignatureValue, makeSignatureValueInPool } from './signature-value.ts'
import { type BlockingSigner, type Signer, signingMethod } from './signing-key.ts'
import { readVerificationKey } from './verification-key.ts'

const makeInPool = promisify(makeSignatureValueInPool)

/** The value over `octets`; this thread does not wait for it. */
export async function makeOwnValue(octets: Buffer, row: SignatureRow, { key, certificate }: Signer): Promise<Buffer> {
  if (key instanceof KeyObject) return (await makeInPool(octets, row, key))!
  return checkMade(octets, await key.sign(octets, signingMethod(row, certificate)), row, certificate)
}

/** The same, made while this thread waits. */
export function makeOwnValueNow(octets: Buffer, row: SignatureRow, { key, certificate }: BlockingSigner): Buffer {
  if (key instanceof KeyObject) return makeSignatureValue(octets, row, key)
  return checkMade(octets, key.signNow(octets, signingMethod(row, certificate)), row, certificate)
}

/**
 * A key in a token may be replaced by another of the same name: no signature leaves that does not
 * verify with the certificate.
 */
function checkMade(octets: Buffer, value: Buffer, row: SignatureRow, certificate: X509Certificate): Buffer {
  try {
    checkSignatureValue(octets, value, row, readVerificationKey(certificate))
    return value
  } catch (cause) {
    throw new Fault(
      'configuration',
      `the key that signs is not the key of the certificate of ${quote(certificate.subject)}: ` +
        'expected a signature that verifies with that certificate, found one that does not',
      { cause },
    )
  }
}
