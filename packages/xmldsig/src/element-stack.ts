// The open elements: their names, one behind the other in one buffer, and what must be undone when each ends.
import { GREATER_THAN, spaceByte } from './characters.ts'
import { refuse, STARVED } from './refusal.ts'

const FIRST_CAPACITY = 512

export class ElementStack {
  /** Open elements; the document element is 1. */
  depth = 0
  names: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY)
  /** Bytes of `names` in use. */
  length = 0
  readonly #nameFrom: number[] = [0]
  readonly #bindingsBefore: number[] = [0]
  readonly #isReported: boolean[] = [false]

  /** Makes room for one more name of up to `bytes` bytes. */
  reserve(bytes: number): void {
    if (this.names.length - this.length >= bytes) return
    const larger = Buffer.allocUnsafe(this.names.length * 2 + bytes)
    this.names.copy(larger, 0, 0, this.length)
    this.names = larger
  }

  /** Opens an element whose name has been written to `names` up to `end`; `bindings` is how many there were before its own. */
  push(end: number, bindings: number, isReported: boolean): void {
    const depth = ++this.depth
    this.#nameFrom[depth] = this.length
    this.#bindingsBefore[depth] = bindings
    this.#isReported[depth] = isReported
    this.length = end
  }

  /** Closes the innermost element; returns how many bindings there were before it. */
  pop(): number {
    const depth = this.depth--
    this.length = this.#nameFrom[depth]!
    return this.#bindingsBefore[depth]!
  }

  /** Whether the handler was told of the innermost element. */
  get isReported(): boolean {
    return this.#isReported[this.depth]!
  }

  /** The index behind the innermost element's name, which must stand at `from`; STARVED when the input ends before it. `tag` is for the refusal. */
  matchName(source: Buffer, from: number, end: number, tag: number): number {
    const names = this.names
    const nameFrom = this.#nameFrom[this.depth]!
    const length = this.length - nameFrom
    const stop = Math.min(length, end - from)
    for (let i = 0; i < stop; i++) {
      if (source[from + i] !== names[nameFrom + i]) refuse('xml-malformed', tag, 'an end tag does not fit the start tag')
    }
    return stop < length ? STARVED : from + length
  }
}

/** The index of the `>` of an end tag whose name ends at `from`, or STARVED. */
export function findEndTagClose(source: Buffer, from: number, end: number, tag: number): number {
  let close = from
  while (close < end && spaceByte[source[close]!] === 1) close++
  if (close === end) return STARVED
  if (source[close] !== GREATER_THAN) refuse('xml-malformed', tag, 'an end tag does not fit the start tag')
  return close
}
