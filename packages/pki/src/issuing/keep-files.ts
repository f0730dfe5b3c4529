// What is about to be replaced is copied into a folder of its own, named by the time, before
// anything else is written.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, makeDurableFolder, readInput } from '@seg/core'
import { writeCertsFile } from './write-certs-file.ts'

/**
 * Copies those of `names` that are in `folder` to `replaced-…` there, readable for its user alone.
 * The folder; undefined when none of them is there. Durable when it resolves. Crash on the way:
 * nothing is replaced yet, and the folder has some copies too many. Throws the Fault
 * `file-unreadable`.
 */
export async function keepFiles(folder: string, names: readonly string[], now: Date): Promise<string | undefined> {
  const files: { readonly name: string; readonly octets: Buffer }[] = []
  for (const name of names) {
    const octets = await readExisting(join(folder, name))
    if (octets !== undefined) files.push({ name, octets })
  }
  if (files.length === 0) return undefined
  const kept = await makeOwnFolder(
    join(
      folder,
      `replaced-${now
        .toISOString()
        .replace(/\.\d+Z$/, 'Z')
        .replaceAll(':', '')}`,
    ),
  )
  for (const { name, octets } of files) {
    await writeCertsFile(join(kept, name), octets).catch(cause => {
      throw unkept(join(folder, name), cause)
    })
  }
  return kept
}

async function readExisting(path: string): Promise<Buffer | undefined> {
  try {
    return readInput(path, { onlyFile: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unkept(path, cause)
  }
}

/** Never one that is there: two runs of one second get two. */
async function makeOwnFolder(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${path}-${number}`
    try {
      await makeDurableFolder(join(candidate, '..'))
      await mkdir(candidate, { mode: 0o700 })
      return candidate
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unkept(path, cause)
    }
  }
}

function unkept(path: string, cause: unknown): Fault {
  return new Fault('file-unreadable', `nothing was written: cannot keep ${path}: ${(cause as Error).message}`, {
    cause,
  })
}
