// CDATA sections in the window, their character data written as C14N writes it.
import { LINE_END, textEscapes } from '../../c14n/text-octets.ts'
import { CR, GREATER_THAN, isNonCharacter, LAST_BMP_LEAD, LF, RIGHT_BRACKET } from '../characters.ts'
import type { LineCounter } from '../line-counter.ts'
import { NOTHING, skipCdata } from '../skip.ts'
import type { ContentSink } from '../token-handler.ts'
import { window, windowWords } from '../window.ts'

// Constants of this module, which the compiler knows: an imported name is looked up each time.
const source = window
const words = windowWords
const BEGIN = Buffer.from('<![CDATA[')
const [FIRST, SECOND] = [BEGIN.readInt32LE(0), BEGIN.readInt32LE(5)]
/** What C14N writes for an octet. */
const escapes: (Buffer | undefined)[] = Array.from({ length: 256 }, (_, byte) => textEscapes.get(byte))

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

  /**
   * Reads the section that begins at `begin`. Returns the index behind its end, or, when that is
   * not reached, behind what it took.
   */
  read(begin: number, end: number, sink: ContentSink): number {
    let at = begin + BEGIN.length
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
        const octets = byte === CR ? this.#readReturn(at, end) : escapes[byte]
        if (octets === undefined) break
        if (at > runFrom) sink.text(source, runFrom, at)
        if (octets.length > 0) sink.replacedText(octets)
        runFrom = ++at
      }
    }
    if (at > runFrom) sink.text(source, runFrom, at)
    return this.isAtEnd ? at + 3 : at
  }

  /**
   * What stands for a CR: nothing before LF, else LF; undefined when what follows is not there yet.
   */
  #readReturn(at: number, end: number): Buffer | undefined {
    if (at + 1 >= end) return undefined
    if (source[at + 1] === LF) return NOTHING
    this.#lines.endLine(at)
    return LINE_END
  }
}
