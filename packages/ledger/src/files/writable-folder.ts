// Whether a data folder can be used, or made, by this user: looked at without making anything.
import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
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
