// Opens and closes elements: the stack, the declarations in scope, and what the handler is told of.
import { ElementStack } from './element-stack.ts'
import type { LineCounter } from './line-counter.ts'
import { type NamespaceScope, NO_NAMESPACE } from './namespaces.ts'
import type { StartTag } from './start-tag.ts'
import { SKIM_NOTHING, type TokenHandler } from './token-handler.ts'

export class ElementTeller {
  readonly stack = new ElementStack()
  readonly #handler: TokenHandler
  readonly #tag: StartTag
  readonly #scope: NamespaceScope
  readonly #lines: LineCounter
  // Elements at this depth or deeper are skimmed, those of the default namespace only if it is
  // settled.
  #skimDepth = SKIM_NOTHING
  #skimsDefault = false

  constructor(handler: TokenHandler, tag: StartTag, scope: NamespaceScope, lines: LineCounter) {
    this.#handler = handler
    this.#tag = tag
    this.#scope = scope
    this.#lines = lines
  }

  /** Whether an element of no attributes and this namespace need not be told. */
  skims(binding: number): boolean {
    if (this.stack.depth + 1 < this.#skimDepth) return false
    return binding === this.#scope.defaultIndex ? this.#skimsDefault : this.#handler.isSettled!(binding)
  }

  /**
   * Opens the element of the tag just read, of which the handler need not be told: whether that is
   * so.
   */
  skim(): boolean {
    const tag = this.#tag
    const { stack } = this
    if (!tag.isTidy || tag.isEmpty) return false
    const bindings = this.#scope.bindings.length
    if (tag.declaredFrom < bindings || !this.#isSettled(tag)) return false
    stack.pushName(tag.from + 1, tag.nameTo, bindings, false)
    return true
  }

  #isSettled({ binding, attributes }: StartTag): boolean {
    if (!this.skims(binding)) return false
    for (let i = 0; i < attributes.count; i++) {
      const own = attributes.binding[i]!
      if (own !== NO_NAMESPACE && !this.#handler.isSettled!(own)) return false
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
    stack.pushName(tag.from + 1, tag.nameTo, tag.declaredFrom, true)
    tag.depth = stack.depth
    this.#handler.startTag(tag)
    if (tag.skipTo > 0) {
      this.#lines.count(source, tag.skipTo)
      this.#closeInnermost()
      return tag.skipTo
    }
    if (tag.isEmpty) this.close(source, to, to, true)
    else this.#askWhatToSkim()
    return to
  }

  /** Closes the innermost element, whose end tag stands at [from, to). */
  close(source: Buffer, from: number, to: number, isTidy: boolean): void {
    this.#handler.endTag(source, from, to, isTidy, this.stack.depth)
    this.#closeInnermost()
  }

  #closeInnermost(): void {
    const bindings = this.stack.pop()
    if (bindings < this.#scope.bindings.length) this.#scope.restore(bindings)
    this.#askWhatToSkim()
  }

  #askWhatToSkim(): void {
    this.#skimDepth = this.#handler.skimDepth ?? SKIM_NOTHING
    this.#skimsDefault = this.#handler.isSettled?.(this.#scope.defaultIndex) ?? false
  }
}
