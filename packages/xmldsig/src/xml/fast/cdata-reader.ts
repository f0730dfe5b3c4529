// CDATA sections in the window, their character data written as C14N writes it.
import { rewritten } from '../../c14n/rewritten-text.ts'
import { GREATER_THAN, isNonCharacter, LAST_BMP_LEAD, LF, RIGHT_BRACKET } from '../characters.ts'
import type { LineCounter } from '../line-counter.ts'
import { skipCdata } from '../skip.ts'
import type { ContentSink } from '../token-handler.ts'
import { window, windowWords } from '../window.ts'

// Constants of this module, which the compiler knows: an imported name is looked up each time.
const source = window
const words = windowWords
const BEGIN = Buffer.from('<![CDATA[')
const [FIRST, SECOND] = [BEGIN.readInt32LE(0), BEGIN.readInt32LE(5)]

export class CdataReader {
  /** Whether the section read last came to its end. */
  isAtEnd = true
  readonly #lines: LineCounter

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  static begins(at: number, end: number): boolean {
    return (
      at + BEGIN.length <= end &&
      words.getInt32(at, true) === FIRST &&
      words.getInt32(at + 5, true) === SECOND &&
      source[at + 4] === BEGIN[4]
    )
  }

  static behindBegin(at: number): number {
    return at + BEGIN.length
  }

  /**
   * Reads a section's character data from `from` on. Returns the index behind the section's end,
   * or, when that is not reached, behind what it took.
   */
  read(from: number, end: number, sink: ContentSink): number {
    let at = from
    let runFrom = at
    this.isAtEnd = false
    for (;;) {
      at = skipCdata(source, at, end)
      if (at >= end) break
      const byte = source[at]!
      if (byte === RIGHT_BRACKET) {
        if (at + 2 >= end) break
        this.isAtEnd = source[at + 1] === RIGHT_BRACKET && source[at + 2] === GREATER_THAN
        if (this.isAtEnd) break
        at++
      } else if (byte === LF) this.#lines.endLine(at++)
      else if (byte === LAST_BMP_LEAD) {
        if (isNonCharacter(source, at)) break
        at += 3
      } else {
        if (at > runFrom) sink.text(source, runFrom, at)
        runFrom = sink.rewriteText(from, at, end, true)
        this.#lines.endLines(rewritten.linesEnded, rewritten.lastLine)
        if (runFrom === at) break
        at = runFrom
      }
    }
    if (at > runFrom) sink.text(source, runFrom, at)
    return this.isAtEnd ? at + 3 : at
  }
}
