// A signer of anything: hostile documents must be signed well, or only their signature would be
// tested.
//
// It needs no canonicalizer: documents and SignedInfo are written in canonical form, and only then
// changed.
import { createHash, createHmac, createSign, type KeyObject, sign, type X509Certificate } from 'node:crypto'

export type ForgingKey = { readonly key: KeyObject; readonly certificate: X509Certificate }

export const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
export const DSIG_MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
export const ENVELOPED = `${DSIG}enveloped-signature`

export type Changes = {
  readonly uri?: string
  readonly canonicalization?: string
  readonly signatureMethod?: string
  readonly digestMethod?: string
  /** Digest of the canonical document; SHA-256 unless another is given. */
  readonly digest?: string
  readonly transforms?: string
  /** The Signature's KeyInfo; the certificate unless another is given. */
  readonly keyInfo?: string
  /** Makes the signature value over canonical SignedInfo. */
  readonly signWith?: (octets: Buffer) => Buffer
  /** Rewrites SignedInfo before it is signed; it must stay canonical. */
  readonly signedInfo?: (xml: string) => string
  /** Rewrites the finished Signature. */
  readonly signature?: (xml: string) => string
}

/** The children of a Transforms element. */
export function transform(algorithm: string, content = ''): string {
  return `<Transform Algorithm="${algorithm}">${content}</Transform>`
}

/** A Signature element over `canonical`, the canonical form of a document. */
export function forgeSignature(canonical: string, { key, certificate }: ForgingKey, changes: Changes = {}): string {
  const method = changes.signatureMethod ?? methods[key.asymmetricKeyType ?? '']
  const digest = changes.digest ?? createHash('sha256').update(canonical).digest('base64')
  const transforms = changes.transforms ?? transform(ENVELOPED) + transform(EXCLUSIVE)
  const written =
    `<SignedInfo xmlns="${DSIG}"><CanonicalizationMethod Algorithm="${changes.canonicalization ?? EXCLUSIVE}">` +
    `</CanonicalizationMethod><SignatureMethod Algorithm="${method}"></SignatureMethod>` +
    `<Reference URI="${changes.uri ?? ''}"><Transforms>${transforms}</Transforms>` +
    `<DigestMethod Algorithm="${changes.digestMethod ?? SHA256}"></DigestMethod>` +
    `<DigestValue>${digest}</DigestValue></Reference></SignedInfo>`
  const signedInfo = changes.signedInfo?.(written) ?? written
  const octets = Buffer.from(signedInfo)
  const value = changes.signWith?.(octets) ?? signValue(key, octets)
  const keyInfo = changes.keyInfo ?? `<KeyInfo>${x509(certificate)}</KeyInfo>`
  const signature =
    `<Signature xmlns="${DSIG}">${signedInfo}` +
    `<SignatureValue>${value.toString('base64')}</SignatureValue>${keyInfo}</Signature>`
  return changes.signature?.(signature) ?? signature
}

/** By the kind of key. */
const methods: Readonly<Record<string, string>> = {
  rsa: `${DSIG_MORE}rsa-sha256`,
  'rsa-pss': 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
  ec: `${DSIG_MORE}ecdsa-sha256`,
  ed25519: 'http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519',
}

/** A signature value as the method of the key's kind has it. */
export function signValue(key: KeyObject, octets: Buffer): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, octets, key)
  return sign('sha256', octets, { key, dsaEncoding: 'ieee-p1363', saltLength: 32 })
}

export function x509(certificate: X509Certificate): string {
  return `<X509Data><X509Certificate>${certificate.raw.toString('base64')}</X509Certificate></X509Data>`
}

/** The document with a Signature over it as the last child of its root. */
export function forge(canonical: string, key: ForgingKey, changes: Changes = {}): string {
  const end = canonical.lastIndexOf('</')
  return `${canonical.slice(0, end)}${forgeSignature(canonical, key, changes)}${canonical.slice(end)}`
}

export function signSha1(key: KeyObject): (octets: Buffer) => Buffer {
  return octets => createSign('sha1').update(octets).sign(key)
}

export function signHmac(secret: Buffer): (octets: Buffer) => Buffer {
  return octets => createHmac('sha256', secret).update(octets).digest()
}
