// Certificates in KeyInfo never choose a key: each must be the signer's own, byte for byte. For
// another one the refusal says which it is, and why a signer may have put it there.
import { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { readBase64 } from './base64.ts'

/**
 * All in base64 without white space; `own`: the peer's. Throws the Faults `signature-key` and, for
 * what is no base64, `signature-malformed`.
 */
export function checkCertificates(certificates: readonly string[], own: string): void {
  const foreign = certificates.find(certificate => certificate !== own)
  if (foreign === undefined) return
  const octets = readBase64(foreign, 'X509Certificate')
  const place = certificates.includes(own)
    ? `a chain: the sender's own and ${describe(octets, own)}`
    : describe(octets, own)
  throw new Fault('signature-key', `expected no certificate in KeyInfo but the sender's own, found ${place}`)
}

function describe(octets: Buffer, own: string): string {
  const found = parse(octets)
  const sender = new X509Certificate(Buffer.from(own, 'base64'))
  if (found === undefined) return 'octets that are no certificate'
  const subject = quote(found.subject)
  if (sender.checkIssued(found))
    return `the certificate of the CA ${subject} that issued it; leave out what is above the sender's`
  if (found.ca) return `an intermediate or root certificate, of the CA ${subject}; leave out all but the sender's`
  if (found.subject !== sender.subject) return `that of ${subject}`
  const key = (certificate: X509Certificate) => certificate.publicKey.export({ type: 'spki', format: 'der' })
  const kinship = key(found).equals(key(sender)) ? 'with the same key' : 'with another key'
  return (
    `another of ${subject}, ${kinship}, valid from ${found.validFrom} to ${found.validTo}: ` +
    `that of the connection is valid from ${sender.validFrom} to ${sender.validTo}`
  )
}

/** Undefined for octets that are no certificate, and for a key that OpenSSL cannot read. */
function parse(octets: Buffer): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(octets)
    return certificate.publicKey && certificate
  } catch {
    return undefined
  }
}
