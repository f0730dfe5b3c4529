// SignedInfo in the profile's form, read from its own canonical octets (XMLDSig 4.4).
import { Fault, quote } from '@seg/core'
import { type CanonicalizationMethod, exclusiveC14n } from '../c14n/canonicalizer.ts'
import type { DigestName } from '../c14n/octets.ts'
import { DSIG_NAMESPACE, XML_NAMESPACE } from '../xml/namespaces.ts'
import {
  canonicalizations,
  DEFAULT_CANONICALIZATION,
  digestBytes,
  digests,
  ENVELOPED_SIGNATURE,
  EXCLUSIVE_C14N,
  MGF1,
  rowOf,
  type SignatureRow,
  signatures,
} from './algorithms.ts'
import { readBase64 } from './base64.ts'
import { attributeOf, checkAttributes, ElementReader, textOf } from './element-reader.ts'
import type { Element } from './tree.ts'

const RSA_PSS_NAMESPACE = 'http://www.w3.org/2007/05/xmldsig-more#'
const code = 'signature-malformed'

/** How a Reference's octets are made and digested. */
export type ReferenceAlgorithms = { readonly method: CanonicalizationMethod; readonly digest: DigestName }

/** Those of our own Signatures, and of most. */
export const ownAlgorithms: ReferenceAlgorithms = { method: exclusiveC14n, digest: 'sha256' }

export type SignedInfo = {
  readonly canonicalization: CanonicalizationMethod
  readonly signature: SignatureRow
  /** The Reference's URI: '' or '#' and an id. */
  readonly uri: string
  readonly referenceCanonicalization: CanonicalizationMethod
  readonly digestName: DigestName
  readonly digest: Buffer
}

/**
 * Reads SignedInfo; throws the Faults `signature-malformed`, `signature-algorithm`,
 * `signature-reference`.
 */
export function readSignedInfo(element: Element): SignedInfo {
  // Under inclusive C14N the canonical form has the xml:* attributes that SignedInfo inherits
  // (XML-C14N 2.4).
  const own = element.attributes.filter(({ uri }) => uri !== XML_NAMESPACE)
  checkAttributes({ ...element, attributes: own }, ['Id'], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const canonicalization = readCanonicalizationMethod(reader.child('CanonicalizationMethod'))
  const signature = readSignatureMethod(reader.child('SignatureMethod'))
  const reference = reader.optionalChild('Reference')
  if (reference === undefined) throw new Fault('signature-reference', 'expected one Reference, found none')
  if (reader.optionalChild('Reference') !== undefined)
    throw new Fault('signature-reference', 'expected one Reference, found another')
  reader.end()
  return { canonicalization, signature, ...readReference(reference) }
}

/** The method that SignedInfo itself is canonicalized with (XMLDSig 4.4.1). */
function readCanonicalizationMethod(element: Element): CanonicalizationMethod {
  const method = readMethod(element)
  if (method === undefined)
    throw new Fault('signature-algorithm', `unknown CanonicalizationMethod ${quote(algorithmOf(element))}`)
  return method
}

function readReference(
  element: Element,
): Pick<SignedInfo, 'uri' | 'referenceCanonicalization' | 'digestName' | 'digest'> {
  checkAttributes(element, ['Id', 'URI'], code)
  const uri = attributeOf(element, 'URI')
  if (uri === undefined) throw new Fault('signature-reference', 'expected a URI on Reference, found none')
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const referenceCanonicalization = readTransforms(reader.optionalChild('Transforms'))
  const digestMethod = reader.child('DigestMethod')
  const digestName = readDigestMethod(digestMethod)
  const digestValue = reader.child('DigestValue')
  checkAttributes(digestValue, [], code)
  reader.end()
  return { uri, referenceCanonicalization, digestName, digest: readBase64(textOf(digestValue, code), 'DigestValue') }
}

/**
 * Exactly enveloped-signature, then at most one canonicalization: anything else would leave a part
 * of the document unsigned.
 */
function readTransforms(element: Element | undefined): CanonicalizationMethod {
  if (element === undefined)
    throw new Fault('signature-reference', 'expected the enveloped-signature transform, found no Transforms')
  checkAttributes(element, [], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const enveloped = reader.child('Transform')
  if (algorithmOf(enveloped) !== ENVELOPED_SIGNATURE || enveloped.children.length > 0) {
    throw new Fault(
      'signature-reference',
      `expected enveloped-signature as the first Transform, found ${quote(algorithmOf(enveloped))}`,
    )
  }
  checkAttributes(enveloped, ['Algorithm'], code)
  new ElementReader(enveloped, code, DSIG_NAMESPACE).end()
  const transform = reader.optionalChild('Transform')
  if (reader.optionalChild('Transform') !== undefined)
    throw new Fault('signature-reference', 'expected at most two Transforms, found more')
  reader.end()
  if (transform === undefined) return methodOf(DEFAULT_CANONICALIZATION, new Set())!
  const method = readMethod(transform)
  if (method === undefined) {
    throw new Fault(
      'signature-reference',
      `expected a canonicalization as the second Transform, found ${quote(algorithmOf(transform))}`,
    )
  }
  return method
}

/**
 * A CanonicalizationMethod or Transform that canonicalizes; undefined when its algorithm is
 * another.
 */
function readMethod(element: Element): CanonicalizationMethod | undefined {
  const algorithm = algorithmOf(element)
  if (rowOf(canonicalizations, algorithm) === undefined) return undefined
  checkAttributes(element, ['Algorithm'], code)
  const reader = new ElementReader(element, code, EXCLUSIVE_C14N)
  // Exclusive C14N section 4: InclusiveNamespaces is in the namespace that the algorithm's
  // identifier names.
  const inclusive = algorithm === EXCLUSIVE_C14N ? reader.optionalChild('InclusiveNamespaces') : undefined
  reader.end()
  return methodOf(algorithm, inclusive === undefined ? new Set() : readPrefixList(inclusive))
}

function methodOf(algorithm: string, inclusivePrefixes: ReadonlySet<string>): CanonicalizationMethod | undefined {
  const row = rowOf(canonicalizations, algorithm)
  return row && { algorithm, ...row, inclusivePrefixes }
}

function readPrefixList(element: Element): Set<string> {
  checkAttributes(element, ['PrefixList'], code)
  new ElementReader(element, code, EXCLUSIVE_C14N).end()
  const list = attributeOf(element, 'PrefixList') ?? ''
  const prefixes = list.split(/[ \t\r\n]+/).filter(prefix => prefix !== '')
  return new Set(prefixes.map(prefix => (prefix === '#default' ? '' : prefix)))
}

function readDigestMethod(element: Element): DigestName {
  checkAttributes(element, ['Algorithm'], code)
  new ElementReader(element, code, DSIG_NAMESPACE).end()
  const name = rowOf(digests, algorithmOf(element))
  if (name === undefined)
    throw new Fault(
      'signature-algorithm',
      `expected SHA-256, SHA-384 or SHA-512 as DigestMethod, found ${quote(algorithmOf(element))}`,
    )
  return name
}

function readSignatureMethod(element: Element): SignatureRow {
  const algorithm = algorithmOf(element)
  const row = rowOf(signatures, algorithm)
  if (row === undefined)
    throw new Fault('signature-algorithm', `the SignatureMethod ${quote(algorithm)} is not allowed`)
  checkAttributes(element, ['Algorithm'], code)
  const reader = new ElementReader(element, code, DSIG_NAMESPACE)
  const parameters = row.withDigest && reader.optionalChild('RSAPSSParams', RSA_PSS_NAMESPACE)
  reader.end()
  return parameters === undefined ? row : row.withDigest!(readPssParameters(parameters))
}

/**
 * RFC 9231 2.3.9: the digest, MGF1 with the same digest, a salt as long as the digest, trailer 1.
 * What is absent has its default.
 */
function readPssParameters(element: Element): DigestName {
  checkAttributes(element, [], code)
  const reader = new ElementReader(element, code, RSA_PSS_NAMESPACE)
  const digestMethod = reader.optionalChild('DigestMethod', DSIG_NAMESPACE)
  const digest = digestMethod === undefined ? 'sha256' : readDigestMethod(digestMethod)
  const maskDigest = readMaskGeneration(reader.optionalChild('MaskGenerationFunction'))
  const saltLength = reader.optionalChild('SaltLength')
  const trailer = reader.optionalChild('TrailerField')
  reader.end()
  if (maskDigest !== digest) throw new Fault('signature-algorithm', `expected MGF1 with ${digest}, found ${maskDigest}`)
  checkNumber(saltLength, digestBytes[digest], digestBytes[digest])
  checkNumber(trailer, 1, 1)
  return digest

  function readMaskGeneration(mask: Element | undefined): DigestName {
    if (mask === undefined) return digest
    if (algorithmOf(mask) !== MGF1)
      throw new Fault('signature-algorithm', `expected MGF1, found ${quote(algorithmOf(mask))}`)
    checkAttributes(mask, ['Algorithm'], code)
    const inner = new ElementReader(mask, code, DSIG_NAMESPACE)
    const method = inner.optionalChild('DigestMethod')
    inner.end()
    return method === undefined ? 'sha256' : readDigestMethod(method)
  }
}

function checkNumber(element: Element | undefined, expected: number, absent: number): void {
  const found = element === undefined ? String(absent) : textOf(element, code).trim()
  if (element !== undefined) checkAttributes(element, [], code)
  if (found !== String(expected))
    throw new Fault('signature-algorithm', `expected ${expected} in an RSAPSSParams element, found ${quote(found)}`)
}

function algorithmOf(element: Element): string {
  const algorithm = attributeOf(element, 'Algorithm')
  if (algorithm === undefined) throw new Fault(code, `expected an attribute Algorithm on ${element.local}`)
  return algorithm
}
