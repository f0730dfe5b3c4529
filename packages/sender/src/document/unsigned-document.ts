// A document that we signed as what it was before: our Signature left out, our time open again. So
// it can be signed again without its template.
import type { OwnSignature } from '@seg/ledger'
import type { Outline } from '@seg/xmldsig'
import type { Meter } from '../progress.ts'
import { type DocumentFile, openDocumentFile } from './document-file.ts'
import type { Template } from './sign-template.ts'

const OPENING = Buffer.from('<TimestampForSignature>')
/** As `sign-template.ts` has it filled in. */
const FILLED_BYTES = '<TimestampForSignature>YYYY-MM-DDTHH:MM:SSZ</TimestampForSignature>'.length

/** Opens the signed document at `path`; dispose of it after use. Throws Fault `file-unreadable`. */
export async function openUnsigned(
  path: string,
  own: OwnSignature,
  meter?: Meter,
): Promise<{ template: Template; outline: Outline } & AsyncDisposable> {
  const file = await openDocumentFile(path, meter)
  const input: DocumentFile = {
    size: own.offset + own.tailBytes,
    pieces: doing => leaveOut(file, own.offset, file.size - own.tailBytes, doing),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  }
  const openTimestamp = own.fillsTime ? await findTimestamp(input) : undefined
  return {
    template: { file: path, input, id: undefined, stripComments: false },
    outline: {
      ...{ isSigned: false, rootNameTo: 0, idValue: undefined, takesId: true, openTimestamp },
      receiverId: undefined,
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  }
}

/** The file without its bytes [from, to). */
async function* leaveOut(file: DocumentFile, from: number, to: number, doing: string): AsyncGenerator<Buffer> {
  let offset = 0
  for await (const piece of file.pieces(doing)) {
    const end = offset + piece.length
    if (offset < from) yield piece.subarray(0, Math.min(piece.length, from - offset))
    if (end > to) yield piece.subarray(Math.max(0, to - offset))
    offset = end
  }
}

/** The first one is that of the envelope: before it stand only the ids, whose text has no tag. */
async function findTimestamp(input: DocumentFile): Promise<NonNullable<Outline['openTimestamp']>> {
  let offset = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of input.pieces('reading')) {
    const searched = Buffer.concat([rest, piece])
    const found = searched.indexOf(OPENING)
    if (found >= 0) {
      const from = offset - rest.length + found
      return { from, to: from + FILLED_BYTES, indent: '' }
    }
    rest = searched.subarray(-(OPENING.length - 1))
    offset += piece.length
  }
  throw new TypeError('a document that we signed has no TimestampForSignature')
}
