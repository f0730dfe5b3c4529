// Verification of a document on disk: one pass over it, or two, and its canonical octets for
// comparison.
import type { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import {
  type DocumentType,
  defaultTypes,
  type OctetSink,
  openVerifier,
  type ReferenceAlgorithms,
  type VerifiedDocument,
  Verifier,
} from '@seg/xmldsig'
import type { DocumentFile } from './document-file.ts'
import { OctetBuffer } from './octet-buffer.ts'

type DocumentVerifier = Verifier<VerifiedDocument>

export type FileVerdict = {
  /** What the document signs; the Fault `signature-digest` when it is not what was signed. */
  readonly verdict: VerifiedDocument | Fault
  /** They made the octets under the Reference's digest. */
  readonly algorithms: ReferenceAlgorithms
}

/** Throws the Faults of verification, but for `signature-digest`. */
export async function verifyFile(
  file: DocumentFile,
  certificate: X509Certificate,
  types: readonly DocumentType[] = defaultTypes,
): Promise<FileVerdict> {
  let verifier = openVerifier(certificate, { types })
  try {
    for (;;) {
      const outcome = await runPass(file, verifier)
      if (!(outcome instanceof Verifier)) return { verdict: outcome, algorithms: verifier.algorithms }
      verifier = outcome
    }
  } catch (error) {
    if (error instanceof Fault && error.code === 'signature-digest')
      return { verdict: error, algorithms: verifier.algorithms }
    throw error
  }
}

/**
 * The verdict of a verifier that has seen all of `file`, after another pass over it when that is
 * needed.
 */
export async function endVerification(
  verifier: DocumentVerifier,
  file: DocumentFile | undefined,
): Promise<VerifiedDocument> {
  let outcome = verifier.end()
  while (outcome instanceof Verifier) {
    if (file === undefined) throw new TypeError('a second pass needs the file')
    outcome = await runPass(file, outcome)
  }
  return outcome
}

/**
 * The canonical octets under the Reference's digest, computed again; the verdict is what
 * `verifyFile` said of this file. A piece is good until the next one is asked for.
 */
export async function* readCanonicalOctets(
  file: DocumentFile,
  certificate: X509Certificate,
  { algorithms }: FileVerdict,
  types: readonly DocumentType[] = defaultTypes,
): AsyncGenerator<Buffer> {
  const gathered = new OctetBuffer()
  const gather: OctetSink = octets => gathered.append(octets)
  const verifier = openVerifier(certificate, { types, algorithms, onCanonical: () => gather })
  for await (const piece of file.pieces('writing canonical octets')) {
    verifier.write(piece)
    yield gathered.octets
    gathered.clear()
  }
  try {
    verifier.end()
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'signature-digest') throw error
  }
  yield gathered.octets
}

async function runPass(file: DocumentFile, verifier: DocumentVerifier): Promise<VerifiedDocument | DocumentVerifier> {
  for await (const piece of file.pieces('verifying')) verifier.write(piece)
  return verifier.end()
}
