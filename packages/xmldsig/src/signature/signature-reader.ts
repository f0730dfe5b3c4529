// How the Signature of one document is read: compared with the form of an earlier one by the same
// signer, or parsed. No other file depends on which of the two it was.
import type { SubtreeContext } from '../c14n/subtree.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import type { CapturedSignature, SignatureElement, SignatureRecognizer } from './captured-signature.ts'
import { readSignatureElement } from './signature-element.ts'
import { SignatureForm } from './signature-form.ts'
import type { ReferenceAlgorithms } from './signed-info.ts'

/** How the holder of one key signed last (docs/decisions/0005-signature-forms.md). */
export class SignatureCache {
  form: SignatureForm | undefined
  algorithms: ReferenceAlgorithms | undefined
  #misses = 0

  /**
   * Counts a Signature of another form. Returns whether to store its form: ever more rarely, for a
   * signer who never writes two alike.
   */
  recordMiss(): boolean {
    this.#misses++
    return (this.#misses & (this.#misses - 1)) === 0
  }
}

/** For one document: `recognize` while it is read, `read` at its end, `store` once it verified. */
export class SignatureReader implements SignatureRecognizer {
  readonly #limits: Limits
  readonly #mayCache: boolean
  /** Kept for the document: another one may replace the form in the cache meanwhile. */
  readonly #form: SignatureForm | undefined
  #isRecognized = false

  /** `likely`: the cache of the key that the document is probably signed with. */
  constructor(likely: SignatureCache | undefined, limits: Limits) {
    this.#limits = limits
    this.#mayCache = areOfProfile(limits)
    this.#form = this.#mayCache ? likely?.form : undefined
  }

  recognize(source: Buffer, from: number, end: number, context: SubtreeContext): number {
    const to = this.#form === undefined ? -1 : this.#form.match(source, from, end, context)
    this.#isRecognized = to >= 0
    return to
  }

  /**
   * Throws the Faults `signature-malformed`, `signature-algorithm`, `signature-reference`; only the
   * first for a Signature that was recognized.
   */
  read(captured: CapturedSignature): SignatureElement {
    return this.#isRecognized ? this.#form!.read(captured.octets) : readSignatureElement(captured, this.#limits)
  }

  /** `cache` is that of the key that the Signature verified with, over octets of `algorithms`. */
  store(
    captured: CapturedSignature,
    element: SignatureElement,
    algorithms: ReferenceAlgorithms,
    cache: SignatureCache,
  ): void {
    cache.algorithms = algorithms
    if (this.#isRecognized || !this.#mayCache || !cache.recordMiss()) return
    cache.form = SignatureForm.of(captured, element, this.#limits)
  }
}

/** A form is compared without counting: that is right only under the limits it was read with. */
function areOfProfile(limits: Limits): boolean {
  return limits === defaultLimits || limited.every(limit => limits[limit] === defaultLimits[limit])
}

const limited = (Object.keys(defaultLimits) as (keyof Limits)[]).filter(limit => limit !== 'documentBytes')
