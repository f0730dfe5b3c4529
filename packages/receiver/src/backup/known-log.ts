// Whether a stored log has all that others have seen of it.
import { amount, Fault, onFile, readInput } from '@seg/core'
import { openEvidence, parseVerifierKey, readNotes, type SignedCheckpoint, sight } from '@seg/ledger'

const MOST_BYTES = 64 * 1024 * 1024

/**
 * The checkpoints in a file that keys of the log have signed: signed notes, or what `sender log
 * show --out` writes. Throws the Faults `file-unreadable`, and `log-invalid` for none.
 */
export async function readKnown(path: string, verifierKeys: readonly string[]): Promise<readonly SignedCheckpoint[]> {
  const octets = await onFile('read', path, async () => readInput(path, { most: MOST_BYTES }))
  const { checkpoints } = sight(path, readNotes(octets.toString('utf8')), verifierKeys.map(parseVerifierKey))
  if (checkpoints.length === 0)
    throw new Fault('log-invalid', `expected checkpoints in ${path} that a key in log.pub has signed, found none`)
  return checkpoints
}

/**
 * The log in `folder`, which was verified, has `size` entries. Throws the Fault `log-invalid` for a
 * checkpoint of another history: a log signs each size once.
 */
export async function compareKnown(
  folder: string,
  size: number,
  known: readonly SignedCheckpoint[],
  verifierKeys: readonly string[],
): Promise<void> {
  const evidence = openEvidence(folder)
  try {
    for (const { size: at, root } of known) {
      if (at === 0 || at > size) continue
      const note = await evidence.checkpoint(at)
      const own = sight(folder, [String(note)], verifierKeys.map(parseVerifierKey)).checkpoints[0]
      if (own === undefined || !own.root.equals(root))
        throw new Fault(
          'log-invalid',
          `expected a checkpoint of the same history at ${amount(at, 'entry')}, found the root ` +
            `${root.toString('base64')}; the backup has ${own?.root.toString('base64') ?? 'none of this size'}`,
        )
    }
  } finally {
    await evidence.close()
  }
}
