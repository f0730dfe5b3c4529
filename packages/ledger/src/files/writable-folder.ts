// Whether a data folder can be used, or made, by this user: looked at without making anything.
import { randomBytes } from 'node:crypto'
import { access, constants, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, nameKind } from '@seg/core'

/** `place` is the folder, or the one that it would be made in. */
export type FolderPlace = { readonly isNew: boolean; readonly place: string }

/** Throws the Fault `configuration` when something else is where a folder must be made. */
export async function placeOfFolder(folder: string): Promise<FolderPlace> {
  for (let place = folder; ; place = dirname(place)) {
    const stats = await stat(place).catch(() => undefined)
    if (stats?.isDirectory()) return { isNew: place !== folder, place }
    if (stats !== undefined)
      throw new Fault(
        'configuration',
        `expected a folder at ${place}, found ${nameKind(stats)}; name another with --data`,
      )
  }
}

/** Throws the Fault `storage-unavailable`. */
export async function checkWritable(folder: string): Promise<void> {
  await access(folder, constants.W_OK | constants.X_OK).catch(cause => {
    throw new Fault(
      'storage-unavailable',
      `expected a folder that this user may write in at ${folder}: ${cause.message}`,
      { cause },
    )
  })
}

/**
 * That a file can be moved from one folder to the other. Nothing is made for that: Linux compares
 * the file systems before it looks for the file. Throws the Fault `configuration`, and errors of
 * the system.
 */
export async function checkOneFileSystem(from: string, to: string): Promise<void> {
  const name = randomBytes(16).toString('hex')
  await rename(join(from, name), join(to, name)).catch(cause => {
    if (cause.code === 'ENOENT') return
    if (cause.code !== 'EXDEV') throw cause
    throw new Fault(
      'configuration',
      `expected ${from} and ${to} on one file system, found two, ` +
        `and no document can be moved between them: mount one over ${dirname(to)}, and none inside it`,
      { cause },
    )
  })
}
