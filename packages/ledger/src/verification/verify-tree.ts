// The tree of a stored log, computed again from its entries: the tiles and checkpoints that are
// stored must be its own.
import { amount, Fault } from '@seg/core'
import { openCheckpoint } from '../log/checkpoint.ts'
import type { LogKeys } from '../log/log-keys.ts'
import { LogTree } from '../log/log-tree.ts'
import { hashLeaf } from '../log/merkle.ts'
import { formatTilePath, TILE_WIDTH } from '../log/tiles.ts'
import { type Evidence, octetsOf, type StoredCheckpoint } from './evidence.ts'

export class TreeCheck {
  readonly #evidence: Evidence
  readonly #keys: LogKeys
  readonly #tree: LogTree
  /** Checkpoints ahead, nearest first. */
  #ahead: StoredCheckpoint[] = []
  #checkpoints = 0

  /**
   * Begins with a tree of `size` entries that were checked already; `edge` as that of a LogTree.
   */
  constructor(evidence: Evidence, keys: LogKeys, size = 0, edge: readonly (readonly Buffer[])[] = []) {
    this.#evidence = evidence
    this.#keys = keys
    // Roots of a growing tree are computed from its edge, and from what has just become full.
    this.#tree = new LogTree(noStoredTile, size, edge)
  }

  /** How many were verified. */
  get checkpoints(): number {
    return this.#checkpoints
  }

  /** Announces the next entries: `from` to before `to`. */
  async expectCheckpoints(from: number, to: number): Promise<void> {
    this.#ahead = [...(await this.#evidence.checkpoints(from, to))]
  }

  async append(leaf: Buffer): Promise<void> {
    for (const { level, index, hashes, root } of this.#tree.append(hashLeaf(leaf))) {
      const stored = await this.#readTile(level, index)
      if (stored.hashes.equals(hashes) && stored.root.equals(root)) continue
      throw new Fault('log-invalid', `${nameOf(level, index)} is not that of its entries`)
    }
    if (this.#ahead[0]?.treeSize === this.#tree.size) this.#checkCheckpoint(this.#ahead.shift()!)
  }

  #checkCheckpoint({ treeSize, note }: StoredCheckpoint): void {
    const { size, root } = openStored(String(note), Number(treeSize), this.#keys)
    const computed = this.#tree.head
    if (size !== computed.size)
      throw new Fault('log-invalid', `the checkpoint at ${treeSize} speaks of ${amount(size, 'entry')}`)
    if (!root.equals(computed.root)) {
      const [found, expected] = [root.toString('hex'), computed.root.toString('hex')]
      throw new Fault('log-invalid', `the checkpoint at ${size} has the root ${found}, its entries have ${expected}`)
    }
    this.#checkpoints++
  }

  async #readTile(level: number, index: number): Promise<{ hashes: Buffer; root: Buffer }> {
    const tile = await this.#evidence.tile(level, index)
    const [hashes, root] = [octetsOf(tile?.hashes), octetsOf(tile?.root)]
    if (hashes === undefined || root === undefined) throw new Fault('log-invalid', `${nameOf(level, index)} is missing`)
    return { hashes, root }
  }
}

function noStoredTile(level: number, index: number): never {
  throw new TypeError(`${nameOf(level, index)} was asked for while the tree was computed`)
}

function openStored(note: string, treeSize: number, keys: LogKeys) {
  try {
    return openCheckpoint(note, keys.at(treeSize))
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault('log-invalid', `the checkpoint at ${treeSize}: ${cause.detail}`, { cause })
  }
}

function nameOf(level: number, index: number): string {
  return `the tile ${formatTilePath({ level, index, width: TILE_WIDTH })}`
}
