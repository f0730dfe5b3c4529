// Start tags of known forms: what each means at its place is determined once for each epoch.
//
// An epoch stands for what is in scope and which declarations are written. While it is the same, a
// tag of one form means the same, and is written in the same way.
import type { Limits } from '../../limits.ts'
import { EXCLAMATION, GREATER_THAN, LESS_THAN, SLASH } from '../characters.ts'
import { effects, epochBefore, NOTHING_TO_UNDO, UNDO } from '../element-stack.ts'
import type { LineCounter } from '../line-counter.ts'
import { NO_OCTETS } from '../octet-words.ts'
import type { OpenElements } from '../open-elements.ts'
import type { StartTag } from '../start-tag.ts'
import type { ContentSink } from '../token-handler.ts'
import { window } from '../window.ts'
import { cursor, openForms, takeCanonicalRun } from './canonical-run.ts'
import { epochOf, UNSETTLED_EPOCH } from './epochs.ts'
import { isRewritten, matchForm } from './form-match.ts'
import { FORM_ATTRIBUTES, FORM_OCTETS, findForm, hashTag, learnForm, TAG_OCTETS } from './known-forms.ts'
import type { PendingRun } from './pending-run.ts'
import { INSERTED_OCTETS, NO_FORM, type TagForm, type WrittenTag } from './tag-form.ts'
import { NOT_TAKEN } from './tag-recognizer.ts'

/** A plan costs as much as reading a few tags. */
const [READS_PER_PLAN, FREE_READS] = [32, 2048]
const NO_MARKS: readonly number[] = []
/** The floor before each element whose end undoes something, by depth. */
const floors = new Int32Array(effects.length)
const NOT_WRITTEN: WrittenTag = { isAsWritten: true, marks: [], inserted: NO_OCTETS }

export class KnownTags {
  readonly #tag: StartTag
  readonly #elements: OpenElements
  readonly #lines: LineCounter
  readonly #limits: Limits
  readonly #sink: ContentSink | undefined
  readonly #run: PendingRun
  /** Form of the element that was opened or closed last, and whether it was opened. */
  #last: TagForm = NO_FORM
  #isInside = false
  /** Of the tag at which `take` ended, for it had no form; 0 when it ended elsewhere. */
  #hash = 0
  #found: TagForm = NO_FORM
  /** Depth of the innermost element that the run must not close. */
  #floor = 0
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
    run: PendingRun,
  ) {
    this.#tag = tag
    this.#elements = elements
    this.#lines = lines
    this.#limits = limits
    this.#sink = sink
    this.#run = run
    this.#kind = `${limits.namespaces} ${sink?.kind}`
  }

  /** Whether no tag of a known form can be outside the limits, but for depth and namespaces. */
  static fit({ nameBytes, attributes, valueBytes }: Limits): boolean {
    return nameBytes >= FORM_OCTETS && attributes >= FORM_ATTRIBUTES && valueBytes >= TAG_OCTETS
  }

  /**
   * Takes tags of known forms and character data from `from` on; what stands before it was read
   * since `first`. Returns the index behind.
   */
  take(from: number, first: number, end: number): number {
    const elements = this.#elements
    const { stack } = elements
    this.#hash = 0
    this.#floor = stack.depth
    while (this.#floor > stack.kept && effects[this.#floor] === NOTHING_TO_UNDO) this.#floor--
    cursor.depth = stack.depth
    cursor.form = this.#last
    cursor.isInside = this.#isInside
    let at = from
    for (let next = from; next !== NOT_TAKEN; next = this.#takeOther(at, first, end)) {
      at = takeCanonicalRun(next, end, this.#floor, this.#limits.depth, elements.epoch)
      stack.depth = cursor.depth
      this.#lines.endLines(cursor.linesEnded, cursor.lastLine)
    }
    this.#last = cursor.form
    this.#isInside = cursor.isInside
    return at
  }

  /** What the run does not take at `at`, for it takes more than a comparison. */
  #takeOther(at: number, first: number, end: number): number {
    if (at + 1 >= end) return NOT_TAKEN
    const sink = this.#sink
    if (window[at] !== LESS_THAN) return sink === undefined ? NOT_TAKEN : this.#run.rewrite(sink, at, first, end)
    const second = window[at + 1]
    if (second === SLASH) return this.#close(at, end)
    if (second === EXCLAMATION || this.#elements.stack.depth === this.#limits.depth) return NOT_TAKEN
    return this.#open(at, end)
  }

  /** The innermost element is about to be closed. */
  beforeClose(): void {
    const { stack } = this.#elements
    this.#last = stack.kept < stack.depth ? openForms[stack.depth]! : NO_FORM
    this.#isInside = false
  }

  /** The tag under way had no form in `take`, and was read; its element will be at `depth`. */
  learn(depth: number): void {
    const form = this.#hash === 0 ? NO_FORM : learnForm(this.#hash, this.#tag)
    if (form !== NO_FORM) expect(this.#last, this.#isInside, form)
    openForms[depth] = form
    this.#last = form
    this.#isInside = !this.#tag.isEmpty
  }

  /** Opens the element of the tag at `from`, when its form is known. */
  #open(from: number, end: number): number {
    let form = cursor.isInside ? cursor.form.first : cursor.form.after
    let to = matchForm(form, from, end)
    if (to === NOT_TAKEN) {
      to = this.#find(from, end)
      form = this.#found
      if (to === NOT_TAKEN) return NOT_TAKEN
    }
    this.#reads++
    return form.plan.epoch === this.#elements.epoch || this.#findPlan(form)
      ? this.#openPlanned(form, from, to)
      : this.#openAlone(form, from, to)
  }

  /** Opens the element as the form's plan says. */
  #openPlanned(form: TagForm, from: number, to: number): number {
    const { declarations, plan } = form
    const run = this.#run
    run.from = this.#sink?.write(form, run.from, from, to) ?? run.from
    const isUndone = declarations.length > 0 || plan.marks.length > 0
    this.#push(form, from, to, plan.declaredFrom, isUndone, plan.epochInside)
    if (form.isEmpty || !isUndone) return to
    const { scope } = this.#tag
    for (let i = 0; i < declarations.length; i++) scope.declare(declarations[i]!)
    this.#sink?.mark(plan, scope, this.#elements.stack.depth)
    return to
  }

  /**
   * The same without a plan: what the tag means here is found out for this once, and what is in
   * scope inside is no epoch yet. NOT_TAKEN when the tag must be read.
   */
  #openAlone(form: TagForm, from: number, to: number): number {
    const { scope } = this.#tag
    const { declarations, isEmpty } = form
    const sink = this.#sink
    const run = this.#run
    const depth = this.#elements.stack.depth + 1
    const declaredFrom = scope.bindings.length
    for (let i = 0; i < declarations.length; i++) scope.declare(declarations[i]!)
    let isTaken = this.#resolve(form)
    if (isTaken && sink !== undefined) {
      const runFrom = sink.writeAlone(form, scope, depth, declaredFrom, run.from, from, to)
      isTaken = runFrom !== NOT_TAKEN
      if (isTaken) run.from = runFrom
    }
    const isUndone = declarations.length > 0 || sink?.hasWritten(depth) === true
    if (isTaken) this.#push(form, from, to, declaredFrom, isUndone, UNSETTLED_EPOCH)
    if (isTaken && !isEmpty) return to
    sink?.leave(depth)
    scope.restore(declaredFrom)
    return isTaken ? to : NOT_TAKEN
  }

  #push(form: TagForm, from: number, to: number, declaredFrom: number, isUndone: boolean, epochInside: number): void {
    if (form.holdsLines || isRewritten) this.#lines.count(window, to)
    cursor.form = form
    cursor.isInside = !form.isEmpty
    if (form.isEmpty) return
    const elements = this.#elements
    const { stack } = elements
    stack.pushName(from + 1, from + form.nameLength, declaredFrom, isUndone ? UNDO : NOTHING_TO_UNDO)
    const { depth } = stack
    cursor.depth = depth
    openForms[depth] = form
    if (!isUndone) return
    epochBefore[depth] = elements.epoch
    floors[depth] = this.#floor
    this.#floor = depth
    elements.epoch = epochInside
  }

  /** Closes the innermost element, if its end undoes something and its end tag stands at `at`. */
  #close(at: number, end: number): number {
    const { stack } = this.#elements
    const { depth } = stack
    if (depth <= stack.kept || effects[depth] !== UNDO) return NOT_TAKEN
    const nameTo = stack.findName(window, at + 2, end)
    if (nameTo < 0 || nameTo >= end || window[nameTo] !== GREATER_THAN) return NOT_TAKEN
    cursor.form = openForms[depth]!
    cursor.isInside = false
    cursor.depth = depth - 1
    this.#floor = floors[depth]!
    this.#elements.closeUnreported()
    return nameTo + 1
  }

  #findPlan(form: TagForm): boolean {
    const elements = this.#elements
    const mayPlan = this.#isPlanningWorthwhile
    const isUnsettled = elements.epoch === UNSETTLED_EPOCH
    if (isUnsettled) {
      if (!mayPlan) return false
      elements.epoch = this.#epochWith(NO_MARKS)
    }
    if (form.findPlan(elements.epoch)) return true
    // To determine an epoch that nothing knows costs as much as a plan.
    if (isUnsettled) this.#plans++
    return mayPlan && this.#makePlan(form)
  }

  /** Finds the form of a tag at `at` that has another one than expected. */
  #find(at: number, end: number): number {
    let to = NOT_TAKEN
    const hash = hashTag(window, at, end)
    this.#found = findForm(hash, form => {
      to = matchForm(form, at, end)
      return to !== NOT_TAKEN
    })
    if (to === NOT_TAKEN) this.#hash = hash
    else expect(cursor.form, cursor.isInside, this.#found)
    return to
  }

  get #isPlanningWorthwhile(): boolean {
    return this.#plans * READS_PER_PLAN < this.#reads + FREE_READS
  }

  /** Finds out what a tag of this form means here; false when it must be read. */
  #makePlan(form: TagForm): boolean {
    const { scope } = this.#tag
    const { declarations } = form
    this.#plans++
    const declaredFrom = scope.bindings.length
    for (const declaration of declarations) scope.declare(declaration)
    const isGood = this.#resolve(form) && this.#addPlan(form, declaredFrom)
    if (declarations.length > 0) scope.restore(declaredFrom)
    return isGood
  }

  /** Looks up the prefixes of a tag of this form, whose declarations are in scope. */
  #resolve({ element, attributes }: TagForm): boolean {
    const { scope } = this.#tag
    if (scope.size > this.#limits.namespaces || !element.resolve(scope)) return false
    for (let i = 0; i < attributes.length; i++) if (!attributes[i]!.resolve(scope)) return false
    return true
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
