// The receiver's verifier: bytes and the signer's certificate in, signed facts out, or a Fault.
import type { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import type { OctetSink } from '../c14n/octets.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import { SignatureReader } from '../signature/signature-reader.ts'
import { ownAlgorithms, type ReferenceAlgorithms } from '../signature/signed-info.ts'
import { readVerificationKey } from '../signature/verification-key.ts'
import { type DocumentObserver, DocumentPass } from './document-pass.ts'
import { type DocumentType, defaultTypes } from './document-type.ts'
import type { Envelope } from './envelope.ts'
import {
  checkDigest,
  checkReference,
  checkSigner,
  checkValue,
  checkValueBeforeDigest,
  describeSignature,
  isDigestedAsSigned,
  readSignature,
  type SignatureFacts,
  type SignerChoice,
  type SignersSignature,
} from './signature-checks.ts'
import { checkUsedAlgorithms, openEnvelopeReader } from './typed-envelope.ts'

/**
 * Verifies a document held in memory against the certificate of the TLS peer: one pass over
 * the bytes, then the steps of `Verifier.end`. Throws a Fault `xml-…`, `signature-…`,
 * `envelope-malformed` or `timestamp-malformed`. XMLDSig 3.2, in the profile of docs/profile.md.
 */
export function verifyDocument(
  bytes: Uint8Array,
  certificate: X509Certificate,
  options: VerifyOptions = {},
): VerifiedDocument {
  return verifyBytes(bytes, openVerifier(certificate, options))
}

/** The same for a document that comes in pieces: `write` each, then `end`. */
export function openVerifier(
  signer: X509Certificate | SignerChoice,
  options: VerifyOptions = {},
): Verifier<VerifiedDocument> {
  const { types = defaultTypes } = options
  return new Verifier(signer, () => openDocument(types), options)
}

/** One pass of verification over a document of any size, in constant memory. */
export class Verifier<Result extends object> {
  /** Those of this pass. */
  readonly algorithms: ReferenceAlgorithms
  readonly #signer: SignerChoice
  readonly #pass: DocumentPass
  readonly #reader: SignatureReader
  readonly #content: Content<Result>
  /** Undefined in the second pass, which is the last. */
  readonly #openNext: ((next: ReferenceAlgorithms) => Verifier<Result>) | undefined

  /** Throws the Fault `signature-key` for a key that the profile does not allow. */
  constructor(
    signer: X509Certificate | SignerChoice,
    openContent: () => Content<Result>,
    options: VerifyOptions,
    known?: ReferenceAlgorithms,
  ) {
    const limits = options.limits === undefined ? defaultLimits : { ...defaultLimits, ...options.limits }
    this.#signer = 'choose' in signer ? signer : { likely: signer, choose: () => signer }
    const { likely } = this.#signer
    const cache = likely && readVerificationKey(likely).signatureCache
    this.algorithms = known ?? options.algorithms ?? cache?.algorithms ?? ownAlgorithms
    this.#reader = new SignatureReader(cache, limits)
    this.#content = openContent()
    const { observer } = this.#content
    this.#pass = new DocumentPass(this.algorithms, limits, observer, options.onCanonical?.(), this.#reader)
    if (known === undefined) this.#openNext = next => new Verifier(signer, openContent, options, next)
  }

  /** Takes the next piece; throws a Fault as soon as the document is certain to be refused. */
  write(chunk: Uint8Array): void {
    this.#pass.write(chunk)
  }

  /**
   * The verdict on the whole document; or the verifier of a second pass, which must get the same
   * bytes from their start, when the signer used other algorithms than expected.
   */
  end(): Result | Verifier<Result> {
    const document = this.#pass.end()
    const read = readSignature(document, this.#reader)
    const enveloping = checkReference(read)
    const ofSigner = checkSigner(enveloping, this.#signer)
    if (!isDigestedAsSigned(ofSigner)) return this.#openSecondPass(ofSigner)
    const digested = checkDigest(ofSigner)
    const verified = checkValue(digested)
    this.#reader.store(document.signature, verified.element, document.algorithms, verified.key.signatureCache)
    return this.#content.read(describeSignature(verified))
  }

  #openSecondPass(signature: SignersSignature): Verifier<Result> {
    checkValueBeforeDigest(signature)
    if (this.#openNext === undefined) throw new Fault('internal', 'the document changed between two passes over it')
    const { referenceCanonicalization, digestName } = signature.element.signedInfo
    return this.#openNext({ method: referenceCanonicalization, digest: digestName })
  }
}

/** Runs one pass over `bytes`, or two where the verifier needs them. */
export function verifyBytes<Result extends object>(octets: Uint8Array, verifier: Verifier<Result>): Result {
  verifier.write(octets)
  const verdict = verifier.end()
  return verdict instanceof Verifier ? verifyBytes(octets, verdict) : verdict
}

/** Facts that the signature covers, and nothing else. */
export type VerifiedDocument = Envelope & { readonly signature: SignatureFacts }

export type VerifyOptions = {
  readonly limits?: Partial<Limits>
  /** Types of documents that are accepted; CriticalDocument alone without them. */
  readonly types?: readonly DocumentType[]
  /**
   * Expected of the document; without them those that the signer used last, or else the most
   * common. A document with others costs a second pass.
   */
  readonly algorithms?: ReferenceAlgorithms
  /**
   * Called as a pass begins; what it returns gets the canonical octets under the Reference's
   * digest.
   */
  readonly onCanonical?: () => OctetSink
}

/** What a pass observes besides the signature, and the result if the signature verifies. */
export type Content<Result> = {
  readonly observer?: DocumentObserver
  read(signature: SignatureFacts): Result
}

function openDocument(types: readonly DocumentType[]): Content<VerifiedDocument> {
  const reader = openEnvelopeReader(types)
  return {
    observer: reader,
    read(signature) {
      const envelope = reader.read()
      checkUsedAlgorithms(types, envelope, signature)
      return { ...envelope, signature }
    },
  }
}
