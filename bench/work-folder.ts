// The folder of one run. Not in the system's folder for temporary files, which may lie in memory,
// where durability costs nothing.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { rootFolder } from '@seg/core'

/** Removed when `undo` is disposed. */
export async function makeWorkFolder(undo: AsyncDisposableStack): Promise<string> {
  const home = join(rootFolder, 'data')
  await mkdir(home, { recursive: true })
  const folder = await mkdtemp(join(home, 'bench-'))
  undo.defer(() => rm(folder, { recursive: true, force: true }))
  return folder
}
