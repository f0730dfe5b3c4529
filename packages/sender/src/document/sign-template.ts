// From a template on disk to a signed document, in three passes over it: its outline, its digest,
// and the document with its Signature.
import { Fault, quote, timeOrderedId } from '@seg/core'
import type { OwnSignature } from '@seg/ledger'
import {
  DOCUMENT_ID,
  type DocumentType,
  type Envelope,
  type Fill,
  type Outline,
  OutlineReader,
  openPlacement,
  openSigner,
  ownAlgorithms,
  type PlacedSignature,
  type Signer,
  TemplateFilling,
} from '@seg/xmldsig'
import type { DocumentFile } from './document-file.ts'
import { OctetBuffer } from './octet-buffer.ts'
import { SignedDocumentReader, type SignedFacts } from './signed-document.ts'

export type Template = {
  /** What people call the input. */
  readonly file: string
  readonly input: DocumentFile
  /** The document id to set; undefined keeps the template's own. */
  readonly id: string | undefined
  readonly stripComments: boolean
  /** Types of documents that there are; CriticalDocument alone without them. */
  readonly types?: readonly DocumentType[]
}

/** Where the signed document goes, piece by piece; each is good until the next one is asked for. */
export type Keep<Kept = unknown> = (pieces: AsyncIterable<Buffer>, envelope: Envelope) => Promise<Kept>

/** A document that was just signed, where our own work stands in it, and what `keep` made of it. */
export type Signed<Kept> = { readonly facts: SignedFacts; readonly own: OwnSignature; readonly kept: Kept }

/**
 * The first pass. Throws Fault `xml-…` for a document outside the profile: not even a signed one is
 * sent then.
 */
export async function readOutline({ input, stripComments, types }: Template): Promise<Outline> {
  const reader = new OutlineReader({ stripComments, types })
  for await (const piece of input.pieces('reading')) reader.write(piece)
  return reader.end()
}

/**
 * Whether signing fills in the time, so that signing again gives another one. In a document of a
 * configured type its place is not found again: that keeps the time of its first signature.
 */
export function isTimestampOurs({ isSigned, openTimestamp }: Outline): boolean {
  return !isSigned && openTimestamp !== undefined && !('isText' in openTimestamp)
}

/**
 * The other two: fills in the timestamp and id, signs, and passes the document to `keep`. The last
 * piece comes only when the whole has verified. Throws Fault for a document that the profile does
 * not allow or that is signed already.
 */
export async function signTemplate<Kept>(
  template: Template,
  outline: Outline,
  signer: Signer,
  now: Date,
  keep: Keep<Kept>,
): Promise<Signed<Kept>> {
  const fill = fillOf(template, now)
  const { signer: documentSigner, readEnvelope } = openSigner(signer, template.types)
  const filling = new TemplateFilling(outline, fill, octets => documentSigner.write(octets))
  for await (const piece of template.input.pieces('signing')) filling.write(piece)
  filling.end()
  const placed = await documentSigner.end()
  const reader = new SignedDocumentReader(signer.certificate, {
    algorithms: ownAlgorithms,
    ...(template.types && { types: template.types }),
  })
  let facts: SignedFacts | undefined
  const signed = async function* () {
    let last: Buffer = Buffer.alloc(0)
    for await (const piece of writeSigned(template.input, outline, fill, placed)) {
      reader.write(piece)
      yield last
      last = piece
    }
    facts = checkOwnSignature(await reader.end())
    yield last
  }
  const kept = await keep(signed(), readEnvelope())
  if (facts === undefined) throw new TypeError('the signed document was not taken to its end')
  const { offset, signature } = placed
  const own = { offset, tailBytes: facts.bytes - offset - signature.length, fillsTime: isTimestampOurs(outline) }
  return { facts, own, kept }
}

/**
 * The id that `--id` gives: undefined, a fresh one for `auto`, or the one given. Throws Fault
 * `usage` for what can be no document id.
 */
export function chooseId(option: string | undefined): string | undefined {
  if (option === 'auto') return `doc-${timeOrderedId()}`
  if (option !== undefined && !DOCUMENT_ID.test(option)) {
    throw new Fault(
      'usage',
      `${quote(option)} cannot be a document id: 1 to 128 letters, digits, or . _ : - after the first`,
    )
  }
  return option
}

/** No piece is empty; each is good until the one after the next is asked for. */
async function* writeSigned(
  input: DocumentFile,
  outline: Outline,
  fill: Fill,
  placed: PlacedSignature,
): AsyncGenerator<Buffer> {
  let [gathered, other] = [new OctetBuffer(), new OctetBuffer()]
  const gather = openPlacement(placed, octets => gathered.append(octets))
  const filling = new TemplateFilling(outline, fill, gather)
  for await (const piece of input.pieces('writing')) {
    filling.write(piece)
    if (gathered.octets.length === 0) continue
    yield gathered.octets
    const yielded = gathered
    gathered = other
    other = yielded
    gathered.clear()
  }
  filling.end()
  if (gathered.octets.length > 0) yield gathered.octets
}

/** Our own signature can only fail for a file that was not the same in each pass. */
function checkOwnSignature(facts: SignedFacts): SignedFacts {
  if (!(facts.document instanceof Fault)) return facts
  if (facts.document.code !== 'signature-digest') throw facts.document
  throw new Fault('file-unreadable', 'the document changed while it was being signed', { cause: facts.document })
}

function fillOf({ id, stripComments }: Template, now: Date): Fill {
  return { now, stripComments, ...(id === undefined ? {} : { id }) }
}
