// A log from its files alone: the checkpoint, the entries under it, every tile, and that it is the
// log of before, grown.
import type { Checkpoint } from './checkpoint.ts'
import { type Entry, readEntry } from './entry.ts'
import { followKeys, type KeyInUse, openUnder, openUnderAny, type Rotation } from './log-keys.ts'
import { checkConsistency, consistencyProof, hashEntry, type RangeHash, rangeHash, type TreeHead } from './merkle.ts'
import { demand } from './rejected.ts'
import { type Fetch, fetchEntries, fetchTree, hashesOf, tilePath, tilesOf } from './tiles.ts'

export type VerifiedLog = {
  readonly head: Checkpoint
  readonly octets: readonly Buffer[]
  readonly entries: readonly Entry[]
  readonly hash: RangeHash
  readonly keys: readonly KeyInUse[]
  /** Starts at which the clock had been set back. */
  readonly setBacks: number
}

/** How far a time may go back since the last start, or lie ahead of ours; milliseconds. */
const CLOCKS_OFF = 3_600_000

/**
 * Everything at once: whoever audits the log reads all of it. `logPub` is the content of log.pub,
 * `rotations` what the receiver shows of each entry that names another key of the log.
 */
export async function verifyLog(
  fetch: Fetch,
  logPub: string,
  rotations: readonly Rotation[] = [],
): Promise<VerifiedLog> {
  const note = await fetch('checkpoint')
  const head = openUnderAny(logPub, note)
  const octets = await fetchEntries(head.size, fetch)
  const hash = rangeHash(octets.map(hashEntry))
  demand(hash(0, head.size).equals(head.root), 'the entries do not have the root of the checkpoint')
  for (const tile of tilesOf(head.size)) {
    const served = await fetch(tilePath(tile))
    demand(served.equals(Buffer.concat(hashesOf(tile, hash))), `${tilePath(tile)} is not that of the entries`)
  }
  const entries = octets.map(readEntry)
  const keys = followKeys(logPub, entries, rotations)
  openUnder(keys, note, head.size)
  checkVersions(entries)
  checkConflicts(entries)
  checkCommitments(entries)
  return { head, octets, entries, hash, keys, setBacks: checkTimes(entries, new Date()) }
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

/** Whoever knows what one commitment is of knows it of each that is the same. */
function checkCommitments(entries: readonly Entry[]): void {
  const blinded = entries.filter(({ v }) => v === 2).map(({ facts }) => facts)
  demand(new Set(blinded).size === blinded.length, 'two entries have one commitment')
}

/** Within one run of the receiver; a start may go back, and is counted. */
function checkTimes(entries: readonly Entry[], now: Date): number {
  let [latest, setBacks] = [Number.NEGATIVE_INFINITY, 0]
  for (const [index, { type, at }] of entries.entries()) {
    const time = Date.parse(at)
    const isBack = time < latest - CLOCKS_OFF
    demand(!isBack || type === 'start', `entry ${index} is of ${at}, after later ones`)
    if (isBack) setBacks++
    latest = type === 'start' ? time : Math.max(latest, time)
  }
  demand(latest <= now.getTime() + CLOCKS_OFF, 'the log lies ahead of the clock here')
  return setBacks
}

/** A log continues in the latest version once it has an entry of it. */
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
