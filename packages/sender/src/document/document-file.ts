// A document on disk, read in pieces as often as is needed, and never held as a whole.
import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault, onFile, openInput, quote, readPipe } from '@seg/core'
import { defaultLimits } from '@seg/xmldsig'
import { type Meter, silentMeter } from '../progress.ts'

const PIECE_BYTES = 256 * 1024

/**
 * An open file; disposing of it closes it. All methods throw Fault `file-unreadable` when the disk
 * fails.
 */
export interface DocumentFile extends AsyncDisposable {
  /** Bytes. */
  readonly size: number
  /**
   * From the start to the end. A piece is good until the next one is asked for. `doing` is what the
   * meter gets it.
   */
  pieces(doing: string): AsyncGenerator<Buffer>
}

/**
 * A file that others have put there: no link is followed, and no FIFO waited for. Throws Fault
 * `file-unreadable`.
 */
export async function openDroppedFile(path: Buffer, name: string): Promise<DocumentFile> {
  return onFile('read', name, async () => {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = await file.stat()
    if (stats.isFile()) return describeFile(file, name, stats.size, silentMeter)
    await file.close()
    throw new Fault('file-unreadable', `${quote(name)} is no file any more`)
  })
}

/**
 * Opens the file at `path`; what can be read only once, such as a pipe, is copied to a temporary
 * file first.
 */
export async function openDocumentFile(path: string, meter: Meter = silentMeter): Promise<DocumentFile> {
  return onFile('read', path, async () => {
    const opened = await openInput(path)
    if (opened.kind === 'file') return describeFile(opened.file, path, opened.size, meter)
    await using _pipe = opened.file
    const file = await copyAside(readPipe(opened, path), path)
    return describeFile(file, path, (await file.stat()).size, meter)
  })
}

function describeFile(file: FileHandle, path: string, size: number, meter: Meter): DocumentFile {
  return {
    size,
    pieces: doing => readPieces(file, path, size, meter(doing, size)),
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** The pieces of a file that is opened for them alone. */
export async function* readFilePieces(path: string, doing: string, meter?: Meter): AsyncGenerator<Buffer> {
  await using file = await openDocumentFile(path, meter)
  yield* file.pieces(doing)
}

/** SHA-256 of the whole. */
export async function digestDocument(file: DocumentFile): Promise<Buffer> {
  const hash = createHash('sha256')
  for await (const piece of file.pieces('reading')) hash.update(piece)
  return hash.digest()
}

/** One buffer is filled while the other is worked on. */
async function* readPieces(
  file: FileHandle,
  path: string,
  size: number,
  advance: (done: number) => void,
): AsyncGenerator<Buffer> {
  const read = (buffer: Buffer, position: number) =>
    onFile('read', path, () => file.read(buffer, 0, buffer.length, position))
  // Small documents are many: each has buffers of its own length, and one byte more shows their
  // end.
  const length = Math.min(PIECE_BYTES, size + 1)
  let [current, next] = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)]
  let ahead = read(current, 0)
  try {
    for (let position = 0; ; ) {
      const { bytesRead } = await ahead
      if (bytesRead === 0) return
      position += bytesRead
      ahead = read(next, position)
      // It is awaited in its turn; until then no caller handles its failure.
      ahead.catch(() => {})
      yield current.subarray(0, bytesRead)
      advance(position)
      const worked = current
      current = next
      next = worked
    }
  } finally {
    await ahead.catch(() => {})
  }
}

/**
 * The copy has no name: it is removed when the process ends, in any way. Throws the Fault
 * `document-too-large` for more than any receiver takes.
 */
async function copyAside(pieces: AsyncIterable<Buffer>, source: string): Promise<FileHandle> {
  const path = join(tmpdir(), `.tmp-seg-${randomUUID()}`)
  const copy = await open(path, 'wx+', 0o600)
  await unlink(path)
  try {
    let length = 0
    for await (const piece of pieces) {
      length += piece.length
      if (length > defaultLimits.documentBytes)
        throw new Fault(
          'document-too-large',
          `expected at most ${defaultLimits.documentBytes} bytes in ${source}, found more`,
        )
      await copy.writeFile(piece)
    }
    return copy
  } catch (error) {
    await copy.close()
    throw error
  }
}
