// A document that is being received: in memory while it is small, then a file in staging. Nothing
// of it is accepted before the ledger's commit.
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { quote } from '@seg/core'
import { HELD_IN_MEMORY, type Staging } from '../ledger.ts'
import { readChunks } from './file-chunks.ts'
import { NEEDS_OWN_MEMORY, releaseOctets } from './release-octets.ts'
import { onStorage } from './storage-fault.ts'

/** What a document gets to begin with; doubled as it comes, since a chunk may be a single byte. */
const FIRST_BYTES = 4 * 1024
/** Memory for all that was announced is taken once this part of it is here. */
const PART_OF_ANNOUNCED = 1 / 16
/**
 * What is written is put on the disk this often, so that the acceptance of a large document does
 * not wait for all of it.
 */
const SYNC_BYTES = 8 * 1024 * 1024
const NOTHING = Buffer.alloc(0)
/** Names that we give to documents in files. */
export const OURS = /^[0-9a-f]{32}$/

/** A staged document on its way to another process of ours, which puts it into the ledger. */
export type HandedDocument = { readonly octets: Buffer } | { readonly file: string; readonly bytes: number }

/** Where documents are staged within a data folder. */
export function stagingFolder(folder: string): string {
  return join(folder, 'staging')
}

/**
 * Crash at any time before `moveTo`: at most a file in staging, which no reader uses and the
 * next start removes.
 */
export class StagedDocument implements Staging {
  readonly #folder: string
  readonly #mark: string
  #name: string | undefined
  #isSealed = false
  #bytes = 0
  #announced = 0
  /**
   * What came last; all of a small document. Two buffers take turns in a large one: the file is
   * written from one while the other fills.
   */
  #buffer: Buffer = NOTHING
  #length = 0
  #other: Buffer = NOTHING
  #file: FileHandle | undefined
  #unsynced = 0
  /** The write under way. Its failure is thrown to the next caller that waits for it. */
  #writing: Promise<void> = Promise.resolve()

  /** `mark`: how the names of its files end, an even number of hexadecimal digits. */
  constructor(stagingFolder: string, mark = '') {
    this.#folder = stagingFolder
    this.#mark = mark
  }

  /** A small document that another process received. */
  static hold(octets: Uint8Array): StagedDocument {
    const staged = new StagedDocument('')
    staged.#bytes = octets.length
    staged.#length = octets.length
    // What is large is handed over with all of its memory, which must be its own.
    staged.#buffer =
      octets.length < NEEDS_OWN_MEMORY
        ? Buffer.from(octets.buffer, octets.byteOffset, octets.length)
        : Buffer.from(Buffer.allocUnsafeSlow(octets.length).fill(octets).buffer)
    return staged
  }

  /** The same of a large one, which is in a file that was sealed; ours from here on. */
  static async adopt(stagingFolder: string, file: string, bytes: number): Promise<StagedDocument> {
    if (!OURS.test(file)) throw new TypeError(`expected the name of a staged document, found ${quote(file)}`)
    const staged = new StagedDocument(stagingFolder)
    staged.#name = file
    staged.#bytes = bytes
    await onStorage('take a staged document', async () => {
      try {
        staged.#file = await open(staged.#path, 'r+')
      } catch (error) {
        await unlink(staged.#path).catch(() => {})
        throw error
      }
    })
    return staged
  }

  /** Of the file, if there is one: unique. */
  get name(): string {
    this.#name ??= randomBytes(16).toString('hex').slice(this.#mark.length) + this.#mark
    return this.#name
  }

  get #path(): string {
    return join(this.#folder, this.name)
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * All of a document that is held in memory, which whoever takes it may keep; undefined for a
   * larger one.
   */
  get held(): Buffer | undefined {
    return this.#bytes <= HELD_IN_MEMORY ? this.#buffer.subarray(0, this.#length) : undefined
  }

  expect(bytes: number): void {
    this.#announced = bytes
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#bytes += chunk.length
    if (this.#length + chunk.length > HELD_IN_MEMORY) return onStorage('stage a document', () => this.#spill(chunk))
    this.#hold(chunk)
    return undefined
  }

  async *read(): AsyncGenerator<Uint8Array> {
    await onStorage('stage a document', () => this.#writing)
    if (this.#file === undefined) return yield this.#buffer.subarray(0, this.#length)
    await onStorage('stage a document', () => this.#flush())
    yield* readChunks(this.#file)
  }

  /** Puts the whole document on the disk. */
  async seal(): Promise<void> {
    await this.#flush()
    const file = await this.#openFile()
    await file.sync()
    const { size } = await file.stat()
    await file.close()
    if (size !== this.#bytes)
      throw new TypeError(`a document of ${this.#bytes} bytes was sealed before all of it was written: ${size}`)
  }

  /** For another process; to be called again, if need be. From `leave` on it is that one's. */
  async handOver(): Promise<HandedDocument> {
    const { held } = this
    if (held !== undefined) return { octets: held }
    if (!this.#isSealed) await onStorage('stage a document', () => this.seal())
    this.#isSealed = true
    return { file: this.name, bytes: this.#bytes }
  }

  leave(): void {
    this.#file = undefined
  }

  /** Moves a sealed document; from here on it is no longer this object's to remove. */
  async moveTo(place: string): Promise<void> {
    await rename(this.#path, place)
    this.#file = undefined
  }

  /** What cannot be removed now, the next start removes. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => {})
    if (this.#bytes > HELD_IN_MEMORY) for (const written of [this.#buffer, this.#other]) releaseOctets(written)
    this.#buffer = NOTHING
    this.#other = NOTHING
    if (this.#file === undefined) return
    await this.#file.close().catch(() => {})
    await unlink(this.#path).catch(() => {})
    this.#file = undefined
  }

  #hold(chunk: Uint8Array): void {
    const length = this.#length + chunk.length
    if (chunk.length === this.#bytes && length < NEEDS_OWN_MEMORY) {
      // Most documents are one piece, which need not be copied.
      this.#buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      this.#length = length
      return
    }
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#roomFor(length), HELD_IN_MEMORY))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    this.#buffer.set(chunk, this.#length)
    this.#length = length
  }

  #roomFor(length: number): number {
    const isLikely = length <= this.#announced && length >= this.#announced * PART_OF_ANNOUNCED
    return isLikely ? this.#announced : Math.max(2 * length, FIRST_BYTES)
  }

  async #spill(chunk: Uint8Array): Promise<void> {
    let rest = chunk
    while (this.#length + rest.length > HELD_IN_MEMORY) {
      const room = HELD_IN_MEMORY - this.#length
      this.#hold(rest.subarray(0, room))
      rest = rest.subarray(room)
      await this.#takeTurns()
    }
    this.#hold(rest)
  }

  async #takeTurns(): Promise<void> {
    await this.#writing
    const full = this.#buffer.subarray(0, this.#length)
    this.#buffer = this.#other
    this.#length = 0
    this.#other = full
    this.#writing = this.#store(full)
    this.#writing.catch(() => {})
  }

  async #flush(): Promise<void> {
    await this.#writing
    if (this.#length > 0) await this.#store(this.#buffer.subarray(0, this.#length))
    this.#length = 0
  }

  async #store(octets: Buffer): Promise<void> {
    const file = await this.#openFile()
    await file.writeFile(octets)
    this.#unsynced += octets.length
    if (this.#unsynced < SYNC_BYTES) return
    await file.datasync()
    this.#unsynced = 0
  }

  async #openFile(): Promise<FileHandle> {
    this.#file ??= await open(this.#path, 'wx+', 0o600)
    return this.#file
  }
}
