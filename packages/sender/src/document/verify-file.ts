// Verification of a document on disk: one pass over it, or two, and its canonical octets for
// comparison.
import type { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import {
  type DocumentType,
  defaultTypes,
  type OctetSink,
  openVerifier,
  type VerifiedDocument,
  Verifier,
} from '@seg/xmldsig'
import type { DocumentFile } from './document-file.ts'
import { OctetBuffer } from './octet-buffer.ts'

type DocumentVerifier = Verifier<VerifiedDocument>

export type FileVerdict = {
  /** What the document signs; the Fault `signature-digest` when it is not what was signed. */
  readonly verdict: VerifiedDocument | Fault
  /** Passes that it took: the last one made the octets under the Reference's digest. */
  readonly passes: number
}

/** Throws the Faults of verification, but for `signature-digest`. */
export async function verifyFile(
  file: DocumentFile,
  certificate: X509Certificate,
  types: readonly DocumentType[] = defaultTypes,
): Promise<FileVerdict> {
  let passes = 0
  try {
    for (let verifier = openVerifier(certificate, { types }); ; ) {
      passes++
      const outcome = await runPass(file, verifier)
      if (!(outcome instanceof Verifier)) return { verdict: outcome, passes }
      verifier = outcome
    }
  } catch (error) {
    if (error instanceof Fault && error.code === 'signature-digest') return { verdict: error, passes }
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
  { passes }: FileVerdict,
  types: readonly DocumentType[] = defaultTypes,
): AsyncGenerator<Buffer> {
  const gathered = new OctetBuffer()
  const gather: OctetSink = octets => gathered.append(octets)
  let begun = 0
  const onCanonical = () => (++begun === passes ? gather : () => {})
  let verifier: DocumentVerifier = openVerifier(certificate, { types, onCanonical })
  for (let pass = 1; pass < passes; pass++) verifier = (await runPass(file, verifier)) as DocumentVerifier
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
