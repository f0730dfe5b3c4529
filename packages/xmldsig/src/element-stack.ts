// The open elements: their names, one behind the other in one buffer, and what must be undone when each ends.
import { GREATER_THAN } from './characters.ts'
import { refuse, STARVED } from './refusal.ts'
import { copyShort, skipSpace } from './skip.ts'

const FIRST_CAPACITY = 512

export class ElementStack {
  /** Open elements; the document element is 1. */
  depth = 0
  #names: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY)
  #length = 0
  readonly #nameFrom: number[] = [0]
  readonly #bindingsBefore: number[] = [0]
  readonly #isReported: boolean[] = [false]

  #reserve(bytes: number): void {
    if (this.#names.length - this.#length >= bytes) return
    const larger = Buffer.allocUnsafe(this.#names.length * 2 + bytes)
    this.#names.copy(larger, 0, 0, this.#length)
    this.#names = larger
  }

  /** Opens the element named at [from, to); `bindings` is how many there were before its own, `isReported` whether the handler is told of it. */
  pushName(source: Buffer, from: number, to: number, bindings: number, isReported: boolean): void {
    this.#reserve(to - from)
    const depth = ++this.depth
    this.#nameFrom[depth] = this.#length
    this.#bindingsBefore[depth] = bindings
    this.#isReported[depth] = isReported
    copyShort(source, from, to, this.#names, this.#length)
    this.#length += to - from
  }

  /** Closes the innermost element; returns how many bindings there were before it. */
  pop(): number {
    const depth = this.depth--
    this.#length = this.#nameFrom[depth]!
    return this.#bindingsBefore[depth]!
  }

  /** Whether the handler was told of the innermost element. */
  get isReported(): boolean {
    return this.#isReported[this.depth]!
  }

  /** The index behind the innermost element's name, which must stand at `from`; STARVED when the input ends before it. `tag` is for the refusal. */
  matchName(source: Buffer, from: number, end: number, tag: number): number {
    const nameFrom = this.#nameFrom[this.depth]!
    const length = this.#length - nameFrom
    const compared = Math.min(length, end - from)
    if (!isSame(source, from, this.#names, nameFrom, compared))
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
