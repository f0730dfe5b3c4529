// Preparing a document for signature: its time and id are filled in, comments left out; the rest
// stays as it is written.
import { Fault, quote } from '@seg/core'
import type { OctetSink } from '../c14n/octets.ts'
import { defaultLimits } from '../limits.ts'
import { DOCUMENT_ID } from '../verifying/envelope.ts'
import { DocumentInput } from '../xml/document-input.ts'
import type { TokenHandler } from '../xml/token-handler.ts'
import { type Edit, OctetEditor } from './octet-edits.ts'
import type { Outline } from './outline.ts'

export type Fill = {
  /** Time for TimestampForSignature when it is the placeholder, empty or absent. */
  readonly now: Date
  /** Replaces the document's id. */
  readonly id?: string
  /** Leaves comments and processing instructions out; without it they are refused. */
  readonly stripComments?: boolean
}

/**
 * The second pass over a document whose outline is known: `write` the same pieces, or others of the
 * same bytes, then `end`. The document filled in goes to `sink`. Comments to be left out are found
 * again, so that nothing is kept that grows with the document.
 */
export class TemplateFilling {
  readonly #editor: OctetEditor
  /** Finds what is to be cut out; undefined when nothing is, and no second reading is needed. */
  readonly #input: DocumentInput | undefined
  readonly #sink: OctetSink
  /** Kept until the chunk under way has been read, because `sink` may read a document itself. */
  readonly #filled: Buffer[] = []

  /** Throws the Fault `envelope-malformed` for an id that a document cannot have. */
  constructor(outline: Outline, fill: Fill, sink: OctetSink) {
    const edits = [...editId(outline, fill.id), ...editTimestamp(outline, fill.now)]
    this.#sink = sink
    this.#editor = new OctetEditor(edits, fill.stripComments ? octets => this.#filled.push(Buffer.from(octets)) : sink)
    if (fill.stripComments) this.#input = new DocumentInput(new CommentCutter(this.#editor), defaultLimits)
  }

  write(chunk: Uint8Array): void {
    if (this.#input === undefined) this.#editor.write(chunk)
    else this.#input.write(chunk)
    this.#handOn()
  }

  end(): void {
    this.#input?.end()
    this.#handOn()
  }

  #handOn(): void {
    for (const octets of this.#filled.splice(0)) this.#sink(octets)
  }
}

/** Writes what is read, without comments and processing instructions. */
class CommentCutter implements TokenHandler {
  readonly unreportedDepth = 0
  readonly #editor: OctetEditor
  /**
   * Bytes of the document before the input under way, and up to where that has been written.
   */
  #offset = 0
  #handedOnTo = 0

  constructor(editor: OctetEditor) {
    this.#editor = editor
  }

  startTag(): void {}
  endTag(): void {}
  text(): void {}
  replacedText(): void {}

  leftOut(source: Buffer, from: number, to: number): void {
    this.#handOn(source, from)
    this.#handedOnTo = to
  }

  pause(source: Buffer, to: number): void {
    this.#handOn(source, to)
    this.#offset += to
    this.#handedOnTo = 0
  }

  #handOn(source: Buffer, to: number): void {
    if (to > this.#handedOnTo)
      this.#editor.write(source.subarray(this.#handedOnTo, to), this.#offset + this.#handedOnTo)
  }
}

function editId({ idValue, rootNameTo, takesId }: Outline, id: string | undefined): Edit[] {
  if (id === undefined) return []
  if (!DOCUMENT_ID.test(id))
    throw new Fault(
      'envelope-malformed',
      `expected an id of 1 to 128 letters, digits or ._:- (a letter or digit first), found ${quote(id)}`,
    )
  if (idValue !== undefined) return [{ ...idValue, octets: Buffer.from(id) }]
  if (!takesId) throw new Fault('envelope-malformed', 'expected a place for the id in the document, found none')
  return [{ from: rootNameTo, to: rootNameTo, octets: Buffer.from(` id="${id}"`) }]
}

function editTimestamp({ openTimestamp }: Outline, now: Date): Edit[] {
  if (openTimestamp === undefined) return []
  const { from, to } = openTimestamp
  const time = `${now.toISOString().slice(0, 19)}Z`
  const text =
    'isText' in openTimestamp ? time : `${openTimestamp.indent}<TimestampForSignature>${time}</TimestampForSignature>`
  return [{ from, to, octets: Buffer.from(text) }]
}
