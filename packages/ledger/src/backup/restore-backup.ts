// Makes a data folder of a backup: all of it, or a folder that no gateway takes for whole.
import { existsSync, readdirSync } from 'node:fs'
import { opendir, rename } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault, makeDurableFolder, quote, syncFolder } from '@seg/core'
import { markFolder } from '../files/data-folder.ts'
import { lockFolder } from '../files/folder-lock.ts'
import { onStorage } from '../files/storage-fault.ts'
import { placeOfFolder } from '../files/writable-folder.ts'
import { backupParts } from './backup-parts.ts'
import type { findBackup } from './backup-place.ts'
import { copyFileSynced } from './copied-file.ts'

/** What a file system, and a lock, leave in a folder that is empty. */
const NOTHING = ['lost+found', 'lock']

/** Throws the Fault `configuration` for a folder that holds anything. */
export async function checkEmpty(data: string): Promise<void> {
  const { isNew } = await placeOfFolder(resolve(data))
  const found = isNew ? undefined : readdirSync(data).find(name => !NOTHING.includes(name))
  if (found !== undefined)
    throw new Fault(
      'configuration',
      `expected an empty folder, or none, at ${data}, found ${quote(found)}; a backup is restored into a new folder`,
    )
}

/**
 * Copies the backup into `data`; `enter` is called when everything but the name of the main
 * database is there, and gives it its name. Crash on the way: a folder that has lost its database,
 * as a start says. Throws the Faults `configuration`, `storage-unavailable` and `backup-invalid`.
 */
export async function restoreBackup(
  { path, record }: ReturnType<typeof findBackup>,
  data: string,
  onProgress: (doing: string) => void,
  enter: (giveName: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const parts = backupParts[record.owner]
  const main = parts.kind.database
  await onStorage(`restore ${path} into ${data}`, async () => {
    await checkEmpty(data)
    await makeDurableFolder(data, 0o700)
    const lock = lockFolder(data)
    try {
      await markFolder(data, parts.kind)
      const copier = new RestoredFiles(path, data)
      for (const name of parts.files) if (existsSync(join(path, name))) await copier.copy(name)
      for (const file of namedIn(join(path, main), parts)) {
        await copier.copy(file.path, file.sha256)
        if (copier.copied.size % 100 === 0) onProgress(`${copier.copied.size} files copied`)
      }
      for (const name of parts.folders) await copier.copyFolder(name)
      for (const name of parts.databases.filter(name => name !== main && existsSync(join(path, name))))
        await copier.copy(name, record.databases[name])
      await copier.copy(main, record.databases[main], `.restored-${main}`)
      await copier.sync()
    } finally {
      lock.release()
    }
    await enter(async () => {
      await rename(join(data, `.restored-${main}`), join(data, main))
      await syncFolder(data)
    })
  })
}

function* namedIn(path: string, { named }: (typeof backupParts)['receiver']) {
  const main = new DatabaseSync(path, { readOnly: true })
  try {
    yield* named(main)
  } finally {
    main.close()
  }
}

class RestoredFiles {
  readonly copied = new Set<string>()
  readonly #from: string
  readonly #to: string
  readonly #folders = new Set<string>(['.'])

  constructor(from: string, to: string) {
    this.#from = from
    this.#to = to
  }

  async copy(path: string, sha256?: string, as = path): Promise<void> {
    const folder = dirname(path)
    if (!this.#folders.has(folder)) await makeDurableFolder(join(this.#to, folder), 0o700)
    this.#folders.add(folder)
    const found = await copyFileSynced(join(this.#from, path), join(this.#to, as))
    if (sha256 !== undefined && found.sha256 !== sha256)
      throw new Fault(
        'backup-invalid',
        `${join(this.#from, path)} is damaged: expected SHA-256 ${sha256}, ` +
          `found ${found.sha256}; use an earlier backup`,
      )
    this.copied.add(path)
  }

  async copyFolder(path: string): Promise<void> {
    if (!existsSync(join(this.#from, path))) return
    for await (const entry of await opendir(join(this.#from, path))) {
      const inside = join(path, entry.name)
      if (entry.isDirectory()) await this.copyFolder(inside)
      else if (!this.copied.has(inside)) await this.copy(inside)
    }
  }

  async sync(): Promise<void> {
    for (const folder of this.#folders) await syncFolder(join(this.#to, folder))
  }
}
