// Signing: one pass over the document finds its digest and the place of the Signature; another one
// puts the Signature there.
import { Fault } from '@seg/core'
import type { OctetSink } from '../c14n/octets.ts'
import { defaultLimits } from '../limits.ts'
import { buildSignature } from '../signature/built-signature.ts'
import { ownAlgorithms } from '../signature/signed-info.ts'
import type { Signer } from '../signature/signing-key.ts'
import { type DocumentObserver, DocumentPass } from '../verifying/document-pass.ts'
import { type DocumentType, defaultTypes } from '../verifying/document-type.ts'
import type { Envelope } from '../verifying/envelope.ts'
import { openEnvelopeReader } from '../verifying/typed-envelope.ts'
import { OctetEditor } from './octet-edits.ts'

/** The Signature of a document, and where it goes. */
export type PlacedSignature = {
  readonly signature: Buffer
  /** Offset in the document, just before the end tag of the document element. */
  readonly offset: number
  readonly digest: Buffer
  readonly canonicalBytes: number
}

/**
 * One pass of signing over a document of any size, in constant memory: `write` each piece, then
 * `end`.
 */
export class DocumentSigner {
  readonly #pass: DocumentPass
  readonly #signer: Signer

  constructor(signer: Signer, observer?: DocumentObserver) {
    this.#signer = signer
    this.#pass = new DocumentPass(ownAlgorithms, defaultLimits, observer)
  }

  /** Throws a Fault `xml-…` for a document outside the profile. */
  write(chunk: Uint8Array): void {
    this.#pass.write(chunk)
  }

  /** Throws the Fault `signature-multiple` for a document that has a Signature already. */
  async end(): Promise<PlacedSignature> {
    const { digest, canonicalBytes } = this.#pass.endUnsigned()
    if (this.#pass.signatures > 0)
      throw new Fault('signature-multiple', 'the document has a Signature already; sign one that has none')
    const signature = Buffer.from(await buildSignature(digest, this.#signer))
    return { signature, offset: this.#pass.rootEnd, digest, canonicalBytes }
  }
}

/**
 * The signer of a document of these types; `envelope` reads it when all has been written and throws
 * `envelope-malformed` or `timestamp-malformed`.
 */
export function openSigner(
  signer: Signer,
  types: readonly DocumentType[] = defaultTypes,
): { signer: DocumentSigner; readEnvelope: () => Envelope } {
  const envelope = openEnvelopeReader(types)
  return { signer: new DocumentSigner(signer, envelope), readEnvelope: () => envelope.read() }
}

/**
 * Puts the Signature in its place: takes the bytes that were signed, piece by piece, and writes the
 * signed document to `sink`.
 */
export function openPlacement({ signature, offset }: PlacedSignature, sink: OctetSink): OctetSink {
  const editor = new OctetEditor([{ from: offset, to: offset, octets: signature }], sink)
  return octets => editor.write(octets)
}
