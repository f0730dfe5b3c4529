// The Signature element in the profile's form (XMLDSig 4.2): SignedInfo, SignatureValue and, at most, KeyInfo.
import { Fault } from '@seg/core'
import { readBase64 } from './base64.ts'
import type { CapturedSignature } from './document-pass.ts'
import { checkAttributes, ElementReader, textOf } from './element-reader.ts'
import type { Limits } from './limits.ts'
import { DSIG_NAMESPACE } from './namespaces.ts'
import { readCanonicalizationMethod, readSignedInfo, type SignedInfo } from './signed-info.ts'
import { canonicalizeFirstChild } from './subtree.ts'
import { type Element, readTree } from './tree.ts'

const code = 'signature-malformed'
const DSIG11_NAMESPACE = 'http://www.w3.org/2009/xmldsig11#'

export type SignatureElement = {
  readonly signedInfo: SignedInfo
  /** The canonical octets of SignedInfo, which the signature value covers. */
  readonly signedOctets: Buffer
  readonly value: Buffer
  /** DER of the certificates in KeyInfo; they choose nothing. */
  readonly certificates: readonly Buffer[]
}

/** Reads a captured Signature; throws the Faults `signature-malformed`, `signature-algorithm`, `signature-reference`. */
export function readSignatureElement({ octets, context }: CapturedSignature, limits: Limits): SignatureElement {
  const element = readTree(octets, limits, context)
  checkAttributes(element, ['Id'], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const written = reader.child('SignedInfo')
  checkAttributes(written, ['Id'], code)
  const signatureValue = reader.child('SignatureValue')
  checkAttributes(signatureValue, ['Id'], code)
  const keyInfo = reader.optionalChild('KeyInfo')
  reader.end()
  const method = readCanonicalizationMethod(new ElementReader(written, code, DSIG_NAMESPACE).child('CanonicalizationMethod'))
  const signedOctets = canonicalizeFirstChild(octets, context, method, limits)
  return {
    signedInfo: readSignedInfo(readTree(signedOctets, limits)),
    signedOctets,
    value: readBase64(textOf(signatureValue, code), 'SignatureValue'),
    certificates: keyInfo === undefined ? [] : readKeyInfo(keyInfo),
  }
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

/** The certificates of KeyInfo. Names and key values beside them are let stand and not used; references to elsewhere are refused. */
function readKeyInfo(element: Element): Buffer[] {
  checkAttributes(element, ['Id'], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const certificates: Buffer[] = []
  for (let i = 0; i < element.children.length; i++) {
    const x509Data = reader.optionalChild('X509Data')
    if (x509Data !== undefined) certificates.push(...readX509Data(x509Data))
    else takeOneOf(reader, keyInfoChildren)
  }
  if (element.children.length === 0) throw new Fault(code, 'expected something in KeyInfo, found nothing')
  return certificates
}

function readX509Data(element: Element): Buffer[] {
  checkAttributes(element, [], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const certificates: Buffer[] = []
  for (let i = 0; i < element.children.length; i++) {
    const certificate = reader.optionalChild('X509Certificate')
    if (certificate === undefined) {
      takeOneOf(reader, x509Children)
      continue
    }
    checkAttributes(certificate, [], code)
    certificates.push(readBase64(textOf(certificate, code), 'X509Certificate'))
  }
  return certificates
}

function takeOneOf(reader: ElementReader, names: readonly (readonly [local: string, uri: string])[]): void {
  if (!names.some(([local, uri]) => reader.optionalChild(local, uri) !== undefined)) reader.end()
}
