// The Signature element, built by xml-crypto around a digest that our own pass computed; xml-crypto never sees the document.
import { type KeyObject, sign, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { type SignatureAlgorithm, SignedXml } from 'xml-crypto'
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from './algorithms.ts'

/** A private key and the certificate of its public key. */
export type Signer = { readonly key: KeyObject; readonly certificate: X509Certificate }

const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const algorithmOf: Readonly<Record<string, string>> = {
  rsa: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  ec: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
}
/** Stands for the document: its digest is given, and exclusive C14N of SignedInfo does not depend on what is around it. */
const STAND_IN = '<CriticalDocument/>'

/**
 * Builds an enveloped Signature over the whole document (Reference URI="") whose canonical form under Exclusive C14N has this SHA-256 digest.
 * RSA-SHA256 or ECDSA-SHA256 by the key's kind; KeyInfo holds the certificate. The private-key operation runs off the main thread.
 */
export function buildSignature(digest: Buffer, { key, certificate }: Signer): Promise<string> {
  const algorithm = algorithmOf[key.asymmetricKeyType ?? '']
  if (algorithm === undefined) throw new Fault('configuration', `expected an RSA or EC key to sign with, found ${key.asymmetricKeyType}`)
  const builder = new SignedXml({
    // A KeyObject is not among xml-crypto's key types; only our own signer below uses it.
    privateKey: 'held by the signer',
    canonicalizationAlgorithm: EXCLUSIVE_C14N,
    signatureAlgorithm: algorithm,
    getKeyInfoContent: () => `<X509Data><X509Certificate>${certificate.raw.toString('base64')}</X509Certificate></X509Data>`,
  })
  builder.HashAlgorithms = { [SHA256]: digestOf(digest) }
  builder.SignatureAlgorithms = { [algorithm]: signerOf(algorithm, key) }
  builder.addReference({ xpath: '/*', isEmptyUri: true, transforms: [ENVELOPED_SIGNATURE, EXCLUSIVE_C14N], digestAlgorithm: SHA256 })
  return new Promise((resolve, reject) => {
    builder.computeSignature(STAND_IN, error => (error ? reject(error) : resolve(builder.getSignatureXml())))
  })
}

/** A "hash algorithm" whose answer is known. */
function digestOf(digest: Buffer) {
  return class {
    getAlgorithmName = () => SHA256
    getHash = () => digest.toString('base64')
  }
}

function signerOf(algorithm: string, key: KeyObject) {
  type Done = (error: Error | null, signature?: string) => void
  return class {
    getAlgorithmName = () => algorithm
    // Declared as xml-crypto declares it, where the callback is optional; we always give one.
    getSignature: SignatureAlgorithm['getSignature'] = (signedInfo: unknown, _key: unknown, done?: Done): string => {
      // XMLDSig 1.1 6.4.3: an ECDSA value is r and s side by side, not DER.
      sign('sha256', Buffer.from(String(signedInfo)), { key, dsaEncoding: 'ieee-p1363' }, (error, value) =>
        error ? done?.(error) : done?.(null, value.toString('base64')),
      )
      return ''
    }
    verifySignature = (): boolean => {
      throw new TypeError('this signer only signs')
    }
  }
}
