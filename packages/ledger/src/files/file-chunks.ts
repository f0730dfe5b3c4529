// The bytes of a file in pieces: a document is never held as a whole.
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { onStorage } from './storage-fault.ts'

const CHUNK_BYTES = 64 * 1024

/**
 * From the start of an open file to its end; others get their turn between two pieces. Throws the
 * Fault `storage-unavailable`.
 */
export async function* readChunks(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { buffer, bytesRead } = await onStorage('read a document', () =>
      file.read(Buffer.allocUnsafeSlow(CHUNK_BYTES), 0, CHUNK_BYTES, position),
    )
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}

export async function* readFileChunks(path: string): AsyncGenerator<Buffer> {
  const file = await onStorage('read a document', () => open(path))
  try {
    yield* readChunks(file)
  } finally {
    await file.close()
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of readFileChunks(path)) hash.update(chunk)
  return hash.digest('hex')
}
