// Checkpoints that one party has seen, as a file.
import { Fault, resolveUserPath } from '@seg/core'
import { type LogVerifier, readNotes, type Sighting, sight } from '@seg/ledger'
import { readInputFile } from '../input-file.ts'

const MOST_BYTES = 64 * 1024 * 1024

/**
 * Reads such a file. Throws the Faults `file-unreadable`, and `log-invalid` for one that holds no
 * checkpoint.
 */
export async function readCheckpointFile(file: string, verifiers: readonly LogVerifier[]): Promise<Sighting> {
  const path = resolveUserPath(file)
  const notes = readNotes((await readInputFile(file, { most: MOST_BYTES })).toString('utf8'))
  if (notes.length === 0)
    throw new Fault(
      'log-invalid',
      `expected checkpoints in ${path}, as \`sender log show --out FILE\` writes them, found none`,
    )
  return sight(file, notes, verifiers)
}
