// Copies of files in a backup: read once, synced, with their SHA-256; what an earlier backup has
// becomes a second name of its file.
import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, open } from 'node:fs/promises'
import { Fault, isSystemError, nameKind } from '@seg/core'

const PIECE = 1024 * 1024
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

export type CopiedFile = { readonly bytes: number; readonly sha256: string }

/**
 * Copies a regular file to a name that is not there yet. Durable when it resolves, but for the name
 * in its folder. Throws errors of the system.
 */
export async function copyFileSynced(source: string, target: string): Promise<CopiedFile> {
  const output = await open(target, 'wx', 0o600)
  try {
    const copied = await readWhole(source, piece => output.writeFile(piece))
    await output.sync()
    return copied
  } finally {
    await output.close()
  }
}

/**
 * Gives a file of an earlier backup a second name, when it has these octets. Whether that was done:
 * some file systems have no second names, and some files too many.
 */
export async function linkEarlier(earlier: string, target: string, sha256: string): Promise<boolean> {
  try {
    if ((await readWhole(earlier, async () => {})).sha256 !== sha256) return false
    await link(earlier, target)
    return true
  } catch (error) {
    if (isSystemError(error) || error instanceof Fault) return false
    throw error
  }
}

async function readWhole(path: string, use: (piece: Buffer) => Promise<void>): Promise<CopiedFile> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new Fault('backup-invalid', `expected a file at ${path}, found ${nameKind(stats)}`)
    const hash = createHash('sha256')
    const bytes = await readPieces(file, hash, use)
    return { bytes, sha256: hash.digest('hex') }
  } finally {
    await file.close()
  }
}

async function readPieces(file: FileHandle, hash: Hash, use: (piece: Buffer) => Promise<void>): Promise<number> {
  const buffer = Buffer.allocUnsafe(PIECE)
  for (let bytes = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, PIECE, null)
    if (bytesRead === 0) return bytes
    const piece = buffer.subarray(0, bytesRead)
    hash.update(piece)
    await use(piece)
    bytes += bytesRead
  }
}
