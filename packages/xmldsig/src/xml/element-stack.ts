// The open elements: their names, one behind the other in one buffer, and what must be undone when
// each ends.
import { GREATER_THAN } from './characters.ts'
import { refuse, STARVED } from './refusal.ts'
import { copyShort, skipSpace, type WideView } from './skip.ts'

const FIRST_CAPACITY = 512

export class ElementStack {
  /** Open elements; the document element is 1. */
  depth = 0
  /**
   * Names of the elements that were opened before the input under way, one behind the other; those
   * of the others stand in it.
   */
  #names: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY)
  #kept = 0
  readonly #nameFrom: number[] = [0]
  readonly #nameTo: number[] = [0]
  readonly #bindingsBefore: number[] = [0]
  readonly #isReported: boolean[] = [false]

  /**
   * Opens the element named at [from, to); `bindings` is how many there were before its own,
   * `isReported` whether the handler is told of it.
   */
  pushName(from: number, to: number, bindings: number, isReported: boolean): void {
    const depth = ++this.depth
    this.#nameFrom[depth] = from
    this.#nameTo[depth] = to
    this.#bindingsBefore[depth] = bindings
    this.#isReported[depth] = isReported
  }

  /** Closes the innermost element; returns how many bindings there were before it. */
  pop(): number {
    const depth = this.depth--
    if (this.#kept === depth) this.#kept--
    return this.#bindingsBefore[depth]!
  }

  /** The input under way ends: the names that stand in it are kept. */
  keepNames(source: Buffer): void {
    while (this.#kept < this.depth) {
      const depth = ++this.#kept
      const from = this.#nameFrom[depth]!
      const length = this.#nameTo[depth]! - from
      const at = this.#nameTo[depth - 1]!
      this.#reserve(at, length)
      copyShort(source, from, from + length, this.#names, at)
      this.#nameFrom[depth] = at
      this.#nameTo[depth] = at + length
    }
  }

  #reserve(used: number, bytes: number): void {
    if (this.#names.length - used >= bytes) return
    const larger = Buffer.allocUnsafe(this.#names.length * 2 + bytes)
    this.#names.copy(larger, 0, 0, used)
    this.#names = larger
  }

  /** Whether the handler was told of the innermost element. */
  get isReported(): boolean {
    return this.#isReported[this.depth]!
  }

  /**
   * The index behind the innermost element's name when that stands at `from` of the input that
   * `view` looks at, before `end`; else STARVED.
   */
  findName(view: WideView, from: number, end: number): number {
    const { depth } = this
    const nameFrom = this.#nameFrom[depth]!
    const length = this.#nameTo[depth]! - nameFrom
    if (from + length > end) return STARVED
    const isFound =
      this.#kept === depth
        ? isSame(view.source, from, this.#names, nameFrom, length)
        : view.isSame(from, nameFrom, length)
    return isFound ? from + length : STARVED
  }

  /**
   * The same; STARVED when the input ends before the name does. `tag` is for the refusal of another
   * name.
   */
  matchName(source: Buffer, from: number, end: number, tag: number): number {
    const nameFrom = this.#nameFrom[this.depth]!
    const length = this.#nameTo[this.depth]! - nameFrom
    const compared = Math.min(length, end - from)
    const names = this.#kept === this.depth ? this.#names : source
    if (!isSame(source, from, names, nameFrom, compared))
      refuse('xml-malformed', tag, 'an end tag does not fit the start tag')
    return compared < length ? STARVED : from + length
  }
}

function isSame(source: Buffer, from: number, names: Buffer, nameFrom: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (source[from + i] !== names[nameFrom + i]) return false
  return true
}

/** The index of the `>` of an end tag whose name ends at `from`, or STARVED. */
export function findEndTagClose(source: Buffer, from: number, end: number, tag: number): number {
  const close = skipSpace(source, from, end)
  if (close === end) return STARVED
  if (source[close] !== GREATER_THAN) refuse('xml-malformed', tag, 'an end tag does not fit the start tag')
  return close
}
