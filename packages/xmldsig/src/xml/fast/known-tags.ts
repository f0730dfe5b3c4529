// Start tags of known forms: what each means at its place is determined once for each epoch.
//
// An epoch stands for what is in scope and which declarations are written. While it is the same, a
// tag of one form means the same, and is written in the same way.
import type { Limits } from '../../limits.ts'
import { effects, epochBefore, NOTHING_TO_UNDO, UNDO } from '../element-stack.ts'
import type { LineCounter } from '../line-counter.ts'
import type { OpenElements } from '../open-elements.ts'
import type { StartTag } from '../start-tag.ts'
import type { ContentSink } from '../token-handler.ts'
import { window } from '../window.ts'
import { cursor, openForms, takeCanonicalRun } from './canonical-run.ts'
import { epochOf, UNSETTLED_EPOCH } from './epochs.ts'
import { isRewritten, matchForm, TAG_OCTETS } from './form-match.ts'
import { FORM_ATTRIBUTES, FORM_OCTETS, findForm, hashTag, learnForm } from './known-forms.ts'
import { NO_FORM, type TagForm, type WrittenTag } from './tag-form.ts'
import { NOT_TAKEN } from './tag-recognizer.ts'

/** Octets of declarations written in one tag, so that plans are bounded. */
const INSERTED_OCTETS = 512
/** A plan costs as much as reading a few tags. */
const [READS_PER_PLAN, FREE_READS] = [8, 2048]
const NO_MARKS: readonly number[] = []
const NOT_WRITTEN: WrittenTag = { isAsWritten: true, marks: [], inserted: undefined }

export class KnownTags {
  /** From where on canonical octets are still to be written. */
  runFrom = 0
  readonly #tag: StartTag
  readonly #elements: OpenElements
  readonly #lines: LineCounter
  readonly #limits: Limits
  readonly #sink: ContentSink | undefined
  /** Form of the element that was opened or closed last, and whether it was opened. */
  #last: TagForm = NO_FORM
  #isInside = false
  /** Of the tag that had no form for `read`; 0 when its form need not be stored. */
  #hash = 0
  #found: TagForm = NO_FORM
  /**
   * Tags of known forms, and plans made for them: where nearly each needs its own, reading is
   * faster.
   */
  #reads = 0
  #plans = 0
  /** What plans depend on besides the epoch's bindings. */
  readonly #kind: string

  constructor(
    tag: StartTag,
    elements: OpenElements,
    lines: LineCounter,
    limits: Limits,
    sink: ContentSink | undefined,
  ) {
    this.#tag = tag
    this.#elements = elements
    this.#lines = lines
    this.#limits = limits
    this.#sink = sink
    this.#kind = `${limits.namespaces} ${sink?.kind}`
  }

  /** Whether no tag of a known form can be outside the limits, but for depth and namespaces. */
  static fit({ nameBytes, attributes, valueBytes }: Limits): boolean {
    return nameBytes >= FORM_OCTETS && attributes >= FORM_ATTRIBUTES && valueBytes >= TAG_OCTETS
  }

  /** Takes what `takeCanonicalRun` takes, from `from` on. */
  takeRun(from: number, end: number): number {
    const { stack } = this.#elements
    if (this.#elements.epoch === UNSETTLED_EPOCH) this.#elements.epoch = this.#epochWith(NO_MARKS)
    let floor = stack.depth
    while (floor > stack.kept && effects[floor] === NOTHING_TO_UNDO) floor--
    cursor.depth = stack.depth
    cursor.form = this.#last
    cursor.isInside = this.#isInside
    const at = takeCanonicalRun(from, end, floor, this.#limits.depth, this.#elements.epoch)
    stack.depth = cursor.depth
    this.#last = cursor.form
    this.#isInside = cursor.isInside
    this.#lines.endLines(cursor.linesEnded, cursor.lastLine)
    return at
  }

  /** The innermost element is about to be closed. */
  beforeClose(): void {
    const { stack } = this.#elements
    this.#last = stack.kept < stack.depth ? openForms[stack.depth]! : NO_FORM
    this.#isInside = false
  }

  /**
   * Opens the element of the tag at `at`, when its form is known; what stands before it is
   * canonical from `runFrom` on. Returns the index behind the tag, or NOT_TAKEN.
   */
  read(at: number, runFrom: number, end: number): number {
    const to = this.#find(at, end)
    const form = this.#found
    if (to === NOT_TAKEN || to - at > TAG_OCTETS) return NOT_TAKEN
    this.#reads++
    if (!form.hasPlan(this.#elements.epoch) && !(this.#isPlanningWorthwhile && this.#makePlan(form))) return NOT_TAKEN
    this.#last = form
    this.#isInside = !form.isEmpty
    this.#open(form, at, to, runFrom)
    return to
  }

  /** The tag under way had no form for `read`, and was read; its element will be at `depth`. */
  learn(depth: number): void {
    const form = this.#hash === 0 ? NO_FORM : learnForm(this.#hash, this.#tag)
    if (form !== NO_FORM) this.#expect(form)
    openForms[depth] = form
    this.#last = form
    this.#isInside = !this.#tag.isEmpty
  }

  #find(at: number, end: number): number {
    this.#hash = 0
    this.#found = this.#isInside ? this.#last.first : this.#last.after
    let to = matchForm(this.#found, at, end)
    if (to !== NOT_TAKEN) return to
    const hash = hashTag(window, at, end)
    this.#found = findForm(hash, form => {
      to = matchForm(form, at, end)
      return to !== NOT_TAKEN
    })
    if (to === NOT_TAKEN) this.#hash = hash
    else this.#expect(this.#found)
    return to
  }

  /** From now on a tag of this form is expected where one stands now. */
  #expect(form: TagForm): void {
    if (!this.#last.isKnown) return
    if (this.#isInside) this.#last.first = form
    else this.#last.after = form
  }

  #open(form: TagForm, from: number, to: number, runFrom: number): void {
    const { stack, epoch } = this.#elements
    const { declarations, plan } = form
    if (form.holdsLines || isRewritten) this.#lines.count(window, to)
    this.runFrom = this.#sink?.write(form, runFrom, from, to) ?? runFrom
    if (form.isEmpty) return
    const isUndone = declarations.length > 0 || plan.marks.length > 0
    stack.pushName(from + 1, from + form.nameLength, plan.declaredFrom, isUndone ? UNDO : NOTHING_TO_UNDO)
    openForms[stack.depth] = form
    if (!isUndone) return
    const { scope } = this.#tag
    for (let i = 0; i < declarations.length; i++) scope.declare(declarations[i]!)
    this.#sink?.mark(plan, scope, stack.depth)
    epochBefore[stack.depth] = epoch
    this.#elements.epoch = plan.epochInside
  }

  get #isPlanningWorthwhile(): boolean {
    return this.#plans * READS_PER_PLAN < this.#reads + FREE_READS
  }

  /** Finds out what a tag of this form means here; false when it must be read. */
  #makePlan(form: TagForm): boolean {
    const { scope } = this.#tag
    const { declarations, element, attributes } = form
    this.#plans++
    const declaredFrom = scope.bindings.length
    for (const declaration of declarations) scope.declare(declaration)
    const isGood =
      scope.size <= this.#limits.namespaces &&
      element.resolve(scope) &&
      attributes.every(attribute => attribute.resolve(scope)) &&
      this.#addPlan(form, declaredFrom)
    if (declarations.length > 0) scope.restore(declaredFrom)
    return isGood
  }

  #addPlan(form: TagForm, declaredFrom: number): boolean {
    const { stack, epoch } = this.#elements
    const sink = this.#sink
    const written = sink?.plan(form, this.#tag.scope, stack.depth + 1, declaredFrom) ?? NOT_WRITTEN
    if (written.inserted !== undefined && written.inserted.length > INSERTED_OCTETS) return false
    const changes = form.declarations.length > 0 || written.marks.length > 0
    const isFree = !changes && !form.isEmpty && !form.holdsLines && written.isAsWritten
    const epochInside = changes ? this.#epochWith(written.marks) : epoch
    form.addPlan({ ...written, epoch, epochInside, declaredFrom, isFree })
    return true
  }

  /** The epoch of what is in scope and written now, and of `marks`. */
  #epochWith(marks: readonly number[]): number {
    const { bindings } = this.#tag.scope
    const writtenAt = this.#sink?.writtenAt ?? NO_MARKS
    return epochOf(this.#kind, bindings, i => (writtenAt[i] ?? 0) !== 0 || marks.includes(i))
  }
}
