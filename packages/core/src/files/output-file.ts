// Where a command's result goes when it goes to a file: whole or not at all.
import { constants } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault, isSystemError } from '../fault.ts'
import { ReaderGone, ResultOutput } from '../result-output.ts'
import { writeDurableFile } from './durable-file.ts'
import { onFile } from './file-fault.ts'

/**
 * Replaces what is at `path`, as every tool's -o does, and never with a part. A link stays one, a
 * file keeps its permissions, a new one is the user's alone; a pipe or device is written to. Throws
 * Fault `file-unreadable`, and a Fault that comes out of `pieces`, each of which need be good only
 * until the next.
 */
export async function writeOutputFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  await onFile('write', path, async () => {
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && !found.isFile() && !found.isDirectory())
      return writeThrough(path, found.isFIFO(), pieces)
    const mode = found?.isFile() ? found.mode & 0o777 : 0o600
    await writeDurableFile(await realpath(path).catch(() => path), pieces, { mode, replace: true })
  })
}

/** Milliseconds until a pipe must have a reader, and between two tries. */
const FIRST_READER = 3_000
const LOOK = 50

/** A reader may be slow, as that of standard output, but there must be one. */
async function writeThrough(path: string, isPipe: boolean, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await openForReader(path, isPipe)
  const output = new ResultOutput(file.fd, path)
  try {
    await output.writePieces(pieces)
  } catch (cause) {
    if (!(cause instanceof ReaderGone)) throw cause
    throw new Fault('file-unreadable', `expected a reader of ${path} to the end, found none any more`, { cause })
  }
}

/** O_NONBLOCK: opening a FIFO without a reader does not block. */
async function openForReader(path: string, isPipe: boolean): Promise<FileHandle> {
  const { O_WRONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants
  for (const start = performance.now(); ; await pause(LOOK)) {
    try {
      return await open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY)
    } catch (error) {
      if (!isPipe || !isSystemError(error, 'ENXIO')) throw error
      if (performance.now() - start >= FIRST_READER)
        throw new Fault('file-unreadable', `expected a file at ${path}, found a pipe without a reader for 3 s`)
    }
  }
}
