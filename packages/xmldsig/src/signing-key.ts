// The key that we sign with, and the algorithm that goes with its kind.
import { type KeyObject, sign, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { ecdsaFromDer, integerOctets } from './ecdsa-value.ts'

/** A private key and the certificate of its public key. */
export type Signer = { readonly key: KeyObject; readonly certificate: X509Certificate }

const algorithmOf: Readonly<Record<string, string>> = {
  rsa: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  ec: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
}

/** Identifier of the SignatureMethod; throws the Fault `configuration` for a key of another kind. */
export function signingAlgorithm({ asymmetricKeyType }: KeyObject): string {
  const algorithm = algorithmOf[asymmetricKeyType ?? '']
  if (algorithm === undefined)
    throw new Fault('configuration', `expected an RSA or EC key to sign with, found ${asymmetricKeyType}`)
  return algorithm
}

/** Returns what makes signature values over octets with SHA-256, synchronously. Throws the Fault `configuration` for a key of another kind. */
export function openOctetSigner(key: KeyObject): (octets: Buffer) => Buffer {
  if (key.asymmetricKeyType === 'rsa') return octets => sign('sha256', octets, key)
  const { namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  const length = integerOctets[namedCurve]
  if (length === undefined)
    throw new Fault(
      'configuration',
      `expected an RSA key, or an EC key of P-256, P-384 or P-521, to sign with, found ${namedCurve || key.asymmetricKeyType}`,
    )
  return octets => ecdsaFromDer(sign('sha256', octets, key), length)
}
