// The certificates that were kept with a document, for people and for other programs.
import { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'

export type CertificateFacts = {
  /** SHA-256 of the DER, in hexadecimal: what the document's entry in the log names. */
  readonly sha256: string
  readonly subject: string
  readonly issuer: string
  readonly validFrom: string
  readonly validTo: string
}

/**
 * Of the certificate that verified the document; null for one that was accepted before certificates
 * were kept.
 */
export async function describeCertificate(
  reader: LedgerReader,
  { sender, id }: AcceptedDocument,
): Promise<CertificateFacts | null> {
  const der = (await reader.chain(sender, id))?.[0]
  if (der === undefined) return null
  const { fingerprint256, subject, issuer, validFromDate, validToDate } = readCertificate(der)
  return {
    sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    validFrom: validFromDate.toISOString(),
    validTo: validToDate.toISOString(),
  }
}

/**
 * The sender's certificate, those between, and the CA's, in PEM. Throws the Fault `not-found` when
 * none was kept.
 */
export async function* exportCertificates(
  reader: LedgerReader,
  { sender, id }: AcceptedDocument,
): AsyncGenerator<Uint8Array> {
  const chain = await reader.chain(sender, id)
  if (chain === undefined)
    throw new Fault('not-found', `${quote(id)} was accepted before certificates were kept: there is none to export`)
  for (const der of chain) yield Buffer.from(readCertificate(der).toString())
}

function readCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (cause) {
    throw new Fault('storage-unavailable', 'the certificate that was kept cannot be read', { cause })
  }
}

/** Node writes each attribute of a name in a line of its own. */
function oneLine(name: string): string {
  return name.replaceAll('\n', ', ')
}
