// Start tags of known forms: what each means at its place is determined once for each epoch.
//
// An epoch stands for what is in scope and which declarations are written. While it is the same, a
// tag of one form means the same, and is written in the same way.
import type { Limits } from '../../limits.ts'
import { EXCLAMATION } from '../characters.ts'
import { effects, epochBefore, NOTHING_TO_UNDO, UNDO } from '../element-stack.ts'
import type { LineCounter } from '../line-counter.ts'
import { NO_OCTETS } from '../octet-words.ts'
import type { OpenElements } from '../open-elements.ts'
import type { StartTag } from '../start-tag.ts'
import type { ContentSink } from '../token-handler.ts'
import { window } from '../window.ts'
import { cursor, openForms, type TagTaker, takeCanonicalRun } from './canonical-run.ts'
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
/** `cursor.floor` and `cursor.bottom` before each element whose end undoes something, by depth. */
const [floors, bottoms] = [new Int32Array(effects.length), new Int32Array(effects.length)]
const NOT_WRITTEN: WrittenTag = { isAsWritten: true, marks: [], inserted: NO_OCTETS }

export class KnownTags implements TagTaker {
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
  /** Of the tag at which the run ended, for it had no form; 0 when it ended elsewhere. */
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

  /**
   * Takes what `takeCanonicalRun` takes, from `from` on; what stands before it is canonical from
   * `runFrom` on.
   */
  takeRun(from: number, runFrom: number, end: number): number {
    const elements = this.#elements
    const { stack } = elements
    if (elements.epoch === UNSETTLED_EPOCH) elements.epoch = this.#epochWith(NO_MARKS)
    let floor = stack.depth
    while (floor > stack.kept && effects[floor] === NOTHING_TO_UNDO) floor--
    this.runFrom = runFrom
    this.#hash = 0
    cursor.depth = stack.depth
    cursor.form = this.#last
    cursor.isInside = this.#isInside
    cursor.epoch = elements.epoch
    cursor.floor = floor
    cursor.bottom = floor > stack.kept && effects[floor] === UNDO ? bottoms[floor]! : floor
    const at = takeCanonicalRun(from, end, this.#limits.depth, this)
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

  /** The tag under way had no form in the run, and was read; its element will be at `depth`. */
  learn(depth: number): void {
    const form = this.#hash === 0 ? NO_FORM : learnForm(this.#hash, this.#tag)
    if (form !== NO_FORM) expect(this.#last, this.#isInside, form)
    openForms[depth] = form
    this.#last = form
    this.#isInside = !this.#tag.isEmpty
  }

  open(form: TagForm, from: number, to: number): void {
    const { stack, epoch } = this.#elements
    const { declarations, plan } = form
    this.#reads++
    stack.depth = cursor.depth
    if (form.holdsLines || isRewritten) this.#countLines(to)
    this.runFrom = this.#sink?.write(form, this.runFrom, from, to) ?? this.runFrom
    cursor.form = form
    cursor.isInside = !form.isEmpty
    if (form.isEmpty) return
    const isUndone = declarations.length > 0 || plan.marks.length > 0
    stack.pushName(from + 1, from + form.nameLength, plan.declaredFrom, isUndone ? UNDO : NOTHING_TO_UNDO)
    cursor.depth = stack.depth
    openForms[cursor.depth] = form
    if (!isUndone) return
    const { scope } = this.#tag
    for (let i = 0; i < declarations.length; i++) scope.declare(declarations[i]!)
    this.#sink?.mark(plan, scope, cursor.depth)
    epochBefore[cursor.depth] = epoch
    floors[cursor.depth] = cursor.floor
    bottoms[cursor.depth] = cursor.bottom
    cursor.floor = cursor.depth
    this.#elements.epoch = plan.epochInside
    cursor.epoch = plan.epochInside
  }

  find(from: number, end: number): number {
    if (window[from + 1] === EXCLAMATION) return NOT_TAKEN
    const to = this.#match(from, end)
    const form = this.#found
    if (to === NOT_TAKEN) return NOT_TAKEN
    this.#elements.stack.depth = cursor.depth
    if (!form.hasPlan(this.#elements.epoch) && !(this.#isPlanningWorthwhile && this.#makePlan(form))) {
      this.#reads++
      return NOT_TAKEN
    }
    this.open(form, from, to)
    return to
  }

  close(): void {
    this.#elements.stack.depth = cursor.depth
    this.#elements.closeUnreported()
    cursor.epoch = this.#elements.epoch
    cursor.floor = floors[cursor.depth]!
  }

  #match(at: number, end: number): number {
    const { form, isInside } = cursor
    this.#found = isInside ? form.first : form.after
    let to = matchForm(this.#found, at, end)
    if (to !== NOT_TAKEN) return to
    const hash = hashTag(window, at, end)
    this.#found = findForm(hash, form => {
      to = matchForm(form, at, end)
      return to !== NOT_TAKEN
    })
    if (to === NOT_TAKEN) this.#hash = hash
    else expect(form, isInside, this.#found)
    return to
  }

  #countLines(to: number): void {
    this.#lines.endLines(cursor.linesEnded, cursor.lastLine)
    cursor.linesEnded = 0
    this.#lines.count(window, to)
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
    if (written.inserted.length > INSERTED_OCTETS) return false
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

/** From now on a tag of `form` is expected where one stands now. */
function expect(last: TagForm, isInside: boolean, form: TagForm): void {
  if (!last.isKnown) return
  if (isInside) last.first = form
  else last.after = form
}
