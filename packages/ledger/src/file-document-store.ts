// The ledger as files: a document is staged beside its place and appears there by one rename, whole and durable, or not at all.
import { mkdir, open, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Fault, quote, syncFolder } from '@seg/core'
import { readDocuments } from './document-files.ts'
import type { AcceptedDocument, DocumentReader, DocumentStore, Staging } from './document-store.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import {
  documentsFolder,
  formatRecord,
  RECEIPT,
  RECORD,
  readRecord,
  readRecordFile,
  recordFolder,
  shards,
  stagingFolder,
} from './record-folder.ts'
import { StagedDocument } from './staged-document.ts'
import { isSystemError, onStorage } from './storage-fault.ts'

/**
 * Opens the store in the data folder, which is made if need be, for the one process that may write to it. Throws the Fault
 * `storage-unavailable`, also when another process has it open.
 */
export async function openDocumentStore(folder: string): Promise<DocumentStore> {
  return onStorage(`open the data folder ${folder}`, async () => {
    await makeFolder(resolve(folder))
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

/** Makes the folder and those above it, durably. A crash on the way leaves some of them, empty; the next start makes the rest. */
async function makeFolder(folder: string): Promise<void> {
  const first = (await mkdir(folder, { recursive: true, mode: 0o700 })) ?? folder
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

/**
 * Makes every folder that documents will be renamed into and their parents durable, so that no acceptance has to. A crash on the way leaves
 * some of them; the next start makes the rest. What earlier crashes left in staging was never answered for and is removed.
 */
async function prepareFolders(folder: string): Promise<void> {
  const documents = documentsFolder(folder)
  await rm(stagingFolder(folder), { recursive: true, force: true })
  await mkdir(stagingFolder(folder), { mode: 0o700 })
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
  readonly #underWay = new Set<Promise<unknown>>()

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

  read(sender: string, id: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    return this.#reader.read(sender, id)
  }

  export(sender: string, id: string): Promise<Buffer | undefined> {
    return this.#reader.export(sender, id)
  }

  stage(): StagedDocument {
    return new StagedDocument(stagingFolder(this.#folder))
  }

  accept(document: Omit<AcceptedDocument, 'index'>, content: Uint8Array | Staging, receipt: Buffer) {
    const acceptance = this.#accept(document, content, receipt)
    this.#underWay.add(acceptance)
    const end = () => this.#underWay.delete(acceptance)
    acceptance.then(end, end)
    return acceptance
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay)
    this.#lock.release()
  }

  async #accept(document: Omit<AcceptedDocument, 'index'>, content: Uint8Array | Staging, receipt: Buffer) {
    const place = recordFolder(this.#folder, document.sender, document.id)
    const isNew = await onStorage('store a document', async () => {
      const staged = content instanceof Uint8Array ? this.stage() : asOurs(content)
      try {
        // A document in memory goes the way of every other.
        if (content instanceof Uint8Array) await staged.write(content)
        return (await this.#complete(staged, document, receipt)) && (await staged.moveTo(place))
      } finally {
        await staged.discard()
      }
    })
    await this.#makeDurable(place)
    return isNew ? { replay: false, receipt } : this.#replay(document, place)
  }

  /** Puts all that is known of the document beside it. A crash in here leaves a folder in staging, which the next start removes. */
  async #complete(staged: StagedDocument, document: Omit<AcceptedDocument, 'index'>, receipt: Buffer): Promise<true> {
    if (this.#failure) throw this.#failure
    const folder = await staged.open()
    // A document whose acceptance ended before another's began has the lower number; one that fails from here on leaves a gap.
    const record = formatRecord({ ...document, index: this.#nextIndex++ })
    // All at once, and all to their end: the folder is removed when one fails, which it cannot be while another is still writing.
    const writing = [staged.seal(), writeSynced(join(folder, RECEIPT), receipt), writeSynced(join(folder, RECORD), record)]
    for (const result of await Promise.allSettled(writing)) if (result.status === 'rejected') throw result.reason
    await syncFolder(folder)
    return true
  }

  /**
   * Makes a rename into a shard durable. Crash before: the document is whole there, or nothing is, and nobody was answered. After: it is
   * there for good. Done for replays too: their first copy may have been renamed only, by a process that was killed or is not that far yet.
   * When fsync itself fails, the store stops; when the folder cannot even be opened (too many open files), the next try may do it.
   */
  async #makeDurable(place: string): Promise<void> {
    if (this.#failure) throw this.#failure
    try {
      await syncFolder(dirname(place))
    } catch (cause) {
      if (!isSystemError(cause) || cause.syscall !== 'fsync')
        throw new Fault('storage-unavailable', `cannot sync ${dirname(place)}: ${cause}`, { cause })
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

function asOurs(staging: Staging): StagedDocument {
  if (!(staging instanceof StagedDocument)) throw new TypeError('expected a document staged by this store')
  return staging
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
