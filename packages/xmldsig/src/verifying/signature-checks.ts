// The checks of a signature, each a step: it takes what the step before it returned, and throws a
// Fault or returns the same under a narrower type. A step that is left out does not compile.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { isSameMethod } from '../c14n/canonicalizer.ts'
import type { DigestName } from '../c14n/octets.ts'
import type { SignatureElement } from '../signature/captured-signature.ts'
import { checkCertificates } from '../signature/key-info.ts'
import type { SignatureReader } from '../signature/signature-reader.ts'
import { checkSignatureValue } from '../signature/signature-value.ts'
import { checkAlgorithm, readVerificationKey, type VerificationKey } from '../signature/verification-key.ts'
import type { ScannedDocument } from './document-pass.ts'

/** A document and its Signature as read; nothing has been checked. */
export type ReadSignature = {
  readonly element: SignatureElement
  readonly document: ScannedDocument
}

/**
 * For signers with several certificates. KeyInfo adds none: `choose` returns one of a known set,
 * and throws a Fault for any other.
 */
export type SignerChoice = {
  /** The most frequent one, if there is one: its Signatures are read faster. */
  readonly likely: X509Certificate | undefined
  /** `claimed`: the first certificate in KeyInfo, base64 without white space. */
  choose(claimed: string | undefined): X509Certificate
}

declare const passed: unique symbol
type Passed<Check extends string> = ReadSignature & { readonly [passed]: Check }

/** Its Reference names the whole document. */
export type EnvelopingReference = Passed<'reference'>
type WithKey = { readonly key: VerificationKey }
/** It names no certificate but the signer's, and an algorithm of that key's kind. */
export type SignersSignature = Passed<'signer'> & WithKey
/** Its digest is the digest of the document. */
export type DigestedSignature = Passed<'digest'> & WithKey
/** Its value verifies with the signer's key. */
export type VerifiedSignature = Passed<'value'> & WithKey

/** What the receiver records of a signature that verified. */
export type SignatureFacts = {
  readonly digestAlgorithm: DigestName
  /** The Reference's digest: as signed and as computed. */
  readonly digest: Buffer
  /** Identifier of the SignatureMethod. */
  readonly signatureAlgorithm: string
  /** Identifier of the Reference's canonicalization. */
  readonly canonicalization: string
  /** Canonical octets under the digest. */
  readonly canonicalBytes: number
}

/** Throws the Faults `signature-malformed`, `signature-algorithm`, `signature-reference`. */
export function readSignature(document: ScannedDocument, reader: SignatureReader): ReadSignature {
  return { element: reader.read(document.signature), document }
}

/**
 * The Reference must name the whole document (XMLDSig 4.4.3.1): URI="" or the document element's
 * id. Throws the Fault `signature-reference`.
 */
export function checkReference(signature: ReadSignature): EnvelopingReference {
  const { uri } = signature.element.signedInfo
  const { rootIds } = signature.document
  if (uri === '' || (uri.startsWith('#') && rootIds.includes(uri.slice(1)))) return signature as EnvelopingReference
  const expected = ['""', ...rootIds.map(id => quote(`#${id}`))].join(' or ')
  throw new Fault('signature-reference', `expected a Reference to ${expected}, found ${quote(uri)}`)
}

/**
 * The key is that of a certificate that `signer` allows. Throws the Faults `signature-key` and
 * `signature-algorithm`.
 */
export function checkSigner({ element, document }: EnvelopingReference, signer: SignerChoice): SignersSignature {
  const { certificates, signedInfo } = element
  const key = readVerificationKey(signer.choose(certificates[0]))
  checkCertificates(certificates, key.certificate)
  checkAlgorithm(signedInfo.signature, key)
  return { element, document, key } as ReadSignature as SignersSignature
}

/** Whether the pass digested the document as the signature says; if not, it takes another pass. */
export function isDigestedAsSigned({ document, element }: SignersSignature): boolean {
  const { method, digest } = document.algorithms
  const { signedInfo } = element
  return digest === signedInfo.digestName && isSameMethod(method, signedInfo.referenceCanonicalization)
}

/** Throws the Fault `signature-digest`. */
export function checkDigest(signature: SignersSignature): DigestedSignature {
  const { document, element } = signature
  const { digest, digestName } = element.signedInfo
  if (document.digest.equals(digest)) return signature as ReadSignature as DigestedSignature
  throw new Fault(
    'signature-digest',
    `computed ${digestName} ${document.digest.toString('base64')} over ${document.canonicalBytes} canonical bytes, ` +
      `signed ${digest.toString('base64')}`,
  )
}

/** Throws the Fault `signature-value`. */
export function checkValue(signature: DigestedSignature): VerifiedSignature {
  checkValueOver(signature, '; the digest of the document is the one in SignedInfo')
  return signature as ReadSignature as VerifiedSignature
}

/**
 * The same before the digest has been computed. White space in SignedInfo is under the signature
 * with every canonicalization, and a formatter of XML changes it (XML-C14N 1.1).
 */
export function checkValueBeforeDigest(signature: SignersSignature): void {
  const hint = ', as by indenting the signed document; whether its digest is the one in SignedInfo was not computed'
  checkValueOver(signature, hint)
}

function checkValueOver({ element, key }: SignersSignature | DigestedSignature, hint: string): void {
  const { signedOctets, value, signedInfo } = element
  checkSignatureValue(signedOctets, value, signedInfo.signature, key, hint)
}

export function describeSignature({ document, element }: VerifiedSignature): SignatureFacts {
  const { signedInfo } = element
  return {
    digestAlgorithm: signedInfo.digestName,
    digest: document.digest,
    signatureAlgorithm: signedInfo.signature.identifier,
    canonicalization: signedInfo.referenceCanonicalization.algorithm,
    canonicalBytes: document.canonicalBytes,
  }
}
