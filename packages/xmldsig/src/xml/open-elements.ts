// Opens and closes elements: the stack, the declarations in scope, and the calls to the handler.
import { ElementStack, epochBefore, NOTHING_TO_UNDO, REPORTED, UNDO } from './element-stack.ts'
import { UNSETTLED_EPOCH } from './fast/epochs.ts'
import type { LineCounter } from './line-counter.ts'
import { DSIG_NAMESPACE, type NamespaceScope, NO_NAMESPACE } from './namespaces.ts'
import type { StartTag } from './start-tag.ts'
import { REPORT_ALL, type TokenHandler } from './token-handler.ts'

const TAG_END = Buffer.from('>')

export class OpenElements {
  /**
   * Stands for what is in scope and what is written: while it is the same, a tag means the same.
   */
  epoch = UNSETTLED_EPOCH
  readonly stack = new ElementStack()
  readonly #handler: TokenHandler
  readonly #tag: StartTag
  readonly #scope: NamespaceScope
  readonly #lines: LineCounter
  /** Elements at this depth or deeper need not be reported. */
  unreportedDepth = REPORT_ALL
  /** Where the input under way ends. */
  inputEnd = 0
  /** Where the element just reported ends, when its handler has taken it as a whole; else 0. */
  #skipTo = 0

  constructor(handler: TokenHandler, tag: StartTag, scope: NamespaceScope, lines: LineCounter) {
    this.#handler = handler
    this.#tag = tag
    this.#scope = scope
    this.#lines = lines
  }

  /**
   * For a handler, while it gets a start tag: the element ends at `to` of the input under way, and
   * nothing more of it is to be read or reported.
   */
  skipElement(to: number): void {
    this.#skipTo = to
  }

  /** Whether an element of no attributes and this namespace need not be reported. */
  needsNoReport(binding: number): boolean {
    const { sink } = this.#handler
    if (this.stack.depth + 1 < this.unreportedDepth || this.#scope.uri(binding) === DSIG_NAMESPACE) return false
    return sink === undefined || sink.writtenAt[binding] !== 0
  }

  /** Opens the element of the tag just read if it need not be reported. Returns whether it did. */
  openUnreported(): boolean {
    const tag = this.#tag
    const { stack } = this
    if (!tag.isCanonical || tag.isEmpty) return false
    const bindings = this.#scope.bindings.length
    if (tag.declaredFrom < bindings || !this.#isSettled(tag)) return false
    stack.pushName(tag.from + 1, tag.nameTo, bindings, NOTHING_TO_UNDO)
    return true
  }

  #isSettled({ binding, attributes }: StartTag): boolean {
    if (!this.needsNoReport(binding)) return false
    for (let i = 0; i < attributes.count; i++) {
      const own = attributes.binding[i]!
      if (own !== NO_NAMESPACE && !this.needsNoReport(own)) return false
    }
    return true
  }

  /**
   * Opens the element of the tag just read, which ends at `to`. Returns the index behind what need
   * not be read any more: the tag, or its element.
   */
  open(source: Buffer, to: number): number {
    const { stack } = this
    const tag = this.#tag
    stack.pushName(tag.from + 1, tag.nameTo, tag.declaredFrom, REPORTED)
    epochBefore[stack.depth] = this.epoch
    tag.depth = stack.depth
    this.#handler.startTag(tag)
    const { sink } = this.#handler
    if (tag.declaredFrom < this.#scope.bindings.length || sink?.hasWritten(stack.depth)) this.epoch = UNSETTLED_EPOCH
    if (this.#skipTo > 0) return this.#leaveSkipped(source)
    if (tag.isEmpty) this.close(source, to, to, true)
    else this.#readUnreportedDepth()
    return to
  }

  #leaveSkipped(source: Buffer): number {
    const to = this.#skipTo
    this.#skipTo = 0
    this.#lines.count(source, to)
    this.#closeInnermost()
    return to
  }

  /** Closes the innermost element, whose end tag stands at [from, to). */
  close(source: Buffer, from: number, to: number, isCanonical: boolean): void {
    this.#handler.endTag(source, from, to, isCanonical, this.stack.depth)
    this.#closeInnermost()
  }

  /** Closes the innermost element, whose end tag stands at [from, to), its name up to `nameTo`. */
  end(source: Buffer, from: number, nameTo: number, to: number): void {
    if (this.stack.effect === REPORTED) {
      this.close(source, from, to, to === nameTo + 1)
      return
    }
    this.#handler.text(source, from, nameTo)
    this.#handler.replacedText(TAG_END, source, nameTo, to)
    this.closeUnreported()
  }

  /** Closes the innermost element, which was not reported. */
  closeUnreported(): void {
    const { stack } = this
    const { effect, depth, epochBefore } = stack
    const bindings = stack.pop()
    if (effect !== UNDO) return
    if (bindings < this.#scope.bindings.length) this.#scope.restore(bindings)
    this.#handler.sink?.leave(depth)
    this.epoch = epochBefore
  }

  #closeInnermost(): void {
    this.epoch = this.stack.epochBefore
    const bindings = this.stack.pop()
    if (bindings < this.#scope.bindings.length) this.#scope.restore(bindings)
    this.#readUnreportedDepth()
  }

  #readUnreportedDepth(): void {
    this.unreportedDepth = this.#handler.unreportedDepth ?? REPORT_ALL
  }
}
