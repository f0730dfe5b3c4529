// The Signature element in the profile's form (XMLDSig 4.2): SignedInfo, SignatureValue, and
// optionally KeyInfo.
import { Fault } from '@seg/core'
import { type CanonicalizationMethod, exclusiveC14n, isSameMethod } from '../c14n/canonicalizer.ts'
import { canonicalizeFirstChild } from '../c14n/subtree.ts'
import type { Limits } from '../limits.ts'
import { DSIG_NAMESPACE } from '../xml/namespaces.ts'
import { readBase64, withoutSpace } from './base64.ts'
import type { CapturedSignature, SignatureElement } from './captured-signature.ts'
import { checkAttributes, ElementReader, textOf } from './element-reader.ts'
import { readSignedInfo } from './signed-info.ts'
import { type Element, readTree, TreeBuilder } from './tree.ts'

const code = 'signature-malformed'
const DSIG11_NAMESPACE = 'http://www.w3.org/2009/xmldsig11#'

/**
 * Reads a captured Signature; throws the Faults `signature-malformed`, `signature-algorithm`,
 * `signature-reference`.
 */
export function readSignatureElement({ octets, context }: CapturedSignature, limits: Limits): SignatureElement {
  const around = new TreeBuilder()
  const guessed = canonicalizeFirstChild(octets, context, exclusiveC14n, limits, around)
  const element = around.root!
  checkAttributes(element, ['Id'], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  checkAttributes(reader.child('SignedInfo'), ['Id'], code)
  const signatureValue = reader.child('SignatureValue')
  checkAttributes(signatureValue, ['Id'], code)
  const keyInfo = reader.optionalChild('KeyInfo')
  reader.end()
  return {
    ...readSigned(guessed, method => canonicalizeFirstChild(octets, context, method, limits), limits),
    value: readBase64(textOf(signatureValue, code), 'SignatureValue'),
    certificates: keyInfo === undefined ? [] : readKeyInfo(keyInfo),
  }
}

/** SignedInfo from its octets under the method that it names: mostly the one that was guessed. */
function readSigned(
  guessed: Buffer,
  canonicalize: (method: CanonicalizationMethod) => Buffer,
  limits: Limits,
): Pick<SignatureElement, 'signedInfo' | 'signedOctets'> {
  const signedInfo = readSignedInfo(readTree(guessed, limits))
  const method = signedInfo.canonicalization
  if (isSameMethod(method, exclusiveC14n)) return { signedInfo, signedOctets: guessed }
  const signedOctets = canonicalize(method)
  return { signedInfo: readSignedInfo(readTree(signedOctets, limits)), signedOctets }
}

const keyInfoChildren: readonly (readonly [local: string, uri: string])[] = [
  ['KeyName', DSIG_NAMESPACE],
  ['KeyValue', DSIG_NAMESPACE],
  ['DEREncodedKeyValue', DSIG11_NAMESPACE],
]
const x509Children: readonly (readonly [local: string, uri: string])[] = [
  ['X509IssuerSerial', DSIG_NAMESPACE],
  ['X509SKI', DSIG_NAMESPACE],
  ['X509SubjectName', DSIG_NAMESPACE],
  ['X509CRL', DSIG_NAMESPACE],
  ['X509Digest', DSIG11_NAMESPACE],
]

/**
 * The certificates of KeyInfo. Names and key values beside them are allowed and not used;
 * references to other places are refused.
 */
function readKeyInfo(element: Element): string[] {
  checkAttributes(element, ['Id'], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const certificates: string[] = []
  for (let i = 0; i < element.children.length; i++) {
    const x509Data = reader.optionalChild('X509Data')
    if (x509Data !== undefined) certificates.push(...readX509Data(x509Data))
    else takeOneOf(reader, keyInfoChildren)
  }
  if (element.children.length === 0) throw new Fault(code, 'expected something in KeyInfo, found nothing')
  return certificates
}

function readX509Data(element: Element): string[] {
  checkAttributes(element, [], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const certificates: string[] = []
  for (let i = 0; i < element.children.length; i++) {
    const certificate = reader.optionalChild('X509Certificate')
    if (certificate === undefined) {
      takeOneOf(reader, x509Children)
      continue
    }
    checkAttributes(certificate, [], code)
    certificates.push(withoutSpace(textOf(certificate, code)))
  }
  return certificates
}

function takeOneOf(reader: ElementReader, names: readonly (readonly [local: string, uri: string])[]): void {
  if (!names.some(([local, uri]) => reader.optionalChild(local, uri) !== undefined)) reader.end()
}
