// Positions in a document as people count them, lines and columns, across inputs.
import { CR, LF } from './characters.ts'
import { skipLine } from './skip.ts'

export class LineCounter {
  /** Offset in the document of the input under way. */
  offset = 0
  /** Lines ended so far, and where in the document the present one begins. */
  #ended = 0
  #lineFrom = 0
  /** Up to where in this input lines are counted. */
  #countedTo = 0
  #endedWithReturn = false

  /** The next input, whose first byte is at `offset` of the document. */
  beginInput(offset: number): void {
    this.offset = offset
    this.#countedTo = 0
  }

  /** The input under way was taken up to `at`. */
  endInput(source: Uint8Array, at: number): void {
    if (at > 0) this.#endedWithReturn = source[at - 1] === CR
  }

  /** A line ends with the byte at `at`; those before it are counted. */
  endLine(at: number): void {
    this.#ended++
    this.#lineFrom = this.offset + at + 1
    this.#countedTo = at + 1
  }

  /** `count` lines end up to the byte at `at`, with which the last one ends. */
  endLines(count: number, at: number): void {
    if (count === 0) return
    this.#ended += count - 1
    this.endLine(at)
  }

  /**
   * A line ends with LF, CR, or both, and these may be in two inputs: CR counts at once, and LF
   * behind it only moves the next line's start.
   */
  count(source: Uint8Array, to: number): void {
    for (let i = skipLine(source, this.#countedTo, to); i < to; i = skipLine(source, i + 1, to)) {
      const isBehindReturn = i > 0 ? source[i - 1] === CR : this.#endedWithReturn
      if (source[i] === LF && isBehindReturn) this.#lineFrom = this.offset + i + 1
      else this.endLine(i)
    }
    this.#countedTo = Math.max(to, this.#countedTo)
  }

  /**
   * `byte 17, line 2, column 5`: the offset from 0, line and column (in bytes) from 1, of index
   * `at` in the input under way.
   */
  describePlace(source: Uint8Array, at: number): string {
    this.count(source, at)
    const offset = this.offset + at
    return `byte ${offset}, line ${this.#ended + 1}, column ${offset - this.#lineFrom + 1}`
  }
}
