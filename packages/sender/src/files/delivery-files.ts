// The files of a delivery: the signed documents and the receipt, in a folder named by what was
// asked for. What became of it stands in the outbox.
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { lstat, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDurableFolder, onFile, syncFolder, writeDurableFile } from '@seg/core'
import type { SharedDocuments } from '@seg/ledger'
import { digestDocument, openDocumentFile } from '../document/document-file.ts'
import { bringDocument } from './bring-document.ts'
import { STAGING } from './staging.ts'

/** Milliseconds without a change after which no process is writing there any more. */
const ABANDONED = 3_600_000

/** Receipts of one delivery that are kept without a proof. */
const MOST_UNPROVEN = 16

/** What makes two requests the same delivery; `inputDigest` is the SHA-256 of the input file. */
export type DeliveryRequest = {
  readonly inputDigest: Uint8Array
  readonly id: string | undefined
  readonly receiver: URL
}

/**
 * A document being written. A Fault that comes out of it is passed on, and nothing is
 * kept.
 */
export type Pieces = AsyncIterable<Uint8Array>

/** All methods throw Fault `file-unreadable` when the disk fails. */
export type DeliveryFiles = {
  readonly receiptPath: string
  /**
   * Keeps the bytes under a name made of their digest and resolves with it, relative to the data
   * folder. What was kept once is never removed.
   */
  keepDocument(pieces: Pieces): Promise<string>
  /** The name of the kept document with this SHA-256 (hexadecimal). */
  findDocument(sha256: string): Promise<string | undefined>
  keepReceipt(receipt: Buffer): Promise<void>
  /** The same when the file is missing. */
  restoreReceipt(receipt: Buffer): Promise<void>
  /**
   * Keeps a receipt whose log is not proven: it has the receiver's seal, and is evidence. A
   * receiver that makes another each time gets so many kept.
   */
  keepUnproven(receipt: Buffer): Promise<void>
  /** Keeps an answer that is not a valid receipt, for the operator; returns its path. */
  keepUnverified(answer: Buffer): Promise<string>
}

/**
 * The files of the delivery with this key under the data folder; nothing is written yet. `shared`:
 * where other senders of the outbox find its documents.
 */
export function openDeliveryFiles(data: string, delivery: string, shared?: SharedDocuments): DeliveryFiles {
  const home = join('deliveries', delivery)
  const receiptPath = join(data, home, 'receipt.xml')
  return {
    receiptPath,
    async keepDocument(pieces) {
      const folder = join(data, home)
      await onFile('write', folder, () => makeDurableFolder(folder))
      const written = join(data, STAGING, `.tmp-document-${randomBytes(6).toString('hex')}`)
      const hash = createHash('sha256')
      await write(data, written, digestOnTheWay(pieces, hash))
      const path = join(home, nameOf(hash.digest('hex')))
      const wasThere = existsSync(join(data, path))
      await onFile('write', path, async () => {
        // Crash before: swept away in an hour. After, and before the outbox names it: a file that
        // nobody asks for. It was not sent.
        await rename(written, join(data, path))
        await syncFolder(folder)
      })
      // Crash before: bytes that no entry names. After: each sender has what the entry will name.
      await shared?.keep(path, readKept(join(data, path))).catch(async error => {
        // Each try would leave one more. An entry names it only if the database has its bytes,
        // which are brought again then.
        if (!wasThere) await unlink(join(data, path)).catch(() => {})
        throw error
      })
      return path
    },
    async findDocument(sha256) {
      const path = join(home, nameOf(sha256))
      if (existsSync(join(data, path)) || (await bringDocument({ path, sha256 }, data, shared))) return path
      // Earlier versions chose names at random.
      for (const name of await readdir(join(data, home)).catch(() => [])) {
        if (!/^document-[0-9a-f]{12}\.xml$/.test(name)) continue
        await using file = await openDocumentFile(join(data, home, name))
        if ((await digestDocument(file)).toString('hex') === sha256) return join(home, name)
      }
      return undefined
    },
    async keepReceipt(receipt) {
      // Crash before: the next try is a replay and gets the same receipt. After: so it does, and
      // writes the same again.
      await write(data, receiptPath, receipt)
    },
    async restoreReceipt(receipt) {
      if (!existsSync(receiptPath)) await write(data, receiptPath, receipt)
    },
    async keepUnproven(receipt) {
      const folder = join(data, home)
      const kept = await listUnproven(data, delivery)
      const path = join(
        folder,
        `unproven-receipt-${createHash('sha256').update(receipt).digest('hex').slice(0, 16)}.xml`,
      )
      if (!kept.includes(path) && kept.length < MOST_UNPROVEN) await write(data, path, receipt)
    },
    async keepUnverified(answer) {
      const path = join(data, home, 'unverified-receipt')
      await write(data, path, answer)
      return path
    },
  }
}

/** The receipts of a delivery whose log was not proven when they came. */
export async function listUnproven(data: string, delivery: string): Promise<string[]> {
  const folder = join(data, 'deliveries', delivery)
  const names = await readdir(folder).catch(() => [])
  return names.filter(name => name.startsWith('unproven-receipt-')).map(name => join(folder, name))
}

/**
 * Removes what crashes left half written, by the names that `writeDurableFile` gives; other
 * processes may be writing.
 */
export async function sweepStaging(data: string, now: number): Promise<void> {
  const folder = join(data, STAGING)
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith('.tmp-')) continue
    const path = join(folder, name)
    const stats = await lstat(path).catch(() => undefined)
    if (stats?.isFile() && stats.mtimeMs < now - ABANDONED) await unlink(path).catch(() => {})
  }
}

/**
 * SHA-256 over the three parts, each with its length before it, in hex: safe as a folder's name
 * independent of their content.
 */
export function deliveryKey({ inputDigest, id, receiver }: DeliveryRequest): string {
  const hash = createHash('sha256')
  for (const part of [inputDigest, Buffer.from(id ?? ''), Buffer.from(receiver.origin)])
    hash.update(`${part.length}:`).update(part)
  return hash.digest('hex')
}

function nameOf(sha256: string): string {
  return `document-${sha256}.xml`
}

async function* digestOnTheWay(pieces: Pieces, hash: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    hash.update(piece)
    yield piece
  }
}

async function write(data: string, path: string, octets: Uint8Array | Pieces): Promise<void> {
  await onFile('write', path, () => writeDurableFile(path, octets, { replace: true, staging: join(data, STAGING) }))
}

/** Opened when it is read: a store that has the bytes already does not read them. */
async function* readKept(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file)
}
