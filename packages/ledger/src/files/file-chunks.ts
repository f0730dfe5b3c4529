// The bytes of a file in pieces: a document is never held as a whole.
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { onStorage } from './storage-fault.ts'

const CHUNK_BYTES = 64 * 1024

/** `isShared`: all pieces have one memory, and each is good only until the next is asked for. */
export type ReadOptions = { readonly isShared?: boolean }

/**
 * From the start of an open file to its end; others get their turn between two pieces. Throws the
 * Fault `storage-unavailable`.
 */
export async function* readChunks(file: FileHandle, { isShared = false }: ReadOptions = {}): AsyncGenerator<Buffer> {
  const shared = isShared ? Buffer.allocUnsafeSlow(CHUNK_BYTES) : undefined
  for (let position = 0; ; ) {
    const { buffer, bytesRead } = await onStorage('read a document', () =>
      file.read(shared ?? Buffer.allocUnsafeSlow(CHUNK_BYTES), 0, CHUNK_BYTES, position),
    )
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}

export async function* readFileChunks(path: string, options?: ReadOptions): AsyncGenerator<Buffer> {
  const file = await onStorage('read a document', () => open(path))
  try {
    yield* readChunks(file, options)
  } finally {
    await file.close()
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of readFileChunks(path, { isShared: true })) hash.update(chunk)
  return hash.digest('hex')
}
