// A growing log's tree: its right edge in memory, the tiles behind it wherever they are kept.
// Proofs read O(log n) tiles.
import { EMPTY_ROOT, hashChildren, isPowerOfTwo, type TreeHead } from './merkle.ts'
import { TileNodes } from './tile-nodes.ts'
import { splitTile, TILE_WIDTH } from './tiles.ts'

const TILE_HEIGHT = 8
/** Full tiles remembered: those that the latest entries stand in. */
const REMEMBERED = 16

/**
 * A tile that has just become full; each is returned once, and never changes. Its root is a hash of
 * the level above.
 */
export type CompletedTile = {
  readonly level: number
  readonly index: number
  readonly hashes: Buffer
  readonly root: Buffer
}

/** The octets of a full tile. */
export type ReadTile = (level: number, index: number) => Buffer

export class LogTree {
  #size: number
  readonly #readTile: ReadTile
  /** The partial tile of each level; one that would be empty is there all the same. */
  readonly #edge: TileNodes[]
  readonly #remembered = new Map<string, TileNodes>()
  /** Roots of incomplete subtrees that end with the last leaf, by their first leaf. */
  readonly #incomplete = new Map<number, Buffer>()

  /** `edge` has the hashes of the partial tile of each level, from 0 on. */
  constructor(readTile: ReadTile, size = 0, edge: readonly (readonly Buffer[])[] = []) {
    this.#readTile = readTile
    this.#size = size
    this.#edge = edge.map(hashes => new TileNodes(hashes))
  }

  get size(): number {
    return this.#size
  }

  get head(): TreeHead {
    return { size: this.#size, root: this.root(this.#size) }
  }

  append(leafHash: Buffer): CompletedTile[] {
    const completed: CompletedTile[] = []
    let hash = leafHash
    for (let level = 0; ; level++) {
      this.#edge[level] ??= new TileNodes()
      const tile = this.#edge[level]!
      tile.push(hash)
      if (!tile.isFull) break
      const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1))
      hash = tile.node(TILE_HEIGHT, 0)
      completed.push({ level, index, hashes: tile.octets(), root: hash })
      this.#remember(level, index, tile)
      this.#edge[level] = new TileNodes()
    }
    this.#size++
    this.#incomplete.clear()
    return completed
  }

  /** Root of the tree of the first `size` leaves. */
  root(size: number): Buffer {
    return size === 0 ? EMPTY_ROOT : this.#hashRange(0, size)
  }

  /** RFC 6962 2.1.1, from the leaf up. */
  proveInclusion(index: number, size: number): Buffer[] {
    if (!(index >= 0 && index < size && size <= this.#size))
      throw new RangeError(`no leaf ${index} in a tree of ${size} of ${this.#size}`)
    const proof: Buffer[] = []
    let [from, to] = [0, size]
    while (to - from > 1) {
      const middle = from + splitOf(to - from)
      if (index < middle) {
        proof.push(this.#hashRange(middle, to))
        to = middle
      } else {
        proof.push(this.#hashRange(from, middle))
        from = middle
      }
    }
    return proof.reverse()
  }

  /** RFC 6962 2.1.2: that the tree of `newer` leaves begins with that of `older`. */
  proveConsistency(older: number, newer: number): Buffer[] {
    if (!(older >= 0 && older <= newer && newer <= this.#size))
      throw new RangeError(`no trees of ${older} and ${newer} of ${this.#size}`)
    if (older === 0 || older === newer) return []
    const proof: Buffer[] = []
    let [from, to, isWhole] = [0, newer, true]
    while (older !== to) {
      const middle = from + splitOf(to - from)
      if (older <= middle) {
        proof.push(this.#hashRange(middle, to))
        to = middle
      } else {
        proof.push(this.#hashRange(from, middle))
        from = middle
        isWhole = false
      }
    }
    if (!isWhole) proof.push(this.#hashRange(from, to))
    return proof.reverse()
  }

  /**
   * Root of the leaves [from, to), where `from` is a multiple of the smallest power of two that
   * holds them.
   */
  #hashRange(from: number, to: number): Buffer {
    const count = to - from
    if (isPowerOfTwo(count)) return this.#node(Math.round(Math.log2(count)), from / count)
    const isLast = to === this.#size
    const known = isLast ? this.#incomplete.get(from) : undefined
    if (known !== undefined) return known
    const middle = from + splitOf(count)
    const root = hashChildren(this.#hashRange(from, middle), this.#hashRange(middle, to))
    if (isLast) this.#incomplete.set(from, root)
    return root
  }

  /** Root of the complete subtree of 2^height leaves, the `index`th of its kind. */
  #node(height: number, index: number): Buffer {
    // The root of a full tile is a hash of the level above, if that has it: its own tile is then
    // full or at the edge.
    const level = Math.floor(height / TILE_HEIGHT)
    const inside = height % TILE_HEIGHT
    const perTile = 2 ** (TILE_HEIGHT - inside)
    return this.#nodes(level, Math.floor(index / perTile)).node(inside, index % perTile)
  }

  #nodes(level: number, index: number): TileNodes {
    const edgeIndex = Math.floor(this.#size / TILE_WIDTH ** (level + 1))
    if (index === edgeIndex) return this.#edge[level] ?? new TileNodes()
    const remembered = this.#remembered.get(`${level}/${index}`)
    if (remembered !== undefined) return remembered
    const read = new TileNodes(splitTile(this.#readTile(level, index)))
    this.#remember(level, index, read)
    return read
  }

  #remember(level: number, index: number, nodes: TileNodes): void {
    this.#remembered.set(`${level}/${index}`, nodes)
    if (this.#remembered.size > REMEMBERED) this.#remembered.delete(this.#remembered.keys().next().value!)
  }
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}
