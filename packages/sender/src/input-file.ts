// Small files that a command names.
import { onFile, readInput, resolveUserPath, type SmallInput } from '@seg/core'

/**
 * The whole file; a relative path starts where the user typed it. Throws Fault `file-unreadable`.
 */
export async function readInputFile(file: string, options?: SmallInput): Promise<Buffer> {
  const path = resolveUserPath(file)
  return onFile('read', path, async () => readInput(path, options))
}
