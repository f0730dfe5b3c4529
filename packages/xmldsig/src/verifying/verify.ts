// The receiver's verifier: bytes and the signer's certificate in, signed facts out, or a Fault.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { exclusiveC14n, isSameMethod } from '../c14n/canonicalizer.ts'
import type { DigestName, OctetSink } from '../c14n/octets.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import type { CapturedSignature, SignatureElement } from '../signature/captured-signature.ts'
import { checkCertificates } from '../signature/key-info.ts'
import { readSignatureElement } from '../signature/signature-element.ts'
import { SignatureForm } from '../signature/signature-form.ts'
import { checkSignatureValue } from '../signature/signature-value.ts'
import type { SignedInfo } from '../signature/signed-info.ts'
import { checkAlgorithm, readVerificationKey, type VerificationKey } from '../signature/verification-key.ts'
import { type DocumentObserver, DocumentPass, type ReferenceAlgorithms, type ScannedDocument } from './document-pass.ts'
import { type DocumentType, defaultTypes } from './document-type.ts'
import type { Envelope } from './envelope.ts'
import { checkUsedAlgorithms, openEnvelopeReader } from './typed-envelope.ts'

/** What a signature that verified says of itself. */
export type SignatureFacts = {
  readonly digestAlgorithm: DigestName
  /** The Reference's digest: as signed and as computed. */
  readonly digest: Buffer
  /** Identifier of the SignatureMethod. */
  readonly signatureAlgorithm: string
  /** Identifier of the Reference's canonicalization. */
  readonly canonicalization: string
  /** Canonical octets under the digest. */
  readonly canonicalBytes: number
}

/** Facts that the signature covers, and nothing else. */
export type VerifiedDocument = Envelope & { readonly signature: SignatureFacts }

export type VerifyOptions = {
  readonly limits?: Partial<Limits>
  /** Types of documents that are accepted; CriticalDocument alone without them. */
  readonly types?: readonly DocumentType[]
  /**
   * Called as a pass begins; what it returns gets the canonical octets under the Reference's
   * digest.
   */
  readonly onCanonical?: () => OctetSink
}

/** What one pass watches besides the signature, and what it makes of a signature that verified. */
export type Content<Result> = {
  readonly observer?: DocumentObserver
  read(signature: SignatureFacts): Result
}

/**
 * Where several certificates may have signed. KeyInfo adds none: `choose` knows which count, and
 * throws a Fault for any other.
 */
export type SignerChoice = {
  /** The one that signs most often, if it is known: its Signatures are read faster. */
  readonly likely: X509Certificate | undefined
  /** `claimed`: the first certificate in KeyInfo, base64 without white space. */
  choose(claimed: string | undefined): X509Certificate
}

/**
 * Most signers use these. A document with other algorithms than those that its signer used last, or
 * these, costs a second pass.
 */
const guess: ReferenceAlgorithms = { method: exclusiveC14n, digest: 'sha256' }

/**
 * Verifies a document held in memory against the certificate of the TLS peer. Throws a
 * Fault `xml-…`, `signature-…`, `envelope-malformed` or `timestamp-malformed`. XMLDSig 3.2, in the
 * profile of docs/profile.md.
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

/**
 * What is known of the document when its signature value does not verify; a digest that differs is
 * refused before.
 */
const DIGESTED = '; the digest of the document is the one in SignedInfo'
/**
 * White space in SignedInfo is under the signature with every canonicalization, and a formatter of
 * XML changes it (XML-C14N 1.1).
 */
const UNDIGESTED = ', as by indenting the signed document; whether its digest is the one in SignedInfo was not computed'

/** Runs as many passes over `bytes` as the verifier asks for: one, or two. */
export function verifyBytes<Result extends object>(bytes: Uint8Array, verifier: Verifier<Result>): Result {
  verifier.write(bytes)
  const verdict = verifier.end()
  return verdict instanceof Verifier ? verifyBytes(bytes, verdict) : verdict
}

/** One pass of verification over a document of any size, in constant memory. */
export class Verifier<Result extends object> {
  readonly #signer: SignerChoice
  readonly #openContent: () => Content<Result>
  readonly #options: VerifyOptions
  readonly #limits: Limits
  readonly #isLast: boolean
  readonly #content: Content<Result>
  readonly #pass: DocumentPass

  /** Throws the Fault `signature-key` for a key that the profile does not allow. */
  constructor(
    signer: X509Certificate | SignerChoice,
    openContent: () => Content<Result>,
    options: VerifyOptions,
    known?: ReferenceAlgorithms,
  ) {
    this.#signer = 'choose' in signer ? signer : { likely: signer, choose: () => signer }
    const { likely } = this.#signer
    const key = likely && readVerificationKey(likely)
    this.#openContent = openContent
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#isLast = known !== undefined
    this.#content = openContent()
    const form = this.#learnsForms ? key?.forms.known : undefined
    const algorithms = known ?? key?.forms.algorithms ?? guess
    this.#pass = new DocumentPass(algorithms, this.#limits, this.#content.observer, options.onCanonical?.(), form)
  }

  /** Takes the next piece; throws a Fault as soon as the document is certain to be refused. */
  write(chunk: Uint8Array): void {
    this.#pass.write(chunk)
  }

  /**
   * The verdict on the whole document; or the verifier of a second pass, which the same bytes must
   * be written to from their start, when the signer used other algorithms than the ones guessed.
   */
  end(): Result | Verifier<Result> {
    const document = this.#pass.end()
    const element = readSignatureElement(document.signature, this.#limits)
    const { signedInfo, signedOctets, value, certificates } = element
    checkReference(signedInfo, document)
    const certificate = this.#signer.choose(certificates[0])
    const key = readVerificationKey(certificate)
    checkCertificates(certificates, key.certificate)
    checkAlgorithm(signedInfo.signature, key)
    if (!isDigestedAs(document.algorithms, signedInfo)) {
      checkSignatureValue(signedOctets, value, signedInfo.signature, key, UNDIGESTED)
      return this.#openSecondPass(signedInfo)
    }
    checkDigest(signedInfo, document)
    checkSignatureValue(signedOctets, value, signedInfo.signature, key, DIGESTED)
    key.forms.algorithms = document.algorithms
    this.#learnForm(document.signature, element, key)
    return this.#content.read(describe(signedInfo, document))
  }

  /** A form is known as read under the profile's own limits. */
  get #learnsForms(): boolean {
    return Object.keys(this.#options.limits ?? {}).every(limit => limit === 'documentBytes')
  }

  #learnForm(signature: CapturedSignature, element: SignatureElement, { forms }: VerificationKey): void {
    if (signature.form !== undefined || !this.#learnsForms || !forms.meetStranger()) return
    forms.known = SignatureForm.of(signature, element, this.#limits)
  }

  #openSecondPass({ referenceCanonicalization, digestName }: SignedInfo): Verifier<Result> {
    if (this.#isLast) throw new Fault('internal', 'the document changed between two passes over it')
    return new Verifier(this.#signer, this.#openContent, this.#options, {
      method: referenceCanonicalization,
      digest: digestName,
    })
  }
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

/**
 * The Reference must name the whole document (XMLDSig 4.4.3.1): URI="" or the document element's
 * id.
 */
function checkReference({ uri }: SignedInfo, { rootIds }: ScannedDocument): void {
  if (uri === '' || (uri.startsWith('#') && rootIds.includes(uri.slice(1)))) return
  const expected = ['""', ...rootIds.map(id => quote(`#${id}`))].join(' or ')
  throw new Fault('signature-reference', `expected a Reference to ${expected}, found ${quote(uri)}`)
}

function isDigestedAs(
  { method, digest }: ReferenceAlgorithms,
  { referenceCanonicalization, digestName }: SignedInfo,
): boolean {
  return digest === digestName && isSameMethod(method, referenceCanonicalization)
}

function checkDigest({ digest, digestName }: SignedInfo, document: ScannedDocument): void {
  if (document.digest.equals(digest)) return
  throw new Fault(
    'signature-digest',
    `computed ${digestName} ${document.digest.toString('base64')} over ${document.canonicalBytes} canonical bytes, signed ${digest.toString('base64')}`,
  )
}

function describe(signedInfo: SignedInfo, document: ScannedDocument): SignatureFacts {
  return {
    digestAlgorithm: signedInfo.digestName,
    digest: document.digest,
    signatureAlgorithm: signedInfo.signature.identifier,
    canonicalization: signedInfo.referenceCanonicalization.algorithm,
    canonicalBytes: document.canonicalBytes,
  }
}
