// Where a command's result goes when it goes to a file: whole or not at all.
import { createWriteStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
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
      return pipeline(copyEach(pieces), createWriteStream(path))
    const mode = found?.isFile() ? found.mode & 0o777 : 0o600
    await writeDurableFile(await realpath(path).catch(() => path), pieces, { mode, replace: true })
  })
}

/** A stream may still hold a piece when it asks for the next. */
async function* copyEach(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield Buffer.from(piece)
}
