// The files of a delivery: the signed documents and the receipt, in a folder named by what was asked for. What became of it stands in the outbox.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { lstat, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurableFile } from '@seg/core'
import { onFile } from './file-fault.ts'

/** Where files stand until they are whole: a folder in the data folder. */
export const STAGING = 'staging'
/** Milliseconds without a change after which nobody is writing there any more. */
const ABANDONED = 3_600_000

/** What makes two requests the same delivery; `inputDigest` is the SHA-256 of the input file. */
export type DeliveryRequest = {
  readonly inputDigest: Uint8Array
  readonly id: string | undefined
  readonly receiver: URL
}

/** A document on its way to the disk. A Fault that comes out of it is passed on, and nothing is kept. */
export type Pieces = AsyncIterable<Uint8Array>

/** All methods throw Fault `file-unreadable` when the disk fails. */
export type DeliveryFiles = {
  readonly receiptPath: string
  /** Keeps the bytes under a name of their own and resolves with it, relative to the data folder. */
  keepDocument(pieces: Pieces): Promise<string>
  keepReceipt(receipt: Buffer): Promise<void>
  /** The same when the file is gone. */
  restoreReceipt(receipt: Buffer): Promise<void>
  /** Keeps an answer that is no receipt of ours, for whoever looks into it; returns where. */
  keepUnverified(answer: Buffer): Promise<string>
}

/** The files of the delivery with this key under the data folder; nothing is written yet. */
export function openDeliveryFiles(data: string, delivery: string): DeliveryFiles {
  const home = join('deliveries', delivery)
  const receiptPath = join(data, home, 'receipt.xml')
  return {
    receiptPath,
    async keepDocument(pieces) {
      const path = join(home, `document-${randomBytes(6).toString('hex')}.xml`)
      // Crash before the outbox names it: a file that nobody asks for. It was not sent.
      await write(data, join(data, path), pieces)
      return path
    },
    async keepReceipt(receipt) {
      // Crash before: the next try is a replay and gets the same receipt. After: so it does, and writes the same again.
      await write(data, receiptPath, receipt)
    },
    async restoreReceipt(receipt) {
      if (!existsSync(receiptPath)) await write(data, receiptPath, receipt)
    },
    async keepUnverified(answer) {
      const path = join(data, home, 'unverified-receipt')
      await write(data, path, answer)
      return path
    },
  }
}

/** Removes a document that the outbox does not name. */
export async function discardDocument(data: string, path: string): Promise<void> {
  await unlink(join(data, path)).catch(() => {})
}

/** Removes what crashes left half written, by the names that `writeDurableFile` gives; other processes may be writing. */
export async function sweepStaging(data: string, now: number): Promise<void> {
  const folder = join(data, STAGING)
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith('.tmp-')) continue
    const path = join(folder, name)
    const stats = await lstat(path).catch(() => undefined)
    if (stats?.isFile() && stats.mtimeMs < now - ABANDONED) await unlink(path).catch(() => {})
  }
}

/** SHA-256 over the three parts, each with its length before it, in hex: safe as a folder's name whatever they hold. */
export function deliveryKey({ inputDigest, id, receiver }: DeliveryRequest): string {
  const hash = createHash('sha256')
  for (const part of [inputDigest, Buffer.from(id ?? ''), Buffer.from(receiver.origin)])
    hash.update(`${part.length}:`).update(part)
  return hash.digest('hex')
}

async function write(data: string, path: string, bytes: Uint8Array | Pieces): Promise<void> {
  await onFile('write', path, () => writeDurableFile(path, bytes, { replace: true, staging: join(data, STAGING) }))
}
