// Canonical octets of the window that are still to be written, and character data behind them that
// C14N mostly writes otherwise.
import { rewritten } from '../../c14n/rewritten-text.ts'
import { isCanonicalReference } from '../../c14n/text-octets.ts'
import { AMPERSAND } from '../characters.ts'
import type { LineCounter } from '../line-counter.ts'
import { findReference } from '../references.ts'
import type { ContentSink } from '../token-handler.ts'
import { window } from '../window.ts'
import { NOT_TAKEN } from './tag-recognizer.ts'

export class PendingRun {
  /** From where on canonical octets are still to be written. */
  from = 0
  readonly #lines: LineCounter
  readonly #reference = { code: 0 }

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  /**
   * Takes a reference, a line end or another octet at `at` that ends a run of plain character data,
   * which goes back to `first` at most. Returns the index behind what it took, or NOT_TAKEN.
   */
  rewrite(sink: ContentSink, at: number, first: number, end: number): number {
    if (window[at] === AMPERSAND) {
      const to = findReference(window, at, end, this.#reference)
      if (to < 0) return NOT_TAKEN
      if (isCanonicalReference(window, at, to)) return to
    }
    if (at > this.from) sink.text(window, this.from, at)
    this.from = sink.rewriteText(first, at, end, false)
    this.#lines.endLines(rewritten.linesEnded, rewritten.lastLine)
    return this.from > at ? this.from : NOT_TAKEN
  }
}
