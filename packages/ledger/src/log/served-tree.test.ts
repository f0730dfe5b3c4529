// Proofs made of served tiles alone, for trees around every boundary of the tiles.
import t from 'tap'
import { LogTree } from './log-tree.ts'
import { hashLeaf, type TreeHead, verifyConsistency } from './merkle.ts'
import { type FetchTile, openServedTree } from './served-tree.ts'
import { formatTilePath } from './tiles.ts'

const SIZE = 70_000

/** A log that serves what it has, and counts what is asked for. */
function openLog(leafAt: (index: number) => string) {
  const hashes: Buffer[][] = [[]]
  const tileOf = (level: number, index: number, width = 256) =>
    Buffer.concat(hashes[level]!.slice(index * 256, index * 256 + width))
  const tree = new LogTree(tileOf)
  for (let i = 0; i < SIZE; i++) {
    const hash = hashLeaf(Buffer.from(leafAt(i)))
    hashes[0]!.push(hash)
    for (const { level, root } of tree.append(hash)) {
      hashes[level + 1] ??= []
      hashes[level + 1]!.push(root)
    }
  }
  const asked: string[] = []
  const fetchTile: FetchTile = async ({ level, index, width }) => {
    asked.push(formatTilePath({ level, index, width }))
    return tileOf(Number(level), index, width)
  }
  const head = (size: number): TreeHead => ({ size, root: tree.root(size) })
  return { fetchTile, head, asked }
}

const honest = openLog(String)
const prove = async (older: number, newer: number, fetchTile: FetchTile) =>
  (await openServedTree(newer, fetchTile)).proveFrom(older)
const sizes = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_000, SIZE]

t.test('proves that every later tree begins with every earlier one', async t => {
  for (const newer of sizes) {
    for (const older of sizes.filter(size => size <= newer)) {
      const proof = await prove(older, newer, honest.fetchTile)
      t.doesNotThrow(() => verifyConsistency(honest.head(older), honest.head(newer), proof), `${older} to ${newer}`)
    }
  }
})

t.test('asks for a handful of tiles, however long the log is', async t => {
  honest.asked.length = 0
  await prove(257, SIZE, honest.fetchTile)
  t.ok(honest.asked.length <= 6, honest.asked.join(' '))
})

t.test('has no proof for a log that was rewritten', async t => {
  const rewritten = openLog(index => (index === 100 ? 'another' : String(index)))
  for (const older of [101, 256, 300, 65_537]) {
    const proof = await prove(older, SIZE, rewritten.fetchTile)
    t.throws(
      () => verifyConsistency(honest.head(older), rewritten.head(SIZE), proof),
      { code: 'log-invalid' },
      `${older}`,
    )
  }
  const proof = await prove(100, SIZE, rewritten.fetchTile)
  t.doesNotThrow(
    () => verifyConsistency(honest.head(100), rewritten.head(SIZE), proof),
    'up to there it is the same log',
  )
})

t.test('takes no tile of another length', async t => {
  for (const octets of [0, 31, 33, 32 * 256])
    await t.rejects(
      prove(3, 5, async () => Buffer.alloc(octets)),
      { code: 'log-invalid' },
    )
})

t.test('whatever size was signed, and whatever is served for it, leads to a refusal and not to a defect', async t => {
  const fetchTile: FetchTile = async ({ width }) => Buffer.alloc(32 * width, 7)
  const most = 2 ** 48
  const root = Buffer.alloc(32, 7)
  for (const newer of [most, most - 1, most - 2, 2 ** 47 + 1, 2 ** 33])
    for (const older of [1, 256, 2 ** 32 - 1, 2 ** 47 - 1, 2 ** 47, newer - 1].filter(size => size < newer)) {
      const proof = await prove(older, newer, fetchTile)
      t.ok(proof.length <= 49)
      const verify = () => verifyConsistency({ size: older, root }, { size: newer, root }, proof)
      t.throws(verify, { code: 'log-invalid' }, `${older} in ${newer}`)
    }
})
