// The key that we sign with, and the algorithm that goes with its kind.
import { type KeyObject, sign, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { ecdsaFromDer } from './ecdsa-value.ts'
import { valueBytesOf } from './verification-key.ts'

/** A private key and the certificate of its public key. */
export type Signer = { readonly key: KeyObject; readonly certificate: X509Certificate }

const algorithmOf: Readonly<Record<string, string>> = {
  rsa: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  ec: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
}

/**
 * Identifier of the SignatureMethod; throws the Fault `configuration` for a key that the profile
 * does not allow, or of another kind than these.
 */
export function signingAlgorithm(key: KeyObject): string {
  const algorithm = algorithmOf[key.asymmetricKeyType ?? '']
  if (algorithm === undefined)
    throw new Fault('configuration', `expected an RSA or EC key to sign with, found ${key.asymmetricKeyType}`)
  checkStrength(key)
  return algorithm
}

/**
 * Returns what makes signature values over octets with SHA-256, synchronously. Throws the Fault
 * `configuration` as `signingAlgorithm` does.
 */
export function openOctetSigner(key: KeyObject): (octets: Buffer) => Buffer {
  signingAlgorithm(key)
  if (key.asymmetricKeyType === 'rsa') return octets => sign('sha256', octets, key)
  const length = valueBytesOf(key) / 2
  return octets => ecdsaFromDer(sign('sha256', octets, key), length)
}

/** Whoever verifies would refuse the key. */
function checkStrength(key: KeyObject): void {
  try {
    valueBytesOf(key)
  } catch (cause) {
    throw new Fault('configuration', `cannot sign with this key: ${(cause as Fault).detail}`, { cause })
  }
}
