// The files of a mirror: entry bundles as C2SP tlog-tiles names them, the checkpoint that covers
// them, and all checkpoints before it, one signed note after the other.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, type FileLock, makeDurableFolder, quote, syncFolder, writeDurableFile } from '@seg/core'
import { lockFolder } from '../files/folder-lock.ts'
import { onStorage } from '../files/storage-fault.ts'
import { formatTilePath, TILE_WIDTH } from '../log/tiles.ts'

const LATEST = 'checkpoint'
export const ALL_CHECKPOINTS = 'checkpoints'
const EVIDENCE = 'evidence'
const INCOMING = 'incoming'
const KNOWN: readonly string[] = [LATEST, ALL_CHECKPOINTS, EVIDENCE, INCOMING, 'tile', 'lock']
/**
 * Contradictions that are kept of each kind: a log that was forked shows another one with each
 * checkpoint. `fork`: two notes with two roots of one size, which prove it; `notes`: two that do
 * not continue each other; `entries`: with entries, which anybody on the way may have made, so
 * that those take no place of the others.
 */
const MOST_EVIDENCE = { fork: 32, notes: 500, entries: 32 } as const
const NAME_CHARACTERS = 32

/** An entry bundle; `width` is how many entries it has. */
export type Bundle = { readonly index: number; readonly width: number }

export class MirrorFiles {
  readonly #folder: string
  readonly #lock: FileLock

  private constructor(folder: string, lock: FileLock) {
    this.#folder = folder
    this.#lock = lock
  }

  /**
   * The folder is made when it is missing. Throws the Faults `configuration`, for a folder of
   * something else, and `storage-unavailable`.
   */
  static async open(folder: string): Promise<MirrorFiles> {
    return onStorage(`open the mirror ${folder}`, async () => {
      await makeDurableFolder(folder, 0o700)
      const other = readdirSync(folder).find(name => !KNOWN.includes(name) && !name.startsWith('.tmp-'))
      if (other !== undefined)
        throw new Fault('configuration', `expected an empty folder or a mirror, found ${quote(other)} in ${folder}`)
      return new MirrorFiles(folder, lockFolder(folder))
    })
  }

  close(): void {
    this.#lock.release()
  }

  async latest(): Promise<string | undefined> {
    const path = join(this.#folder, LATEST)
    return existsSync(path) ? readFile(path, 'utf8') : undefined
  }

  /** Undefined where it is missing. */
  async entries(index: number, width: number): Promise<Buffer | undefined> {
    return readFile(this.#bundle(index, width)).catch(error => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  }

  /** Of which nothing is verified yet: beside the tiles, where nobody looks for entries. */
  async putIncoming({ index, width }: Bundle, octets: Uint8Array): Promise<void> {
    await makeDurableFolder(join(this.#folder, INCOMING), 0o700)
    await writeDurableFile(this.#incoming(index, width), octets, { mode: 0o600, replace: true })
  }

  /**
   * What came in was verified, and becomes tiles. Crash on the way: some are there, beyond the
   * checkpoint, and are written again.
   */
  async takeIncoming(bundles: Iterable<Bundle>): Promise<void> {
    const folders = new Set<string>()
    for (const { index, width } of bundles) {
      const place = this.#bundle(index, width)
      if (!folders.has(dirname(place))) await makeDurableFolder(dirname(place), 0o700)
      await rename(this.#incoming(index, width), place)
      folders.add(dirname(place))
    }
    for (const folder of folders) await syncFolder(folder)
    await this.dropIncoming()
  }

  /** Unsigned, and not the log's: it proves nothing. */
  async dropIncoming(): Promise<void> {
    await rm(join(this.#folder, INCOMING), { recursive: true, force: true })
  }

  /**
   * Crash, or a full disk, on the way: the note is the latest, and not whole among all until the
   * next one is put.
   */
  async putCheckpoint(note: string): Promise<void> {
    await this.#completeAll()
    await writeDurableFile(join(this.#folder, LATEST), note, { mode: 0o600, replace: true })
    await this.#completeAll()
  }

  /** All checkpoints end with the latest, of which a part may be there. */
  async #completeAll(): Promise<void> {
    const note = Buffer.from((await this.latest()) ?? '')
    const file = await open(join(this.#folder, ALL_CHECKPOINTS), 'a+', 0o600)
    try {
      const { size } = await file.stat()
      const length = Math.min(size, note.length)
      const { buffer: end } = await file.read(Buffer.alloc(length), 0, length, size - length)
      let part = length
      while (!end.subarray(length - part).equals(note.subarray(0, part))) part--
      await file.appendFile(note.subarray(part))
      await file.sync()
    } finally {
      await file.close()
    }
    await syncFolder(this.#folder)
  }

  /** Bundles that were cut off, of which a longer one has all entries. */
  async dropShorter(index: number, width: number): Promise<void> {
    const folder = dirname(this.#bundle(index, 1))
    const names = await readdir(folder).catch(() => [])
    for (const name of names) if (Number(name) < width) await rm(join(folder, name))
    if (width === TILE_WIDTH) await rm(folder, { recursive: true, force: true })
  }

  /**
   * Keeps both sides of a contradiction, by name, once; returns their folder. Undefined when there
   * are too many of its kind: the first ones stay.
   */
  async keepEvidence(
    kind: keyof typeof MOST_EVIDENCE,
    sides: Readonly<Record<string, string | Uint8Array | undefined>>,
  ): Promise<string | undefined> {
    const found = Object.entries(sides).flatMap(([name, octets]) =>
      octets === undefined ? [] : [[name, Buffer.from(octets as Uint8Array)] as const],
    )
    const digest = createHash('sha256')
    for (const [name, octets] of found) digest.update(`${name} ${octets.length}\n`).update(octets)
    const all = join(this.#folder, EVIDENCE)
    const folder = join(all, `${kind}-${digest.digest('hex').slice(0, NAME_CHARACTERS)}`)
    const kept = existsSync(all) ? readdirSync(all).filter(name => name.startsWith(`${kind}-`)).length : 0
    if (!existsSync(folder) && kept >= MOST_EVIDENCE[kind]) return undefined
    await makeDurableFolder(folder, 0o700)
    for (const [name, octets] of found)
      if (!existsSync(join(folder, name))) await writeDurableFile(join(folder, name), octets, { mode: 0o600 })
    return folder
  }

  #bundle(index: number, width: number): string {
    return join(this.#folder, formatTilePath({ level: 'entries', index, width }))
  }

  #incoming(index: number, width: number): string {
    return join(this.#folder, INCOMING, `${index}-${width}`)
  }
}
