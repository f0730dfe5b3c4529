// Makes a backup of a data folder, also while its gateway runs: a document is whole in it, or not
// in it.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, lstat, opendir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault, isSystemError, makeDurableFolder, syncFolder, writeDurableFile } from '@seg/core'
import { BACKUP_RECORD, checkNamed } from '../files/data-folder.ts'
import { onStorage } from '../files/storage-fault.ts'
import { describePlace, placeIn } from '../postgres/postgres-place.ts'
import { backupParts, type DescribedFile } from './backup-parts.ts'
import { openBackupPlace } from './backup-place.ts'
import type { BackupRecord } from './backup-record.ts'
import { copyFileSynced, linkEarlier } from './copied-file.ts'
import { openSnapshot } from './snapshot.ts'

/** Files between two reports of progress. */
const REPORTED = 100

export type BackupOptions = {
  readonly owner: 'receiver' | 'sender'
  readonly version: string
  readonly now: () => Date
  /** Gets what is being done, for a person. */
  readonly onProgress: (doing: string) => void
  /**
   * Verifies the copy in `folder`, with all that it is made of, and says what it found. What it
   * changes there is in the backup.
   */
  readonly verify: (folder: string) => Promise<Pick<BackupRecord, 'of' | 'log' | 'documents'>>
}

export type MadeBackup = {
  readonly path: string
  readonly record: BackupRecord
  /** Files that were read and written, and those that an earlier backup had. */
  readonly copied: number
  readonly linked: number
}

/**
 * Makes a folder in `place` that has all of `data` as it was at one moment after the call. Crash on
 * the way: an unfinished folder, which no command takes for a backup and the next run removes.
 * Throws the Faults `configuration`, `storage-unavailable`, `backup-invalid`, and what `verify`
 * throws: then there is no backup, and those made before are as they were.
 */
export async function makeBackup(data: string, place: string, options: BackupOptions): Promise<MadeBackup> {
  const { owner, version, now, onProgress, verify } = options
  const parts = backupParts[owner]
  checkNamed(data, parts.kind)
  const elsewhere = owner === 'sender' ? placeIn(data, 'outbox') : undefined
  if (elsewhere !== undefined)
    throw new Fault(
      'configuration',
      `the outbox of ${data} is in ${describePlace(elsewhere)}: back that up with PostgreSQL's own tools`,
    )
  if (!existsSync(join(data, parts.kind.database)))
    throw new Fault('configuration', `${data} has no ${parts.kind.database} yet: start the ${owner} first`)
  return onStorage(`back up ${data}`, async () => {
    const backups = await openBackupPlace(place, data, owner)
    try {
      const { unfinished } = backups
      const files = new FileCopier(data, unfinished, backups.earlier, onProgress)
      for (const name of parts.files) await files.copyFound(name)
      const at = now().toISOString()
      await copyDatabases(data, unfinished, parts.databases, onProgress)
      await copyNamed(join(unfinished, parts.kind.database), parts.named, files)
      for (const name of parts.folders) await files.copyFolder(name)
      await files.sync()
      const verified = await verify(unfinished)
      const databases = await sealDatabases(unfinished, parts.databases)
      const record: BackupRecord = { v: 1, owner, at, version, ...verified, databases }
      await writeDurableFile(join(unfinished, BACKUP_RECORD), `${JSON.stringify(record)}\n`, { mode: 0o400 })
      const { copied, linked } = files
      return { path: await backups.finish(now()), record, copied, linked }
    } finally {
      await backups.close()
    }
  })
}

/** All moments are taken before the first copy: they lie milliseconds apart. */
async function copyDatabases(
  data: string,
  folder: string,
  names: readonly string[],
  onProgress: (doing: string) => void,
): Promise<void> {
  const found = names.filter(name => existsSync(join(data, name)))
  const snapshots: (readonly [string, ReturnType<typeof openSnapshot>])[] = []
  try {
    for (const name of found) snapshots.push([name, openSnapshot(join(data, name))])
    for (const [name, snapshot] of snapshots)
      await snapshot.copyTo(join(folder, name), (done, of) => onProgress(`${name}: ${done} of ${of} pages copied`))
  } finally {
    for (const [, snapshot] of snapshots) snapshot.close()
  }
}

async function copyNamed(
  path: string,
  named: (main: DatabaseSync) => Iterable<DescribedFile>,
  files: FileCopier,
): Promise<void> {
  const main = new DatabaseSync(path, { readOnly: true })
  try {
    for (const file of named(main)) await files.copyNamed(file)
  } finally {
    main.close()
  }
}

/** From here on nothing changes them. */
async function sealDatabases(folder: string, names: readonly string[]): Promise<Record<string, string>> {
  const digests: Record<string, string> = {}
  for (const name of names.filter(name => existsSync(join(folder, name)))) {
    const hash = createHash('sha256')
    for await (const piece of createReadStream(join(folder, name))) hash.update(piece)
    digests[name] = hash.digest('hex')
    await chmod(join(folder, name), 0o400)
  }
  return digests
}

class FileCopier {
  copied = 0
  linked = 0
  readonly #data: string
  readonly #target: string
  readonly #earlier: string | undefined
  readonly #onProgress: (doing: string) => void
  readonly #folders = new Set<string>()

  constructor(data: string, target: string, earlier: string | undefined, onProgress: (doing: string) => void) {
    this.#data = data
    this.#target = target
    this.#earlier = earlier
    this.#onProgress = onProgress
  }

  /** What the database says of it must be true. Throws the Fault `backup-invalid`. */
  async copyNamed({ path, sha256 }: DescribedFile): Promise<void> {
    await this.#makeFolder(path)
    const target = join(this.#target, path)
    const isLinked = this.#earlier !== undefined && (await linkEarlier(join(this.#earlier, path), target, sha256))
    if (!isLinked) {
      const source = join(this.#data, path)
      const found = await copyFileSynced(source, target).catch(whenMissing)
      if (found?.sha256 !== sha256)
        throw new Fault(
          'backup-invalid',
          `${source} is ${found === undefined ? 'missing' : 'damaged'}: ` +
            `expected SHA-256 ${sha256}, found ${found?.sha256 ?? 'no file'}`,
        )
    }
    this.#count(isLinked)
  }

  /** Only if it is there, and not copied yet. */
  async copyFound(path: string): Promise<void> {
    const [source, target] = [join(this.#data, path), join(this.#target, path)]
    if (!(await isFile(source)) || (await isFile(target))) return
    await this.#makeFolder(path)
    await copyFileSynced(source, target).catch(whenMissing)
    this.#count(false)
  }

  async copyFolder(path: string): Promise<void> {
    const entries = await opendir(join(this.#data, path)).catch(whenMissing)
    for await (const entry of entries ?? []) {
      const inside = join(path, entry.name)
      if (entry.isDirectory()) await this.copyFolder(inside)
      else if (!entry.name.startsWith('.tmp-')) await this.copyFound(inside)
    }
  }

  async sync(): Promise<void> {
    for (const folder of this.#folders) await syncFolder(join(this.#target, folder))
  }

  async #makeFolder(path: string): Promise<void> {
    const folder = dirname(path)
    if (this.#folders.has(folder)) return
    await makeDurableFolder(join(this.#target, folder), 0o700)
    this.#folders.add(folder)
  }

  #count(isLinked: boolean): void {
    if (isLinked) this.linked++
    else this.copied++
    const files = this.copied + this.linked
    if (files % REPORTED === 0) this.#onProgress(`${files} files, ${this.linked} of them in the earlier backup already`)
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(whenMissing))?.isFile() ?? false
}

function whenMissing(error: unknown): undefined {
  if (!isSystemError(error, 'ENOENT')) throw error
  return undefined
}
