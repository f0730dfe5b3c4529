// The files of a log, from the page c2sp.org/tlog-tiles: their names, what is in them, and the tree
// that they are.
import { hashNode, type RangeHash, rangeHash, split } from './merkle.ts'
import { demand } from './rejected.ts'

/** The bytes at a path below the log's prefix. */
export type Fetch = (path: string) => Promise<Buffer>
export type Tile = { readonly level: number; readonly index: number; readonly width: number }

const WIDTH = 256

/**
 * Every tile of a tree of `size`: at level l, floor(size / 256**l) hashes, the last tile partial
 * when they do not fill it.
 */
export function tilesOf(size: number): Tile[] {
  const tiles: Tile[] = []
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / WIDTH)) {
    for (let index = 0; index * WIDTH < hashes; index++)
      tiles.push({ level, index, width: Math.min(WIDTH, hashes - index * WIDTH) })
  }
  return tiles
}

export function tilePath({ level, index, width }: Tile): string {
  return `tile/${level}/${fileName(index, width)}`
}

/** Entry bundles are cut as the tiles of level 0 are. */
export function bundlePath({ index, width }: Omit<Tile, 'level'>): string {
  return `tile/entries/${fileName(index, width)}`
}

/**
 * The hashes that a tile must hold: the n-th of level l has MTH(D[(n * 256 + i) * 256**l : (n * 256
 * + i + 1) * 256**l]).
 */
export function hashesOf({ level, index, width }: Tile, hash: RangeHash): Buffer[] {
  const span = WIDTH ** level
  return Array.from({ length: width }, (_, i) => hash((index * WIDTH + i) * span, (index * WIDTH + i + 1) * span))
}

export async function fetchEntries(size: number, fetch: Fetch): Promise<Buffer[]> {
  const bundles = tilesOf(size).filter(({ level }) => level === 0)
  const entries = await Promise.all(
    bundles.map(async bundle => splitBundle(await fetch(bundlePath(bundle)), bundle.width)),
  )
  return entries.flat()
}

/**
 * The tree of `size` as its tiles tell it, without an entry: hashes of subtrees are looked up where
 * a tile has them. Every full tile must have the hash that the level above has for it, so that no
 * octet of a tile is believed that the root does not cover.
 */
export async function fetchTree(size: number, fetch: Fetch): Promise<RangeHash> {
  const tiles = new Map<string, readonly Buffer[]>()
  const load = async (tile: Tile) =>
    tiles.set(`${tile.level}/${tile.index}`, splitTile(await fetch(tilePath(tile)), tile.width))
  await Promise.all(tilesOf(size).map(load))
  const hash: RangeHash = (start, end) => {
    const count = end - start
    const level = Math.log2(count) / 8
    const place = start / count
    if (Number.isInteger(level) && Number.isInteger(place)) {
      const found = tiles.get(`${level}/${Math.floor(place / WIDTH)}`)?.[place % WIDTH]
      if (found !== undefined) return found
    }
    demand(count > 1 && end <= size, `no tile has a hash of D[${start}:${end}]`)
    const middle = start + split(count)
    return hashNode(hash(start, middle), hash(middle, end))
  }
  for (const [name, hashes] of tiles) {
    if (hashes.length < WIDTH) continue
    const [level, index] = name.split('/').map(Number) as [number, number]
    const above = tiles.get(`${level + 1}/${Math.floor(index / WIDTH)}`)?.[index % WIDTH]
    demand(above?.equals(rangeHash(hashes)(0, WIDTH)) === true, `tile ${name} is not what the level above says`)
  }
  return hash
}

function fileName(index: number, width: number): string {
  const groups = String(index)
    .padStart(Math.ceil(String(index).length / 3) * 3, '0')
    .match(/.{3}/g)!
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return width === WIDTH ? name : `${name}.p/${width}`
}

function splitTile(octets: Buffer, width: number): Buffer[] {
  demand(octets.length === width * 32, `a tile of ${width} hashes has ${octets.length} octets`)
  return Array.from({ length: width }, (_, i) => octets.subarray(i * 32, i * 32 + 32))
}

/** Each entry stands behind its length, a big-endian uint16. */
function splitBundle(octets: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = []
  let rest = octets
  while (rest.length > 0) {
    demand(rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(), 'an entry bundle ends within an entry')
    const end = 2 + rest.readUInt16BE()
    entries.push(rest.subarray(2, end))
    rest = rest.subarray(end)
  }
  demand(entries.length === width, `a bundle of ${width} entries has ${entries.length}`)
  return entries
}
