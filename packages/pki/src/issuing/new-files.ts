// Files of keys, requests and certificates that a command makes: none that is there is replaced
// without a copy.
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, makeDurableFolder } from '@seg/core'
import { keepFiles } from './keep-files.ts'
import { writeCertsFile } from './write-certs-file.ts'

export type NamedFile = { readonly name: string; readonly text: string }

/** All or none. Throws the Faults `file-exists` and `file-unreadable`. */
export async function writeNewFiles(folder: string, files: readonly NamedFile[]): Promise<void> {
  await makeDurableFolder(folder)
  const written: string[] = []
  for (const { name, text } of files) {
    const path = join(folder, name)
    try {
      await writeCertsFile(path, text)
      written.push(path)
    } catch (cause) {
      await Promise.all(written.map(file => rm(file, { force: true })))
      const { code, message } = cause as NodeJS.ErrnoException
      throw code === 'EEXIST'
        ? new Fault('file-exists', `nothing was written, because ${path} is there: choose another --out`, { cause })
        : new Fault('file-unreadable', `cannot write ${path}: ${message}`, { cause })
    }
  }
}

/**
 * Replaces files of one folder, of which copies are kept in the folder that is returned. The key
 * comes first: a crash after it leaves one that does not belong to its certificate, which every
 * start refuses, and the copies of both.
 */
export async function replaceFiles(folder: string, files: readonly NamedFile[], now: Date): Promise<string> {
  const kept = await keepFiles(
    folder,
    files.map(({ name }) => name),
    now,
  )
  for (const { name, text } of files) {
    await writeCertsFile(join(folder, name), text, { replace: true }).catch((cause: Error) => {
      throw new Fault('file-unreadable', `cannot write ${join(folder, name)}: ${cause.message}`, { cause })
    })
  }
  return kept ?? dirname(folder)
}
