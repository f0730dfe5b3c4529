// The certificates in a file of any usual form: PEM, DER, or PKCS #7 in either.
import { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { parseCertificates } from '../pem-file.ts'
import { DerError, DerReader, readObjectIdentifier, readWhole, tags } from './der.ts'

export type CertificateForm = 'PEM' | 'DER' | 'PKCS #7'
export type CertificateBundle = { readonly form: CertificateForm; readonly certificates: readonly X509Certificate[] }

/** Certificates of one bundle; more are no chain. */
const MOST = 17
/** Of signedData (RFC 2315 14), and of the set of certificates in it (9.1). */
const SIGNED_DATA = '1.2.840.113549.1.7.2'
const CONTEXT_0 = 0xa0

/** Throws the Fault `certificate-invalid`, which says what it is instead. */
export function readBundle(octets: Buffer): CertificateBundle {
  const bundle = read(octets)
  const { length } = bundle.certificates
  for (const certificate of bundle.certificates) checkDates(certificate)
  if (length > 0 && length <= MOST) return bundle
  throw new Fault('certificate-invalid', `expected 1 to ${MOST} certificates, found ${length}`)
}

function read(octets: Buffer): CertificateBundle {
  const text = octets.toString('latin1')
  const [, , body] = /-----BEGIN (PKCS7|CMS)-----([\s\S]*?)-----END \1-----/.exec(text) ?? []
  if (body !== undefined) return { form: 'PKCS #7', certificates: readSignedData(Buffer.from(body, 'base64')) }
  if (octets[0] !== tags.sequence || /^[\t\n\r -~]*$/.test(text))
    return { form: 'PEM', certificates: onFault(() => parseCertificates('what was given', text)) }
  if (isSignedData(octets)) return { form: 'PKCS #7', certificates: readSignedData(octets) }
  return { form: 'DER', certificates: [parse(octets)] }
}

function isSignedData(octets: Buffer): boolean {
  try {
    return readObjectIdentifier(new DerReader(octets).enter('what was given'), 'its type') === SIGNED_DATA
  } catch (error) {
    if (error instanceof DerError) return false
    throw error
  }
}

function readSignedData(octets: Buffer): X509Certificate[] {
  try {
    const outer = readWhole(octets, 'the PKCS #7 file')
    if (readObjectIdentifier(outer, 'its type') !== SIGNED_DATA) throw new DerError('expected signed data')
    const data = outer.enter('its content', CONTEXT_0).enter('the signed data')
    data.read(tags.integer, 'its version')
    data.read(tags.set, 'its digest algorithms')
    data.read(tags.sequence, 'what is signed')
    const certificates: X509Certificate[] = []
    const set = data.readOptional(CONTEXT_0, 'its certificates')
    for (
      const reader = new DerReader(set?.content ?? Buffer.alloc(0));
      !reader.isAtEnd && certificates.length <= MOST;
    )
      certificates.push(parse(reader.read(tags.sequence, 'a certificate').raw))
    return certificates
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause
    throw new Fault('certificate-invalid', `the PKCS #7 file cannot be read: ${cause.message}`, { cause })
  }
}

function parse(octets: Buffer): X509Certificate {
  try {
    return new X509Certificate(octets)
  } catch (cause) {
    throw new Fault('certificate-invalid', 'it is DER, but not a certificate', { cause })
  }
}

/** OpenSSL reads times that are none, too. */
function checkDates({ validFromDate, validToDate }: X509Certificate): void {
  if (Number.isNaN(validFromDate.getTime()) || Number.isNaN(validToDate.getTime()))
    throw new Fault('certificate-invalid', 'expected a certificate with two dates, found one whose dates are none')
}

/** It is no setting of this gateway that is wrong. */
function onFault<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault('certificate-invalid', cause.detail, { cause })
  }
}
