// Ranges of a document replaced in one pass, in constant memory.
import type { OctetSink } from '../c14n/octets.ts'
import type { Range } from './placeholder.ts'

/** [from, to) of the document is to be `octets`. */
export type Edit = Range & { readonly octets: Uint8Array }

/**
 * Writes to `sink` what it gets, with `edits` applied; these do not overlap.
 */
export class OctetEditor {
  readonly #edits: Edit[]
  readonly #sink: OctetSink
  /** Up to here the document has been received, and up to here it has been written or replaced. */
  #end = 0
  #at = 0

  constructor(edits: readonly Edit[], sink: OctetSink) {
    this.#edits = edits.toSorted((a, b) => a.from - b.from)
    this.#sink = sink
  }

  /**
   * The next piece of the document; what lies between it and the one before, when it begins at a
   * later `offset`, is left out.
   */
  write(octets: Uint8Array, offset = this.#end): void {
    const end = offset + octets.length
    this.#end = end
    const handOn = (to: number) => {
      const from = Math.max(this.#at, offset)
      if (to > from) this.#sink(octets.subarray(from - offset, to - offset))
    }
    for (let edit = this.#edits[0]; edit !== undefined && edit.from < end; edit = this.#edits[0]) {
      handOn(edit.from)
      if (edit.octets.length > 0) this.#sink(edit.octets)
      this.#at = edit.to
      this.#edits.shift()
    }
    handOn(end)
  }
}
