// The ledger as files: a document is staged beside its place and appears there by one rename, whole and durable, or not at all.
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, quote, syncFolder } from '@seg/core'
import { readDocuments } from './document-files.ts'
import type { AcceptedDocument, DocumentReader, DocumentStore } from './document-store.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import {
  DOCUMENT,
  documentsFolder,
  formatRecord,
  RECEIPT,
  RECORD,
  readRecord,
  readRecordFile,
  recordFolder,
  shards,
} from './record-folder.ts'
import { isSystemError, onStorage } from './storage-fault.ts'

/**
 * Opens the store in the data folder, which is made if need be, for the one process that may write to it. Throws the Fault
 * `storage-unavailable`, also when another process has it open.
 */
export async function openDocumentStore(folder: string): Promise<DocumentStore> {
  return onStorage(`open the data folder ${folder}`, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(dirname(folder))
    const lock = lockFolder(folder)
    try {
      await prepareFolders(folder)
      return new FileDocumentStore(folder, lock, await readNextIndex(folder))
    } catch (error) {
      lock.release()
      throw error
    }
  })
}

/**
 * Makes every folder that documents will be renamed into and their parents durable, so that no acceptance has to. A crash on the way leaves
 * some of them; the next start makes the rest. What earlier crashes left in staging was never answered for and is removed.
 */
async function prepareFolders(folder: string): Promise<void> {
  const documents = documentsFolder(folder)
  await rm(join(folder, 'staging'), { recursive: true, force: true })
  await mkdir(join(folder, 'staging'), { mode: 0o700 })
  for (const shard of shards) await mkdir(join(documents, shard), { recursive: true, mode: 0o700 })
  await syncFolder(documents)
  await syncFolder(folder)
}

/** One past the highest index that is visible. An index that a crash kept from becoming visible was told to nobody and may be given again. */
async function readNextIndex(folder: string): Promise<number> {
  let next = 0
  for await (const { index } of readDocuments(folder).list()) next = Math.max(next, index + 1)
  return next
}

class FileDocumentStore implements DocumentStore {
  readonly #folder: string
  readonly #lock: FolderLock
  readonly #reader: DocumentReader
  #nextIndex: number
  /** Set when it is unknown whether what is visible is durable. A later fsync would not tell: the kernel reports a lost write once. */
  #failure: Fault | undefined

  constructor(folder: string, lock: FolderLock, nextIndex: number) {
    this.#folder = folder
    this.#lock = lock
    this.#reader = readDocuments(folder)
    this.#nextIndex = nextIndex
  }

  async find(sender: string, id: string): Promise<AcceptedDocument | undefined> {
    const found = await this.#reader.find(sender, id)
    if (found !== undefined) await this.#makeDurable(recordFolder(this.#folder, sender, id))
    return found
  }

  async receipt(sender: string, id: string): Promise<Buffer | undefined> {
    const receipt = await this.#reader.receipt(sender, id)
    if (receipt !== undefined) await this.#makeDurable(recordFolder(this.#folder, sender, id))
    return receipt
  }

  list(): AsyncIterable<AcceptedDocument> {
    return this.#reader.list()
  }

  export(sender: string, id: string): Promise<Buffer | undefined> {
    return this.#reader.export(sender, id)
  }

  async accept(document: Omit<AcceptedDocument, 'index'>, bytes: Uint8Array, receipt: Buffer) {
    const place = recordFolder(this.#folder, document.sender, document.id)
    const staging = join(this.#folder, 'staging', randomBytes(16).toString('hex'))
    const isNew = await onStorage('store a document', async () => {
      try {
        return (await this.#stage(staging, document, bytes, receipt)) && (await moveInto(staging, place))
      } finally {
        // Nothing is there any more once it was moved. What cannot be removed now, the next start removes.
        await rm(staging, { recursive: true, force: true }).catch(() => {})
      }
    })
    await this.#makeDurable(place)
    return isNew ? { replay: false, receipt } : this.#replay(document, place)
  }

  async close(): Promise<void> {
    this.#lock.release()
  }

  /** A crash in here leaves a folder in staging, which no reader looks at and the next start removes. */
  async #stage(staging: string, document: Omit<AcceptedDocument, 'index'>, bytes: Uint8Array, receipt: Buffer): Promise<true> {
    if (this.#failure) throw this.#failure
    await mkdir(staging, { mode: 0o700 })
    await Promise.all([writeSynced(join(staging, DOCUMENT), bytes), writeSynced(join(staging, RECEIPT), receipt)])
    // Taken last, so that a full disk burns no numbers; a document whose acceptance ended before another's began has the lower one.
    await writeSynced(join(staging, RECORD), formatRecord({ ...document, index: this.#nextIndex++ }))
    await syncFolder(staging)
    return true
  }

  /**
   * Makes a rename into a shard durable. Crash before: the document is whole there, or nothing is, and nobody was answered. After: it is
   * there for good. Done for replays too: their first copy may have been renamed only, by a process that was killed or is not that far yet.
   */
  async #makeDurable(place: string): Promise<void> {
    if (this.#failure) throw this.#failure
    try {
      await syncFolder(dirname(place))
    } catch (cause) {
      this.#failure = new Fault('storage-unavailable', `stopped until the next start: cannot sync ${dirname(place)}: ${cause}`, { cause })
      throw this.#failure
    }
  }

  async #replay(document: Omit<AcceptedDocument, 'index'>, place: string): Promise<{ replay: true; receipt: Buffer }> {
    const { stored, receipt } = await onStorage('read a record', async () => {
      const [stored, receipt] = await Promise.all([readRecord(place), readRecordFile(place, RECEIPT)])
      return { stored, receipt }
    })
    if (stored === undefined || receipt === undefined) throw new Fault('storage-unavailable', `${place} is damaged: a file is missing`)
    if (stored.sha256 !== document.sha256) {
      throw new Fault('document-id-conflict', `${quote(document.id)} was accepted with SHA-256 ${stored.sha256}, now ${document.sha256}`)
    }
    return { replay: true, receipt }
  }
}

/** Moves a folder unless something is there: rename(2) does not replace a folder that is not empty, so of many copies one wins. */
async function moveInto(staging: string, place: string): Promise<boolean> {
  try {
    await rename(staging, place)
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
}

async function writeSynced(path: string, bytes: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}
