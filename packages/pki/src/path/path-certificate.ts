// A certificate as the search for a path sees it: its names, its key identifiers and its key,
// before anything is judged.
import { createHash, type X509Certificate } from 'node:crypto'
import { type CertificateFields, readCertificateFields } from '../certificate/certificate-fields.ts'
import { DerError } from '../certificate/der.ts'
import { nameKey, readDistinguishedName } from './distinguished-name.ts'
import { type AuthorityKeyIdentifier, readAuthorityKeyIdentifier, readSubjectKeyIdentifier } from './key-identifiers.ts'

export type PathCertificate = {
  readonly certificate: X509Certificate
  readonly fields: CertificateFields
  readonly sha256: string
  /** Equal for names that are equal. */
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal, in lower case, without the octet that only shows its sign. */
  readonly serial: string
  readonly keyId: string | undefined
  readonly authorityKeyId: AuthorityKeyIdentifier | undefined
}

/**
 * Undefined for what is no certificate in DER, or has a name or an identifier that cannot be read.
 */
export function readPathCertificate(certificate: X509Certificate): PathCertificate | undefined {
  try {
    return parsePathCertificate(certificate)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

/** Throws a DerError. */
export function parsePathCertificate(certificate: X509Certificate): PathCertificate {
  const fields = readCertificateFields(certificate.raw)
  return {
    certificate,
    fields,
    sha256: certificate.fingerprint256,
    subject: nameKey(readDistinguishedName(fields.subject)),
    issuer: nameKey(readDistinguishedName(fields.issuer)),
    serial: certificate.serialNumber.toLowerCase(),
    keyId: readSubjectKeyIdentifier(fields.extensions)?.toString('hex'),
    authorityKeyId: readAuthorityKeyIdentifier(fields.extensions),
  }
}

/** RFC 5280 3.2: one whose issuer has its own name; a new key of a CA is certified so. */
export function isSelfIssued({ subject, issuer }: PathCertificate): boolean {
  return subject === issuer
}

const issuerIds = new WeakMap<PathCertificate, string>()

/** Of a CA, however many certificates it has: its name and its key. */
export function issuerIdOf(ca: PathCertificate): string {
  const known = issuerIds.get(ca)
  if (known !== undefined) return known
  const key = ca.certificate.publicKey.export({ format: 'der', type: 'spki' })
  const id = createHash('sha256').update(key).update(ca.subject).digest('base64')
  issuerIds.set(ca, id)
  return id
}
