// What a crash, or an older ledger, leaves without a row that names it: moved, never deleted.
import { lstat, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { amount, makeDurableFolder, quote, syncFolder } from '@seg/core'
import { OURS } from './staged-document.ts'

type Note = (line: string) => void

/**
 * Moves the files of ours in `contents` that no row names to a folder of their own. A crash leaves
 * one between its rename and its commit; a ledger from a backup leaves all that was accepted since.
 */
export async function putUnclaimedAside(
  contents: string,
  aside: string,
  isNamed: (name: string) => boolean,
  note: Note,
) {
  const { ours, others } = await sort(contents)
  const unnamed = ours.filter(name => !isNamed(name))
  if (others.length > 0) note(describeOthers(contents, others))
  if (unnamed.length === 0) return
  const place = join(aside, new Date().toISOString().replaceAll(':', '-'))
  await makeDurableFolder(place, 0o700)
  for (const name of unnamed) await rename(join(contents, name), join(place, name))
  await syncFolder(place)
  await syncFolder(contents)
  note(
    `${amount(unnamed.length, 'document')} in ${contents} in no row of the ledger: moved to ${place}; ` +
      'one or a few are what a crash leaves, ' +
      'many mean that the ledger is older than they are (a backup): compare before you delete them',
  )
}

/** Removes documents that another process of ours was receiving when it ended. */
export async function removeMarked(staging: string, mark: string): Promise<void> {
  const { ours } = await sort(staging)
  for (const name of ours) if (name.endsWith(mark)) await unlink(join(staging, name)).catch(() => {})
}

/** Removes documents that were being received when the process ended: none was acknowledged. */
export async function emptyStaging(staging: string, note: Note): Promise<void> {
  const { ours, others } = await sort(staging)
  for (const name of ours) await unlink(join(staging, name))
  if (others.length > 0) note(describeOthers(staging, others))
}

async function sort(folder: string): Promise<{ ours: string[]; others: string[] }> {
  const ours: string[] = []
  const others: string[] = []
  for (const name of await readdir(folder)) {
    const isOurs = OURS.test(name) && (await lstat(join(folder, name))).isFile()
    ;(isOurs ? ours : others).push(name)
  }
  return { ours, others }
}

function describeOthers(folder: string, names: readonly string[]): string {
  return (
    `${folder} holds what the receiver did not put there ` +
    `(${names.length}, the first is ${quote(names[0]!)}): left as it is`
  )
}
