// Proofs from a log that is served as tiles: O(log n) of them are fetched.
import { Fault } from '@seg/core'
import { LogTree } from './log-tree.ts'
import { HASH_BYTES } from './merkle.ts'
import { formatTilePath, splitTile, TILE_WIDTH, type TileName } from './tiles.ts'

/**
 * Gives the hashes of a tile, full or partial; whether they are the log's is what the proof made of
 * them shows.
 */
export type FetchTile = (name: TileName) => Promise<Buffer>

export type ServedTree = {
  /**
   * The proof (RFC 6962 2.1.2) that the tree begins with that of `older` leaves;
   * `verifyConsistency` checks it.
   */
  proveFrom(older: number): Promise<Buffer[]>
  /** The audit path of an entry (RFC 6962 2.1.1); `verifyInclusion` checks it. */
  proveEntry(index: number): Promise<Buffer[]>
}

/** A full tile that the tree asked for and that is not here yet. */
class TileMissing extends Error {
  readonly level: number
  readonly index: number

  constructor(level: number, index: number) {
    super(`tile ${level}/${index}`)
    this.level = level
    this.index = index
  }
}

/**
 * Opens the tree of `size` leaves of a log: its right edge is fetched now, the rest as it is
 * needed, once. Throws the Fault `log-invalid` for a tile that is none, and what comes out of
 * `fetchTile`.
 */
export async function openServedTree(size: number, fetchTile: FetchTile): Promise<ServedTree> {
  const fetchHashes = async (name: TileName) => {
    const tile = await fetchTile(name)
    if (tile.length === name.width * HASH_BYTES) return tile
    throw new Fault(
      'log-invalid',
      `expected ${name.width} hashes in ${formatTilePath(name)}, found ${tile.length} octets`,
    )
  }
  const tiles = new Map<string, Buffer>()
  const readTile = (level: number, index: number) => {
    const tile = tiles.get(`${level}/${index}`)
    if (tile === undefined) throw new TileMissing(level, index)
    return tile
  }
  const edge = await Promise.all(edgeOf(size).map(async name => (name ? splitTile(await fetchHashes(name)) : [])))
  const tree = new LogTree(readTile, size, edge)
  /** Once more with each tile that turns out to be needed. */
  const fetching = async (prove: () => Buffer[]) => {
    for (;;) {
      try {
        return prove()
      } catch (error) {
        if (!(error instanceof TileMissing)) throw error
        const { level, index } = error
        tiles.set(`${level}/${index}`, await fetchHashes({ level, index, width: TILE_WIDTH }))
      }
    }
  }
  return {
    proveFrom: older => fetching(() => tree.proveConsistency(older, size)),
    proveEntry: index => fetching(() => tree.proveInclusion(index, size)),
  }
}

/**
 * The partial tile of each level at the right edge of a tree; undefined where it would be empty.
 */
function edgeOf(size: number): (TileName | undefined)[] {
  const edge: (TileName | undefined)[] = []
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / TILE_WIDTH)) {
    const width = hashes % TILE_WIDTH
    edge.push(width === 0 ? undefined : { level, index: Math.floor(hashes / TILE_WIDTH), width })
  }
  return edge
}
