// Tiles and proofs as the recursion of RFC 6962 2.1 computes them from the entries, against what a
// receiver serves: logs of every size, over every edge.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openTestLedger } from '../../packages/receiver/src/testing/gateway.ts'
import { makePartner, openClient, signLetter } from '../support/client.ts'
import { startReceiver } from '../support/commands.ts'
import { readOpenings } from '../support/stored.ts'
import { openCheckpoint, readKey } from './checkpoint.ts'
import { openEntry, readEntry } from './entry.ts'
import { openLogClient } from './log-client.ts'
import { hashEntry, inclusionProof, rangeHash } from './merkle.ts'
import { checkReceipt } from './receipt.ts'
import { bundlePath, fetchEntries, hashesOf, type Tile, tilePath, tilesOf } from './tiles.ts'

/** Enough for a full tile of level 1, and a hash of level 2. */
const LONG = 2 ** 16 + 300
/** What the ledger's queue takes at once. */
const BURST = 1000

const folder = await mkdtemp(join(tmpdir(), 'seg-vectors-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, data] = [join(folder, 'certs'), join(folder, 'data')]
const partner = await makePartner(certs)
const key = readKey(await readFile(join(certs, 'log.pub'), 'utf8'))

const written = await writeLog(LONG)
const receiver = await startReceiver(t, ['--certs', certs, '--data', data])
const { fetch, close } = await openLogClient(receiver.url.origin, certs)
t.teardown(close)
const letter = await signLetter('first', 'one acceptance at the end', partner)
const client = openClient(receiver.url, partner)
const { body: receipt } = await client.post(letter)
client.close()

const { size, root } = openCheckpoint(await fetch('checkpoint'), key)
const entries = await fetchEntries(size, fetch)
const hash = rangeHash(entries.map(hashEntry))

t.test('the entries are served as they were written', async t => {
  t.equal(size, LONG + 2)
  // The receiver that wrote them began with an entry of its own.
  const wrong = written.slice(1).filter(({ leaf, facts, nonce, event: { type, at, ...said } }, i) => {
    const entry = readEntry(entries[i + 1]!)
    const isSame = leaf.equals(entries[i + 1]!) && entry.type === type && entry.at === at
    return !isSame || JSON.stringify(openEntry(entry, { facts, nonce })) !== JSON.stringify(said)
  })
  t.same(wrong, [])
  t.ok(hash(0, size).equals(root))
})

t.test('every file of every tree of 1 to 600 entries', async t => {
  const names = new Map<string, Tile>()
  for (let some = 1; some <= 600; some++) for (const tile of tilesOf(some)) names.set(tilePath(tile), tile)
  t.equal(names.size, 600 + 2)
  await compare(t, [...names.values()])
})

t.test('every file of trees at the edges of tiles of all levels', async t => {
  const names = new Map<string, Tile>()
  for (const edge of [2 ** 15, 2 ** 16 - 256, 2 ** 16, 2 ** 16 + 256, size - 1]) {
    for (const some of [edge - 1, edge, edge + 1]) for (const tile of tilesOf(some)) names.set(tilePath(tile), tile)
  }
  t.ok(
    [...names.values()].some(({ level }) => level === 2),
    'up to level 2',
  )
  await compare(t, [...names.values()])
})

t.test('nothing is served that a log of this size does not have', async t => {
  const last = tilesOf(size).filter(({ level, index }) =>
    tilesOf(size).every(other => other.level !== level || other.index <= index),
  )
  t.equal(last.length, 3)
  for (const tile of last) {
    await t.rejects(fetch(tilePath({ ...tile, width: tile.width + 1 })), / 404$/)
    await t.rejects(fetch(tilePath({ ...tile, index: tile.index + 1, width: 1 })), / 404$/)
    await t.rejects(fetch(tilePath({ ...tile, width: 256 })), / 404$/)
  }
  await t.rejects(fetch(tilePath({ level: 3, index: 0, width: 1 })), / 404$/)
})

t.test('the proof in a receipt is that of the recursion', async t => {
  const { index, treeSize, proof } = checkReceipt(receipt, letter, key)
  t.equal(index, LONG + 1)
  t.same(proof, inclusionProof(index, treeSize, hash))
})

/** Writes entries, and returns what they say, and how they are stored. */
async function writeLog(count: number) {
  const ledger = await openTestLedger(certs, data)
  const events = Array.from({ length: count }, (_, i) => {
    const at = new Date(1_800_000_000_000 + i).toISOString()
    return { type: 'admin', at, action: `act ${i}`, subject: 'x'.repeat(i % 50), by: 'vectors' } as const
  })
  for (let from = 1; from < count; from += BURST)
    await Promise.all(events.slice(from, from + BURST).map(event => ledger.record(event)))
  await ledger.close()
  const stored = readOpenings(data)
  return events.map((event, i) => ({ event, ...stored[i]! }))
}

/** Tiles, and the entry bundles beside those of level 0, as they are served and as they must be. */
async function compare(t: Test, tiles: readonly Tile[]): Promise<void> {
  const wrong: string[] = []
  let compared = 0
  const compareOne = async (path: string, expected: Buffer) => {
    compared++
    if (!(await fetch(path)).equals(expected)) wrong.push(path)
  }
  for (const tile of tiles) {
    await compareOne(tilePath(tile), Buffer.concat(hashesOf(tile, hash)))
    const from = tile.index * 256
    if (tile.level === 0) await compareOne(bundlePath(tile), writeBundle(entries.slice(from, from + tile.width)))
  }
  t.same(wrong, [], `${compared} files are what they must be`)
}

function writeBundle(some: readonly Buffer[]): Buffer {
  return Buffer.concat(some.flatMap(entry => [Buffer.of(entry.length >> 8, entry.length & 255), entry]))
}
