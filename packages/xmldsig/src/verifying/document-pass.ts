// One pass over a document: well-formedness, the digest of its canonical octets without the
// Signature, and the Signature itself, set aside.
import { Fault } from '@seg/core'
import { Canonicalizer, type InheritedAttribute } from '../c14n/canonicalizer.ts'
import { type OctetSink, OctetWriter, StreamingDigest } from '../c14n/octets.ts'
import { readContext, readXmlAttributes, type SubtreeContext } from '../c14n/subtree.ts'
import type { Limits } from '../limits.ts'
import type { CapturedSignature, SignatureRecognizer } from '../signature/captured-signature.ts'
import type { ReferenceAlgorithms } from '../signature/signed-info.ts'
import { DocumentInput } from '../xml/document-input.ts'
import { DSIG_NAMESPACE } from '../xml/namespaces.ts'
import { refuse } from '../xml/refusal.ts'
import type { StartTag } from '../xml/start-tag.ts'
import { REPORT_ALL, type TokenHandler } from '../xml/token-handler.ts'

/** Gets the document element, whose depth is 1, and what is near it, during the pass. */
export interface DocumentObserver {
  /** Elements directly below this depth are reported, too, and character data down to it. */
  readonly textDepth: number
  /** See `TokenHandler`; deeper than `textDepth` by 2 where fields are read. */
  readonly unreportedDepth: number
  startTag(tag: StartTag): void
  endTag(depth: number): void
  /** Canonical character data directly in an element of this depth. */
  text(depth: number, source: Buffer, from: number, to: number): void
  /** The Signature, a child of the document element. */
  signature(): void
}

/** What a whole pass saw. */
export type ScannedDocument = {
  /** Bytes as written. */
  readonly bytes: number
  readonly algorithms: ReferenceAlgorithms
  /** Digest of the canonical octets of the document without its Signature. */
  readonly digest: Buffer
  readonly canonicalBytes: number
  /** Values of the document element's attributes id, Id and ID: what a Reference may name it by. */
  readonly rootIds: readonly string[]
  readonly signature: CapturedSignature
}

const SIGNATURE = Buffer.from('Signature')
/** Below the children of the document element only octets matter to most. */
export const REPORT_CHILDREN = 3
export const CHILDREN_DEPTH = 2
const ID_NAMES = ['id', 'Id', 'ID']

export class DocumentPass implements TokenHandler {
  readonly #algorithms: ReferenceAlgorithms
  readonly #limits: Limits
  readonly #observer: DocumentObserver | undefined
  readonly #recognizer: SignatureRecognizer | undefined
  readonly #input: DocumentInput
  readonly #digest: StreamingDigest
  readonly #octets: OctetWriter
  readonly #canonicalizer: Canonicalizer
  #depth = 0
  /** The observer's, as it is once the document element is known. */
  #textDepth = CHILDREN_DEPTH
  /** Bytes of the document before the input under way. */
  #offset = 0
  #rootEnd = 0
  #signatures = 0
  #misplacedAt = ''
  // The Signature while it is read: it is no part of the canonical octets (enveloped-signature
  // transform, XMLDSig 6.6.4).
  #isCapturing = false
  #captureFrom = 0
  #captured: Buffer[] = []
  #capturedLength = 0
  #context: SubtreeContext | undefined
  #xmlAttributes: readonly InheritedAttribute[] = []
  #rootIds: readonly string[] = []

  /** A Signature whose end the `recognizer` finds is set aside as a whole, not read. */
  constructor(
    algorithms: ReferenceAlgorithms,
    limits: Limits,
    observer?: DocumentObserver,
    sink?: OctetSink,
    recognizer?: SignatureRecognizer,
  ) {
    this.#algorithms = algorithms
    this.#limits = limits
    this.#observer = observer
    this.#recognizer = recognizer
    this.#digest = new StreamingDigest(algorithms.digest)
    this.#octets = new OctetWriter(sink === undefined ? this.#digest.take : tee(this.#digest.take, sink))
    this.#canonicalizer = new Canonicalizer(algorithms.method, this.#octets)
    this.#input = new DocumentInput(this, limits)
  }

  write(chunk: Uint8Array): void {
    this.#input.write(chunk)
  }

  /**
   * The document is complete. Throws a Fault when it is not well-formed or does not have exactly
   * one Signature in its place.
   */
  end(): ScannedDocument {
    const canonical = this.endUnsigned()
    if (this.#signatures === 0)
      throw new Fault('signature-missing', 'expected one ds:Signature as a child of the document element, found none')
    if (this.#context === undefined) {
      throw new Fault(
        'signature-misplaced',
        `expected ds:Signature as a child of the document element, found it at ${this.#misplacedAt}`,
      )
    }
    const octets = this.#captured.length === 1 ? this.#captured[0]! : Buffer.concat(this.#captured)
    return { ...canonical, signature: { octets, context: this.#context } }
  }

  /** Offset of the document element's end tag: where a Signature as its last child goes. */
  get rootEnd(): number {
    return this.#rootEnd
  }

  /** The same for a document that is to be signed, and has no Signature yet. */
  endUnsigned(): Omit<ScannedDocument, 'signature'> {
    this.#input.end()
    this.#octets.finish()
    return {
      bytes: this.#input.total,
      algorithms: this.#algorithms,
      digest: this.#digest.digest(),
      canonicalBytes: this.#octets.length,
      rootIds: this.#rootIds,
    }
  }

  /** ds:Signature elements seen so far, 0 or 1; more are refused. */
  get signatures(): number {
    return this.#signatures
  }

  get unreportedDepth(): number {
    return this.#isCapturing ? REPORT_ALL : (this.#observer?.unreportedDepth ?? REPORT_CHILDREN)
  }

  get sink(): Canonicalizer {
    return this.#canonicalizer
  }

  startTag(tag: StartTag): void {
    this.#depth = tag.depth
    if (
      tag.nameTo - tag.localFrom === SIGNATURE.length &&
      tag.isNamed(SIGNATURE, DSIG_NAMESPACE) &&
      this.#setSignatureAside(tag)
    )
      return
    if (this.#isCapturing) {
      this.#checkCaptured(tag.to)
      return
    }
    if (tag.depth === 1) this.#readRoot(tag)
    if (tag.depth <= this.#textDepth + 1) this.#observer?.startTag(tag)
    if (tag.depth === 1) this.#textDepth = this.#observer?.textDepth ?? CHILDREN_DEPTH
    this.#canonicalizer.startTag(tag)
  }

  endTag(source: Buffer, from: number, to: number, isCanonical: boolean, depth: number): void {
    this.#depth = depth - 1
    if (this.#isCapturing) {
      this.#checkCaptured(to)
      if (depth === 2) {
        this.#capture(source, to)
        this.#isCapturing = false
      }
      return
    }
    if (depth === 1) this.#rootEnd = this.#offset + from
    if (depth <= this.#textDepth + 1) this.#observer?.endTag(depth)
    this.#canonicalizer.endTag(source, from, to, isCanonical, depth)
  }

  text(source: Buffer, from: number, to: number): void {
    if (this.#isCapturing) {
      this.#checkCaptured(to)
      return
    }
    if (this.#depth <= this.#textDepth) this.#observer?.text(this.#depth, source, from, to)
    this.#canonicalizer.text(source, from, to)
  }

  replacedText(octets: Buffer, _source: Buffer, _from: number, to: number): void {
    if (this.#isCapturing) {
      this.#checkCaptured(to)
      return
    }
    if (this.#depth <= this.#textDepth) this.#observer?.text(this.#depth, octets, 0, octets.length)
    this.#canonicalizer.replacedText(octets)
  }

  pause(source: Buffer, to: number): void {
    if (this.#isCapturing) this.#capture(source, to)
    this.#captureFrom = 0
    this.#offset += to
    this.#octets.settle()
  }

  #readRoot(tag: StartTag): void {
    this.#xmlAttributes = readXmlAttributes(tag)
    this.#rootIds = readIds(tag)
  }

  /** Returns whether it is set aside as a whole; if not, it is captured while it is read. */
  #setSignatureAside(tag: StartTag): boolean {
    this.#signatures++
    if (this.#signatures > 1) refuse('signature-multiple', tag.from, 'a second ds:Signature')
    if (tag.depth !== 2) {
      this.#misplacedAt = `depth ${tag.depth}`
      return false
    }
    this.#captureFrom = tag.from
    this.#context = readContext(tag, this.#xmlAttributes)
    this.#observer?.signature()
    const { elements } = this.#input.tokenizer
    const to = this.#recognizer?.recognize(tag.source, tag.from, elements.inputEnd, this.#context) ?? -1
    this.#isCapturing = to < 0
    if (this.#isCapturing) return false
    this.#capture(tag.source, to)
    elements.skipElement(to)
    return true
  }

  #checkCaptured(to: number): void {
    if (this.#capturedLength + to - this.#captureFrom > this.#limits.signatureBytes) {
      refuse('xml-limit', to, `the Signature is longer than ${this.#limits.signatureBytes} bytes`)
    }
  }

  #capture(source: Buffer, to: number): void {
    this.#checkCaptured(to)
    this.#captured.push(Buffer.from(source.subarray(this.#captureFrom, to)))
    this.#capturedLength += to - this.#captureFrom
  }
}

function readIds(tag: StartTag): string[] {
  const { nameFrom, nameTo, count } = tag.attributes
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    if (nameTo[i]! - nameFrom[i]! === 2 && ID_NAMES.includes(tag.source.toString('latin1', nameFrom[i]!, nameTo[i]!)))
      ids.push(tag.attributeValue(i))
  }
  return ids
}

function tee(first: OctetSink, second: OctetSink): OctetSink {
  return (octets, isAll) => {
    first(octets, isAll)
    second(octets, isAll)
  }
}
