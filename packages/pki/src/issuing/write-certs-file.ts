// One file of a folder of certificates and keys, whole or not at all; what runs that were cut off
// left unfinished goes.
import { readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { writeDurableFile } from '@seg/core'

/** Milliseconds after which no process can still be writing a file of this size. */
const LONGEST_WRITE = 3_600_000

export type WriteOptions = { readonly replace?: boolean }

/** Keys are readable for their owner alone. Rejects as `writeDurableFile` does. */
export async function writeCertsFile(path: string, text: string | Buffer, options: WriteOptions = {}): Promise<void> {
  await removeUnfinished(dirname(path))
  await writeDurableFile(path, text, { mode: /\.key(\.next)?$/.test(basename(path)) ? 0o600 : 0o644, ...options })
}

/** What a kill left before its file had its name: it may be a key, and is not used. */
async function removeUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter(name => name.startsWith('.tmp-'))) {
    const path = join(folder, name)
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > LONGEST_WRITE) await rm(path, { force: true }).catch(() => {})
  }
}
