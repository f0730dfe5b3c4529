// A log from its files alone: the checkpoint, the entries under it, every tile, and that it is the
// log of before, grown.
import { type Checkpoint, type NoteKey, openCheckpoint } from './checkpoint.ts'
import { type Entry, readEntry } from './entry.ts'
import { checkConsistency, consistencyProof, hashEntry, type RangeHash, rangeHash, type TreeHead } from './merkle.ts'
import { demand } from './rejected.ts'
import { type Fetch, fetchEntries, fetchTree, hashesOf, tilePath, tilesOf } from './tiles.ts'

export type VerifiedLog = {
  readonly head: Checkpoint
  readonly octets: readonly Buffer[]
  readonly entries: readonly Entry[]
  readonly hash: RangeHash
}

/** Everything at once: whoever audits the log reads all of it. */
export async function verifyLog(fetch: Fetch, key: NoteKey): Promise<VerifiedLog> {
  const head = openCheckpoint(await fetch('checkpoint'), key)
  const octets = await fetchEntries(head.size, fetch)
  const hash = rangeHash(octets.map(hashEntry))
  demand(hash(0, head.size).equals(head.root), 'the entries do not have the root of the checkpoint')
  for (const tile of tilesOf(head.size)) {
    const served = await fetch(tilePath(tile))
    demand(served.equals(Buffer.concat(hashesOf(tile, hash))), `${tilePath(tile)} is not that of the entries`)
  }
  const entries = octets.map(readEntry)
  checkVersions(entries)
  checkConflicts(entries)
  return { head, octets, entries, hash }
}

/** What a partner does who has no need of the entries: the root from the tiles. */
export async function verifyTiles(fetch: Fetch, head: TreeHead): Promise<RangeHash> {
  const hash = await fetchTree(head.size, fetch)
  demand(
    hash(0, head.size).equals(head.root),
    `the tiles of ${head.size} entries do not have the root of the checkpoint`,
  )
  return hash
}

/** That the log of an older checkpoint was only added to, by the tiles of the newer one. */
export async function verifyGrowth(fetch: Fetch, older: TreeHead, newer: TreeHead): Promise<void> {
  const hash = await verifyTiles(fetch, newer)
  checkConsistency(older, newer, consistencyProof(older.size, newer.size, hash))
}

/** A log goes on in the latest version once it has an entry of it. */
function checkVersions(entries: readonly Entry[]): void {
  const first = entries.findIndex(({ v }) => v === 2)
  const later = first < 0 ? [] : entries.slice(first)
  demand(
    later.every(({ v }) => v === 2),
    'there are entries of version 1 after the first of version 2',
  )
}

/**
 * In version 1, where entries show what they say: a conflict names the entry that took the id,
 * which is an acceptance before it.
 */
function checkConflicts(entries: readonly Entry[]): void {
  for (const [index, { v, type, accepted, sender, document, sha256 }] of entries.entries()) {
    if (v !== 1 || type !== 'conflict') continue
    const first = entries[Number(accepted)]
    const isSo =
      Number(accepted) < index && first?.type === 'accepted' && first.sender === sender && first.document === document
    demand(isSo && first.sha256 !== sha256, `entry ${index} is a conflict with none`)
  }
}
