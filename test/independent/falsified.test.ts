// Whatever is falsified of a log or of a receipt, the independent verifier sees: so a log that it
// finds in order is one.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atLength } from '@seg/core/testing/length'
import { seededInt } from '@seg/core/testing/random'
import t, { type Test } from 'tap'
import { exchangeLog } from '../support/exchanged-log.ts'
import { readKey } from './checkpoint.ts'
import { openLogClient } from './log-client.ts'
import { hashEntry } from './merkle.ts'
import { checkReceipt, readReceipt } from './receipt.ts'
import { Rejected } from './rejected.ts'
import { bundlePath, type Fetch, tilePath, tilesOf } from './tiles.ts'
import { verifyGrowth, verifyLog, verifyTiles } from './verify-log.ts'

/** Of many changes, one of so many is tried, each time others; the ways of changing are four. */
const ONE_OF = atLength(3, 1)
const MANY = 500

const folder = await mkdtemp(join(tmpdir(), 'seg-falsified-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

/**
 * The files of the log as they were served, at the end of the receiver's first life and of its
 * second.
 */
const lives: Map<string, Buffer>[] = []
const { verifierKey, delivered } = await exchangeLog(t, folder, async ({ origin }, certs) => {
  const client = await openLogClient(origin, certs)
  lives.push(await fetchFiles(client.fetch))
  client.close()
})
const key = readKey(verifierKey)
const [before, files] = lives as [Map<string, Buffer>, Map<string, Buffer>]
const log = await verifyLog(serve(files), verifierKey)
const older = (await verifyLog(serve(before), verifierKey)).head
const tiles = tilesOf(log.head.size)

t.test('every octet of the checkpoint', async t => {
  const note = files.get('checkpoint')!
  const cut = [0, 1, note.length - 1].map(end => note.subarray(0, end))
  const changes = [...note.keys()].map(at => flip(note, at)).concat(cut, before.get('checkpoint')!)
  await allSeen(
    t,
    changes.map(changed => [['checkpoint', changed]]),
    verifyLog,
  )
})

t.test('every hash of every tile, with the entries and without them', async t => {
  const names = tiles.map(tilePath)
  const changes = names.flatMap(name => {
    const tile = files.get(name)!
    const flipped = Array.from({ length: tile.length / 32 }, (_, i) => flip(tile, i * 32 + (i % 32)))
    const shifted = [
      tile.subarray(32),
      tile.subarray(0, -32),
      tile.subarray(0, -1),
      Buffer.concat([tile, tile.subarray(0, 32)]),
    ]
    const others = names.filter(other => other !== name).map(other => files.get(other)!)
    return [...flipped, ...shifted, ...others].map(changed => [[name, changed]] as const)
  })
  await allSeen(t, changes, verifyLog)
  await allSeen(t, changes, fetch => verifyTiles(fetch, log.head))
})

t.test('every entry: changed, removed, doubled or exchanged with the one before', async t => {
  const { octets } = log
  const ways = [
    (entry: Buffer, at: number) => octets.with(at, flip(entry, at % entry.length)),
    (_entry: Buffer, at: number) => octets.toSpliced(at, 1),
    (entry: Buffer, at: number) => octets.toSpliced(at, 0, entry),
    (entry: Buffer, at: number) => octets.with(at, octets.at(at - 1)!).with(at - 1, entry),
  ]
  // With `pnpm kills` each in every way.
  const isTried = (at: number, way: number) => process.env.KILL_ROUNDS !== undefined || at % ways.length === way
  const lists = octets.flatMap((entry, at) =>
    ways.flatMap((change, way) => (isTried(at, way) ? [change(entry, at)] : [])),
  )
  await allSeen(t, lists.map(writeBundles), verifyLog)
})

t.test('the lengths in a bundle, and what is after the last entry', async t => {
  const changes = tiles
    .filter(({ level }) => level === 0)
    .flatMap(tile => {
      const [name, bundle] = [bundlePath(tile), files.get(bundlePath(tile))!]
      const changed = [
        flip(bundle, 0),
        flip(bundle, 1),
        bundle.subarray(0, -1),
        bundle.subarray(1),
        Buffer.concat([bundle, Buffer.alloc(2)]),
      ]
      return changed.map(octets => [[name, octets]] as const)
    })
  await allSeen(t, changes, verifyLog)
})

t.test('another history than the one that was signed for before', async t => {
  await verifyGrowth(serve(files), older, log.head)
  for (let at = 0; at < 32; at++)
    await t.rejects(verifyGrowth(serve(files), { size: older.size, root: flip(older.root, at) }, log.head), Rejected)
  for (const size of [1, older.size - 1, older.size + 1, log.head.size, log.head.size + 1])
    await t.rejects(verifyGrowth(serve(files), { size, root: older.root }, log.head), Rejected, `of ${size} entries`)
  await t.rejects(verifyGrowth(serve(before), log.head, older), Rejected, 'shorter than it was')
})

t.test('every element of a receipt, every hash of its proof, and its document', async t => {
  // The last entry of an odd tree stands near the root, and its proof may have a few hashes only.
  const lengthOf = ({ receipt }: (typeof delivered)[number]) => readReceipt(receipt).proof.length
  const longest = delivered.reduce((a, b) => (lengthOf(b) >= lengthOf(a) ? b : a))
  const [{ receipt, document }, other] = [longest, delivered[0]!]
  const text = receipt.toString()
  const proof = readReceipt(receipt).proof.map(hash => hash.toString('base64'))
  t.ok(proof.length > 5)
  const elements = new Set(text.slice(0, text.indexOf('<Signature')).match(/(?<=<)\w+(?=>[^<]+<\/)/g))
  t.ok(elements.has('ReceiverID') && elements.has('Checkpoint'))
  const changes = [
    ...[...elements].map(name =>
      text.replace(new RegExp(`(<${name}>)([^<])`), (_, tag, first) => `${tag}${first === '1' ? '2' : '1'}`),
    ),
    ...[...elements].map(name => text.replace(new RegExp(`<${name}>.*?</${name}>`, 's'), '')),
    ...proof.map(hash => text.replace(hash, flip(Buffer.from(hash, 'base64'), 7).toString('base64'))),
    ...proof.map(hash => text.replace(`<Hash>${hash}</Hash>`, '')),
    ...proof.map(hash => text.replace(`<Hash>${hash}</Hash>`, `<Hash>${hash}</Hash><Hash>${hash}</Hash>`)),
    text.replace(readReceipt(receipt).checkpoint, readReceipt(other.receipt).checkpoint),
    text.slice(0, -3),
  ]
  for (const changed of changes) {
    t.not(changed, text)
    t.throws(() => checkReceipt(Buffer.from(changed), document, key), Rejected)
  }
  for (const name of ['Facts', 'Nonce']) {
    const half = Buffer.from(text.replace(new RegExp(`<${name}>.*?</${name}>`), ''))
    t.throws(() => readReceipt(half), Rejected, 'facts and nonce stand together, whatever the leaf')
  }
  t.throws(() => checkReceipt(receipt, other.document, key), Rejected)
  t.throws(() => checkReceipt(receipt, flip(document, document.length >> 1), key), Rejected)
  t.throws(() => checkReceipt(receipt, document, { ...key, name: 'other' }), Rejected)
  t.equal(hashEntry(checkReceipt(receipt, document, key).leaf).length, 32, 'as it is, it proves its document')
})

/** Some files of the log, falsified. */
type Change = readonly (readonly [path: string, octets: Buffer])[]

/** Each change must be seen by itself. */
async function allSeen(
  t: Test,
  changes: readonly Change[],
  verify: (fetch: Fetch, by: string) => Promise<unknown>,
): Promise<void> {
  const unseen: string[] = []
  const first = seededInt(ONE_OF)
  const tried = changes.length < MANY ? changes : changes.filter((_, i) => i % ONE_OF === first)
  for (const change of tried) {
    const isSame = change.every(([path, octets]) => files.get(path)?.equals(octets))
    const outcome = await verify(serve(new Map([...files, ...change])), verifierKey).catch(error => error)
    if (isSame || !(outcome instanceof Rejected))
      unseen.push(`${change.map(([path]) => path)}: ${isSame ? 'not a change' : outcome}`)
  }
  t.ok(tried.length > 0)
  t.same(unseen, [], `${tried.length} falsifications are seen`)
}

async function fetchFiles(fetch: Fetch): Promise<Map<string, Buffer>> {
  const note = await fetch('checkpoint')
  const there = tilesOf(Number(note.toString().split('\n')[1]))
  const names = there.flatMap(tile => (tile.level === 0 ? [tilePath(tile), bundlePath(tile)] : [tilePath(tile)]))
  const contents = await Promise.all(names.map(async name => [name, await fetch(name)] as const))
  return new Map([['checkpoint', note], ...contents])
}

function serve(served: ReadonlyMap<string, Buffer>): Fetch {
  return async path => {
    const octets = served.get(path)
    if (octets === undefined) throw new Rejected(`there is no ${path}`)
    return octets
  }
}

/** The bundles of these entries, the last one holding whatever is left. */
function writeBundles(entries: readonly Buffer[]): Change {
  const bundles = tiles.filter(({ level }) => level === 0)
  return bundles.map(({ index, width }, i) => {
    const part = entries.slice(index * 256, i < bundles.length - 1 ? (index + 1) * 256 : undefined)
    return [
      bundlePath({ index, width }),
      Buffer.concat(part.flatMap(entry => [Buffer.of(entry.length >> 8, entry.length & 255), entry])),
    ]
  })
}

function flip(octets: Buffer, at: number): Buffer {
  const changed = Buffer.from(octets)
  changed[at]! ^= 1
  return changed
}
