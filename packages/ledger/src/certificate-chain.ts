// The certificates that a document was verified with, as the ledger keeps them: octets under their
// SHA-256; nothing here reads X.509.
import { createHash } from 'node:crypto'

/** From the sender's certificate to the CA's. */
export type CertificateChain = {
  /** In DER. */
  readonly certificates: readonly Buffer[]
  /** SHA-256 of each, in hexadecimal. */
  readonly fingerprints: readonly string[]
}

/** Made once for a certificate, and used for each document that it verifies. */
export function makeCertificateChain(certificates: readonly Buffer[]): CertificateChain {
  return { certificates, fingerprints: certificates.map(fingerprintOf) }
}

export function fingerprintOf(certificate: Uint8Array): string {
  return createHash('sha256').update(certificate).digest('hex')
}

const SEPARATOR = ','

/** How the table of chains names one. */
export function formatFingerprints(fingerprints: readonly string[]): string {
  return fingerprints.join(SEPARATOR)
}

export function splitFingerprints(text: string): string[] {
  return text.split(SEPARATOR)
}
