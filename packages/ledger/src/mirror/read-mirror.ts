// A mirror as evidence: its entries, which make the root of its checkpoint, and all checkpoints
// that it has seen.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { readNotes } from '../log/sightings.ts'
import { splitEntries, TILE_WIDTH } from '../log/tiles.ts'
import { openLogMirror } from './log-mirror.ts'
import { ALL_CHECKPOINTS, MirrorFiles } from './mirror-files.ts'

export type ReadMirror = {
  readonly size: number
  /** Signed notes, as they were seen. */
  readonly notes: readonly string[]
  /** Those of [from, to), all of which it has. */
  leaves(from: number, to: number): Promise<Buffer[]>
  close(): void
}

/** Throws the Faults of `openLogMirror`, and `configuration` for a folder that is no mirror. */
export async function readMirror(folder: string, logPub: readonly string[]): Promise<ReadMirror> {
  const path = join(folder, ALL_CHECKPOINTS)
  if (!existsSync(path))
    throw new Fault('configuration', `expected a mirror of the log in ${folder} (\`receiver log mirror\`), found none`)
  const mirror = await openLogMirror(folder, logPub)
  const { size } = mirror
  mirror.close()
  // Nobody else changes what was verified.
  const files = await MirrorFiles.open(folder)
  return {
    size,
    notes: readNotes(await readFile(path, 'utf8')),
    async leaves(from, to) {
      const found: Buffer[] = []
      for (let at = from; at < to; ) {
        const index = Math.floor(at / TILE_WIDTH)
        const first = index * TILE_WIDTH
        const octets = await files.entries(index, Math.min(TILE_WIDTH, size - first))
        const leaves = octets === undefined ? [] : splitEntries(octets).slice(at - first, to - first)
        if (leaves.length === 0) throw new Fault('log-invalid', `the mirror in ${folder} has lost its entry ${at}`)
        found.push(...leaves)
        at += leaves.length
      }
      return found
    },
    close: () => files.close(),
  }
}
