// The hashes of one tile and of all complete subtrees inside it, growing from the left.
import { hashChildren } from './merkle.ts'
import { TILE_WIDTH } from './tiles.ts'

export class TileNodes {
  /** By height above the tile's own hashes, 0 to 8. */
  readonly #heights: Buffer[][] = [[]]

  constructor(hashes: readonly Buffer[] = []) {
    for (const hash of hashes) this.push(hash)
  }

  get width(): number {
    return this.#heights[0]!.length
  }

  get isFull(): boolean {
    return this.width === TILE_WIDTH
  }

  /** One hash more, and each subtree that it completes. */
  push(hash: Buffer): void {
    let node = hash
    for (let height = 0; ; height++) {
      this.#heights[height] ??= []
      const row = this.#heights[height]!
      row.push(node)
      if (row.length % 2 === 1) return
      node = hashChildren(row.at(-2)!, row.at(-1)!)
    }
  }

  /** Root of the complete subtree of 2^height hashes, the `index`th of its kind. */
  node(height: number, index: number): Buffer {
    const node = this.#heights[height]?.[index]
    if (node === undefined)
      throw new TypeError(`a tile of ${this.width} hashes has no node ${index} at height ${height}`)
    return node
  }

  /** Its own hashes. */
  octets(): Buffer {
    return Buffer.concat(this.#heights[0]!)
  }
}
