// Small files that a command names.
import { readFile } from 'node:fs/promises'
import { onFile, resolveUserPath } from '@seg/core'

/**
 * The whole file; a relative path starts where the user typed it. Throws Fault `file-unreadable`.
 */
export async function readInputFile(file: string): Promise<Buffer> {
  const path = resolveUserPath(file)
  return onFile('read', path, () => readFile(path))
}
