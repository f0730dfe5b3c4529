// Tiles: how a log is served in pieces that never change (C2SP tlog-tiles).
import { Fault } from '@seg/core'
import { HASH_BYTES } from './merkle.ts'

/**
 * Hashes of a full tile. Level 0 has the hashes of leaves; a hash of the next level is the root of
 * a full tile.
 */
export const TILE_WIDTH = 256
const MOST_LEVELS = 6
/** Of a log whose tiles can all be named: 2^48, which numbers hold exactly, and their sums too. */
export const MOST_ENTRIES = TILE_WIDTH ** MOST_LEVELS

/** `width` is 1 to 256; level 'entries' stands for the leaves themselves. */
export type TileName = { readonly level: number | 'entries'; readonly index: number; readonly width: number }

/** `tile/0/x001/234`, with `.p/5` for a partial tile. */
export function formatTilePath({ level, index, width }: TileName): string {
  const groups = [String(index % 1000).padStart(3, '0')]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  return `tile/${level}/${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/** The one name that `path` writes; undefined when it writes none. */
export function parseTilePath(path: string): TileName | undefined {
  const match = /^tile\/(entries|\d)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
  if (match === null) return undefined
  const [, level, groups, partial] = match
  const name = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups!.replace(/[x/]/g, '')),
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  } as const
  // Written again, it shows leading groups of zeros, `.p/256` and more.
  const isCanonical = name.width <= TILE_WIDTH && formatTilePath(name) === path
  return isCanonical && (name.level === 'entries' || name.level < MOST_LEVELS) ? name : undefined
}

/** Leaves as an entry bundle: each behind its length in two octets, big-endian. */
export function formatEntries(leaves: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    leaves.flatMap(leaf => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(leaf.length)
      return [length, leaf]
    }),
  )
}

/** The leaves of an entry bundle. Throws the Fault `log-invalid` for what is none. */
export function splitEntries(bundle: Buffer): Buffer[] {
  const leaves: Buffer[] = []
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 <= bundle.length ? at + 2 + bundle.readUInt16BE(at) : Number.POSITIVE_INFINITY
    if (end > bundle.length) throw new Fault('log-invalid', `expected whole entries in a bundle, found a part at ${at}`)
    leaves.push(bundle.subarray(at + 2, end))
    at = end
  }
  return leaves
}

/** The hashes of a tile. */
export function splitTile(tile: Buffer): Buffer[] {
  return Array.from({ length: tile.length / HASH_BYTES }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
}
