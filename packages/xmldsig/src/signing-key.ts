// The key that we sign with, and the algorithm that goes with its kind.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'

/** A private key and the certificate of its public key. */
export type Signer = { readonly key: KeyObject; readonly certificate: X509Certificate }

const algorithmOf: Readonly<Record<string, string>> = {
  rsa: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  ec: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
}

/** Identifier of the SignatureMethod; throws the Fault `configuration` for a key of another kind. */
export function signingAlgorithm({ asymmetricKeyType }: KeyObject): string {
  const algorithm = algorithmOf[asymmetricKeyType ?? '']
  if (algorithm === undefined) throw new Fault('configuration', `expected an RSA or EC key to sign with, found ${asymmetricKeyType}`)
  return algorithm
}
