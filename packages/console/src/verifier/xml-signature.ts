// The enveloped signature of a document or receipt (XMLDSig 1.1, the profile of docs/profile.md).
import { canonicalizationOf, canonicalize } from './canonical.ts'
import { isSigned, type Scheme } from './certificates/public-key.ts'
import { attributeIn, childElements, namedChildren, onlyAttributes, textIn } from './elements.ts'
import { expectProven, NotProven } from './not-proven.ts'
import { areSameOctets, digestOctets, type HashName, octetsOfBase64, quoteFound, type RawOctets } from './octets.ts'
import type { XmlElement } from './xml.ts'

export type XmlSignature = {
  /** What the Reference says, and what its octets give. */
  readonly signedDigest: RawOctets
  readonly computedDigest: RawOctets
  /** DER of the certificates in KeyInfo. */
  readonly certificates: readonly RawOctets[]
  /** XMLDSig 3.2.2: whether the value over SignedInfo verifies. */
  isValueOf(spki: RawOctets): Promise<boolean>
}

export const XMLDSIG_NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#'
const ENVELOPED = `${XMLDSIG_NAMESPACE}enveloped-signature`
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const digests: Readonly<Record<string, HashName>> = {
  'http://www.w3.org/2001/04/xmlenc#sha256': 'SHA-256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'SHA-384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'SHA-512',
}
/** RFC 9231 2.3.2 to 2.3.10, 2.3.12 */
const schemes: Readonly<Record<string, Scheme>> = {
  'http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519': { name: 'Ed25519' },
  ...Object.fromEntries(
    ([256, 384, 512] as const).flatMap(bits => {
      const hash: HashName = `SHA-${bits}`
      const [older, newer] = ['http://www.w3.org/2001/04/xmldsig-more#', 'http://www.w3.org/2007/05/xmldsig-more#']
      return [
        [`${older}rsa-sha${bits}`, { name: 'RSASSA-PKCS1-v1_5', hash }],
        [`${older}ecdsa-sha${bits}`, { name: 'ECDSA', hash, isDer: false }],
        [`${newer}sha${bits}-rsa-MGF1`, { name: 'RSA-PSS', hash, saltLength: bits / 8 }],
      ] as const
    }),
  ),
}

export async function readXmlSignature(root: XmlElement): Promise<XmlSignature> {
  const signature = findSignature(root)
  onlyAttributes(signature, ['Id'])
  const parts = namedChildren(signature, XMLDSIG_NAMESPACE, ['SignedInfo', 'SignatureValue', 'KeyInfo?'])
  const signedInfo = parts.SignedInfo!
  onlyAttributes(signedInfo, ['Id'])
  const info = namedChildren(signedInfo, XMLDSIG_NAMESPACE, ['CanonicalizationMethod', 'SignatureMethod', 'Reference'])
  const scheme = schemeOf(info.SignatureMethod!)
  const reference = info.Reference!
  onlyAttributes(reference, ['Id', 'URI', 'Type'])
  checkUri(root, attributeIn(reference, 'URI'))
  const named = namedChildren(reference, XMLDSIG_NAMESPACE, ['Transforms', 'DigestMethod', 'DigestValue'])
  onlyAttributes(named.DigestMethod!, ['Algorithm'])
  const digest = attributeIn(named.DigestMethod, 'Algorithm') ?? ''
  const hash = Object.hasOwn(digests, digest) ? digests[digest] : undefined
  if (hash === undefined || childElements(named.DigestMethod!, XMLDSIG_NAMESPACE).length > 0)
    throw new NotProven('XMLDSig 4.4.3.5: expected SHA-256, SHA-384 or SHA-512')
  const covered = canonicalize(root, readTransforms(named.Transforms!), signature)
  const signed = canonicalize(signedInfo, methodOf(info.CanonicalizationMethod!))
  const value = base64In(parts.SignatureValue!, ['Id'])
  return {
    signedDigest: base64In(named.DigestValue!),
    computedDigest: await digestOctets(covered, hash),
    certificates: parts.KeyInfo === undefined ? [] : readCertificates(parts.KeyInfo),
    isValueOf: spki => isSigned(spki, scheme, value, signed),
  }
}

export function isDigestRight({ signedDigest, computedDigest }: XmlSignature): boolean {
  return areSameOctets(signedDigest, computedDigest)
}

/** Exactly one in the whole document, a child of the document element. */
function findSignature(root: XmlElement): XmlElement {
  const found: XmlElement[] = []
  const search = (element: XmlElement): void => {
    if (element.local === 'Signature' && element.uri === XMLDSIG_NAMESPACE) found.push(element)
    for (const child of element.children) if (typeof child !== 'string') search(child)
  }
  search(root)
  const [signature, ...more] = found
  expectProven(signature !== undefined && more.length === 0, `expected one Signature, found ${found.length}`)
  expectProven(
    signature.parent?.parent === undefined && signature !== root,
    'expected the Signature in the document element',
  )
  return signature
}

function checkUri(root: XmlElement, uri: string | undefined): void {
  const ids = ['id', 'Id', 'ID'].map(name => attributeIn(root, name)).filter(id => id !== undefined)
  expectProven(
    uri === '' || ids.some(id => uri === `#${id}`),
    `XMLDSig 4.4.3: expected a Reference to the whole document, found ${quoteFound(uri ?? 'none')}`,
  )
}

function schemeOf(method: XmlElement): Scheme {
  onlyAttributes(method, ['Algorithm'])
  const algorithm = attributeIn(method, 'Algorithm') ?? ''
  const scheme = Object.hasOwn(schemes, algorithm) ? schemes[algorithm] : undefined
  if (scheme === undefined || childElements(method, XMLDSIG_NAMESPACE).length > 0)
    throw new NotProven(`RFC 9231 2.3: the signature algorithm ${quoteFound(algorithm)} is not known here`)
  return scheme
}

/** enveloped-signature, and then at most one canonicalization; without it C14N 1.0 (4.4.3.2). */
function readTransforms(element: XmlElement) {
  onlyAttributes(element, [])
  const [enveloped, last, ...more] = childElements(element, XMLDSIG_NAMESPACE)
  expectProven(
    enveloped?.local === 'Transform' &&
      attributeIn(enveloped, 'Algorithm') === ENVELOPED &&
      enveloped.attributes.length === 1 &&
      enveloped.children.length === 0 &&
      (last === undefined || last.local === 'Transform') &&
      more.length === 0,
    'XMLDSig 4.4.3.4: expected enveloped-signature and one canonicalization',
  )
  return last === undefined ? canonicalizationOf(INCLUSIVE, []) : methodOf(last)
}

function methodOf(element: XmlElement) {
  onlyAttributes(element, ['Algorithm'])
  const [list, ...more] = childElements(element, EXCLUSIVE)
  expectProven(
    more.length === 0 && (list === undefined || (list.local === 'InclusiveNamespaces' && list.children.length === 0)),
    'Exclusive C14N 4: expected at most one InclusiveNamespaces',
  )
  if (list !== undefined) onlyAttributes(list, ['PrefixList'])
  const prefixes = (attributeIn(list, 'PrefixList') ?? '').split(/[ \t\r\n]+/).filter(prefix => prefix !== '')
  return canonicalizationOf(
    attributeIn(element, 'Algorithm') ?? '',
    prefixes.map(prefix => (prefix === '#default' ? '' : prefix)),
  )
}

/** Names and values of keys are let stand and not used; nothing in KeyInfo leads elsewhere. */
function readCertificates(keyInfo: XmlElement): RawOctets[] {
  onlyAttributes(keyInfo, ['Id'])
  const children = onlyNamed(keyInfo, ['KeyName', 'KeyValue', 'X509Data'])
  expectProven(children.length > 0, 'XMLDSig 4.5: expected something in KeyInfo')
  return children
    .filter(({ local }) => local === 'X509Data')
    .flatMap(data => onlyNamed(data, ['X509Certificate', 'X509IssuerSerial', 'X509SKI', 'X509SubjectName', 'X509CRL']))
    .filter(({ local }) => local === 'X509Certificate')
    .map(element => base64In(element))
}

function onlyNamed(parent: XmlElement, names: readonly string[]): XmlElement[] {
  const children = childElements(parent, XMLDSIG_NAMESPACE)
  const other = children.find(({ local }) => !names.includes(local))
  expectProven(other === undefined, `XMLDSig 4.5: unexpected ${quoteFound(other?.local ?? '')} in ${parent.local}`)
  return children
}

/** RFC 4648 4, with white space of XML. */
function base64In(element: XmlElement, attributes: readonly string[] = []): RawOctets {
  try {
    return octetsOfBase64(textIn(element, attributes).replace(/[ \t\r\n]/g, ''), element.local)
  } catch (error) {
    if (error instanceof NotProven) throw new NotProven(error.message, [element.local])
    throw error
  }
}
