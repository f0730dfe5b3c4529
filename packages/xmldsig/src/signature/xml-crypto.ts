// The two jobs of xml-crypto: it builds the Signature element around a digest that our own pass
// computed, without the document; and it gives a second opinion on a document that has verified.
import { createHash, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { DOMParser } from '@xmldom/xmldom'
import { type HashAlgorithm, type SignatureAlgorithm, SignedXml } from 'xml-crypto'
import type { DigestName } from '../c14n/octets.ts'
import { DSIG_NAMESPACE } from '../xml/namespaces.ts'
import { digests, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, SHA256, type SignatureRow, signatures } from './algorithms.ts'
import { checkSignatureValue } from './signature-value.ts'
import { checkAlgorithm, readVerificationKey, type VerificationKey } from './verification-key.ts'

/**
 * Takes the place of the document: its digest is given, and Exclusive C14N of SignedInfo does not
 * depend on the elements around it.
 */
const STAND_IN = '<CriticalDocument/>'

/**
 * An enveloped Signature over the whole document (Reference URI="") whose canonical form under
 * Exclusive C14N has the SHA-256 `digest`; KeyInfo holds the certificate. `makeValue` gets the
 * canonical octets of SignedInfo as text. Digest and value are in base64.
 */
export function buildWithXmlCrypto(
  digest: string,
  { identifier }: SignatureRow,
  certificate: X509Certificate,
  makeValue: (signedInfo: string) => Promise<string>,
): Promise<string> {
  const builder = new SignedXml({
    // A KeyObject is not among xml-crypto's key types; only our own signer below uses it.
    privateKey: 'held by the signer',
    canonicalizationAlgorithm: EXCLUSIVE_C14N,
    signatureAlgorithm: identifier,
    getKeyInfoContent: () =>
      `<X509Data><X509Certificate>${certificate.raw.toString('base64')}</X509Certificate></X509Data>`,
  })
  builder.HashAlgorithms = { [SHA256]: digestOf(digest) }
  builder.SignatureAlgorithms = { [identifier]: signerOf(identifier, makeValue) }
  builder.addReference({
    xpath: '/*',
    isEmptyUri: true,
    transforms: [ENVELOPED_SIGNATURE, EXCLUSIVE_C14N],
    digestAlgorithm: SHA256,
  })
  return new Promise((resolve, reject) => {
    builder.computeSignature(STAND_IN, error => (error ? reject(error) : resolve(builder.getSignatureXml())))
  })
}

/** A "hash algorithm" with a result that is known. */
function digestOf(digest: string) {
  return class {
    getAlgorithmName = () => SHA256
    getHash = () => digest
  }
}

function signerOf(identifier: string, makeValue: (signedInfo: string) => Promise<string>) {
  type Done = (error: Error | null, signature?: string) => void
  return class {
    // xml-crypto calls this only to verify.
    declare verifySignature: SignatureAlgorithm['verifySignature']
    getAlgorithmName = () => identifier
    // Declared as xml-crypto declares it, where the callback is optional; we always give one.
    getSignature: SignatureAlgorithm['getSignature'] = (signedInfo: unknown, _key: unknown, done?: Done): string => {
      makeValue(String(signedInfo)).then(value => done?.(null, value), done)
      return ''
    }
  }
}

/**
 * Verifies with xml-crypto a document that verified against `certificate` with this Reference
 * digest. Throws the Fault `second-opinion` unless the signature is valid there, too, and over the
 * same octets. Slow, and for hostile input very slow: not for the main thread.
 */
export function askXmlCrypto(
  document: Uint8Array,
  certificate: X509Certificate,
  expected: { digestAlgorithm: DigestName; digest: Uint8Array },
): void {
  const references = readSignedReferences(new TextDecoder().decode(document), certificate)
  // Only these octets are under the signature; the document around them proves nothing (signature
  // wrapping).
  const [octets] = references
  if (octets === undefined || references.length !== 1) throw differs(`it found ${references.length} signed References`)
  const digest = createHash(expected.digestAlgorithm).update(octets).digest()
  if (!digest.equals(expected.digest))
    throw differs(`it found other octets signed, of the digest ${digest.toString('base64')}`)
}

function readSignedReferences(text: string, certificate: X509Certificate): string[] {
  try {
    const verifier = new SignedXml({ publicCert: certificate.toString(), getCertFromKeyInfo: () => null })
    const key = readVerificationKey(certificate)
    verifier.HashAlgorithms = Object.fromEntries(Object.entries(digests).map(([uri, name]) => [uri, hashOf(uri, name)]))
    verifier.SignatureAlgorithms = Object.fromEntries(
      Object.values(signatures).map(row => [row.identifier, verifierOf(row, key)]),
    )
    const signature = new DOMParser()
      .parseFromString(text, 'text/xml')
      .getElementsByTagNameNS(DSIG_NAMESPACE, 'Signature')
      .item(0)
    verifier.loadSignature(signature!)
    if (!verifier.checkSignature(text)) throw new Error('its digest or its signature value is another')
    return verifier.getSignedReferences()
  } catch (cause) {
    throw differs(`it refuses: ${(cause as Error).message}`, cause)
  }
}

function differs(detail: string, cause?: unknown): Fault {
  return new Fault('second-opinion', `xml-crypto does not find the signature valid: ${detail}`, { cause })
}

function hashOf(uri: string, name: DigestName): new () => HashAlgorithm {
  return class {
    getAlgorithmName = () => uri
    getHash = (octets: string) => createHash(name).update(octets).digest('base64')
  }
}

/**
 * xml-crypto has neither ECDSA nor SHA-384, so it gets our rows: a second opinion on the document,
 * not on the signature value.
 */
function verifierOf(row: SignatureRow, key: VerificationKey): new () => SignatureAlgorithm {
  return class {
    // xml-crypto calls this only to sign.
    declare getSignature: SignatureAlgorithm['getSignature']
    getAlgorithmName = () => row.identifier
    verifySignature = (octets: string, _key: unknown, value: string): boolean => {
      checkAlgorithm(row, key)
      checkSignatureValue(Buffer.from(octets), Buffer.from(value, 'base64'), row, key)
      return true
    }
  }
}
