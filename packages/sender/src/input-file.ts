// The files that a command names, and the name it shows for them.
import { readFile } from 'node:fs/promises'
import { Fault, resolveUserPath } from '@seg/core'

/** The whole file; a relative path starts where the user typed it. Throws Fault `file-unreadable`. */
export async function readInputFile(file: string): Promise<Buffer> {
  const path = resolveUserPath(file)
  try {
    return await readFile(path)
  } catch (cause) {
    throw new Fault('file-unreadable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}
