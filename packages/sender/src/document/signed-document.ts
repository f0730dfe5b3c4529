// What is known of a document that is ready to be sent: what it signs, and the digest of its bytes.
import { createHash, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { type DocumentType, KeyInfoReader, openVerifier, type VerifiedDocument, type VerifyOptions } from '@seg/xmldsig'
import type { Meter } from '../progress.ts'
import { type DocumentFile, openDocumentFile } from './document-file.ts'
import { endVerification } from './verify-file.ts'

export type SignedFacts = {
  /** Length of the document. */
  readonly bytes: number
  /** SHA-256 of it. */
  readonly sha256: Buffer
  /** Certificate that it was verified with, or tried to be. */
  readonly signer: X509Certificate
  /**
   * What the bytes sign under our certificate; the Fault instead when they do not verify, which can
   * only be with bytes that came to us signed: then it is the receiver's part to judge them.
   */
  readonly document: VerifiedDocument | Fault
}

/** Digests and verifies a signed document in one pass. */
export class SignedDocumentReader {
  readonly #hash = createHash('sha256')
  readonly #signer: X509Certificate
  readonly #verifier: ReturnType<typeof openVerifier>
  #bytes = 0
  #fault: Fault | undefined

  /** Throws the Fault `signature-key` for a certificate that no document may be verified with. */
  constructor(certificate: X509Certificate, options: VerifyOptions) {
    this.#signer = certificate
    this.#verifier = openVerifier(certificate, options)
  }

  write(piece: Uint8Array): void {
    this.#hash.update(piece)
    this.#bytes += piece.length
    if (this.#fault !== undefined) return
    try {
      this.#verifier.write(piece)
    } catch (error) {
      this.#fault = faultOfDocument(error)
    }
  }

  /** `file` is what was written, for documents that take a second pass. */
  async end(file?: DocumentFile): Promise<SignedFacts> {
    const document = this.#fault ?? (await endVerification(this.#verifier, file).catch(faultOfDocument))
    return { bytes: this.#bytes, sha256: this.#hash.digest(), signer: this.#signer, document }
  }
}

type Reading = { readonly types?: readonly DocumentType[]; readonly meter?: Meter }

/** Reads the file at `path`. Throws Fault `file-unreadable`. */
export async function readSignedFile(
  path: string,
  certificate: X509Certificate,
  { types, meter }: Reading = {},
): Promise<SignedFacts> {
  await using file = await openDocumentFile(path, meter)
  const reader = new SignedDocumentReader(certificate, types ? { types } : {})
  for await (const piece of file.pieces('verifying')) reader.write(piece)
  // Awaited here, while the file is open.
  return await reader.end(file)
}

/**
 * The same for bytes whose signer is not known beforehand: under the certificate that they claim in
 * KeyInfo, or `otherwise` when they name none. They are claims; the caller that uses the
 * claim checks `signer`.
 */
export async function readClaimedFile(
  path: string,
  otherwise: X509Certificate | undefined,
  reading: Reading = {},
): Promise<SignedFacts> {
  const certificate = (await readKeyInfo(path, reading.meter)) ?? otherwise
  if (certificate === undefined)
    throw new Fault('configuration', `${path} has no certificate in KeyInfo, and certs/ has no sender.crt: give --cert`)
  return readSignedFile(path, certificate, reading)
}

/**
 * Undefined when there is none, or what stands there is outside the profile: verification says
 * what.
 */
async function readKeyInfo(path: string, meter?: Meter): Promise<X509Certificate | undefined> {
  await using file = await openDocumentFile(path, meter)
  const reader = new KeyInfoReader()
  try {
    for await (const piece of file.pieces('reading')) reader.write(piece)
    return reader.end()[0]
  } catch (error) {
    faultOfDocument(error)
    return undefined
  }
}

function faultOfDocument(error: unknown): Fault {
  if (error instanceof Fault && error.code !== 'file-unreadable') return error
  throw error
}
