// A mirror has what the log has, goes on where it ended, and keeps both sides of what does not fit.
import assert from 'node:assert'
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '@seg/core'
import t, { type Test } from 'tap'
import type { Ledger, LogReader } from '../ledger.ts'
import { openCheckpoint, openCheckpointSigner, parseVerifierKey, verifierKeyOf } from '../log/checkpoint.ts'
import { LogTree } from '../log/log-tree.ts'
import { hashLeaf } from '../log/merkle.ts'
import { formatEntries, splitEntries } from '../log/tiles.ts'
import { makeFolder } from '../testing/sample-documents.ts'
import { makeLedger } from '../testing/test-ledger.ts'
import { logKey, nextLogKey, verifierKey } from '../testing/test-log.ts'
import { openLogMirror } from './log-mirror.ts'

const keys = [verifierKey]

async function enter(ledger: Ledger, count: number, code: 'xml-limit' | 'xml-name' = 'xml-limit'): Promise<void> {
  const at = new Date().toISOString()
  const event = { type: 'refused', at, sender: 'A', code, sha256: null } as const
  await Promise.all(Array.from({ length: count }, () => ledger.record(event)))
}

/** The leaves of a mirror, by its files alone. */
async function leavesIn(folder: string): Promise<Buffer[]> {
  const bundles = await readdir(join(folder, 'tile/entries'), { recursive: true, withFileTypes: true })
  const paths = bundles.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return (await Promise.all(paths.sort().map(path => readFile(path)))).flatMap(splitEntries)
}

async function mirrorOf(t: Test, count: number) {
  const { ledger } = await makeLedger(t)
  await enter(ledger, count)
  const folder = await makeFolder(t)
  const mirror = await openLogMirror(folder, keys)
  await mirror.follow(ledger.log, keys)
  t.teardown(() => mirror.close())
  return { ledger, folder, mirror }
}

t.test('a mirror has all entries and the checkpoint, and goes on where it ended', async t => {
  const { ledger, folder, mirror } = await mirrorOf(t, 10)
  await enter(ledger, 250)
  await mirror.follow(ledger.log, keys)
  mirror.close()
  const again = await openLogMirror(folder, keys)
  t.equal(again.size, 260)
  await enter(ledger, 270)
  const { size, root } = await again.follow(ledger.log, keys)
  t.same(await again.follow(ledger.log, keys), { size, root }, 'nothing new')
  again.close()

  t.equal(await readFile(join(folder, 'checkpoint'), 'utf8'), await ledger.log.checkpoint())
  const tree = new LogTree(() => Buffer.alloc(0))
  const leaves = await leavesIn(folder)
  t.equal(leaves.length, 530, 'each entry once: shorter bundles are gone')
  for (const leaf of leaves) tree.append(hashLeaf(leaf))
  t.same(tree.head, openCheckpoint((await ledger.log.checkpoint())!, parseVerifierKey(verifierKey)))
  const notes = (await readFile(join(folder, 'checkpoints'), 'utf8')).match(/^ledger\.example\n\d+$/gm)
  t.same(
    notes,
    [10, 260, 530].map(length => `ledger.example\n${length}`),
    'all that were seen',
  )
})

t.test('a log that does not continue what is mirrored is refused, and both sides are kept', async t => {
  const { ledger } = await makeLedger(t)
  await enter(ledger, 10)
  // Another history of the same log, and how long it is.
  const { ledger: other } = await makeLedger(t)
  const cases = [
    [0, 'is empty', other.log],
    [5, 'ends with entry 4', other.log],
    [10, 'has another root at 10 entries', other.log],
    [12, 'shows other entries in bundle 0', other.log],
    [12, 'does not continue the 10 entries', { ...readers(other.log), entries: mixed(ledger.log, other.log) }],
  ] as const
  for (const [size, found, log] of cases) {
    await enter(other, size - (await other.log.size()), 'xml-name')
    const folder = await makeFolder(t)
    const mirror = await openLogMirror(folder, keys)
    await mirror.follow(ledger.log, keys)
    const before = await leavesIn(folder)
    const refused = { code: 'log-invalid', detail: new RegExp(`the log ${found}.*both sides are in`) }
    await t.rejects(mirror.follow(log, keys), refused)
    await t.rejects(mirror.follow(ledger.log, keys), refused, 'nothing more is copied')
    mirror.close()
    t.same(await leavesIn(folder), before)
    t.equal(await readFile(join(folder, 'checkpoint'), 'utf8'), await ledger.log.checkpoint())
    const [kept] = await readdir(join(folder, 'evidence'))
    const evidence = await readdir(join(folder, 'evidence', kept!))
    t.ok(evidence.includes('mirrored') && (size === 0 || evidence.includes('shown')), String(evidence))
  }
})

t.test(
  'a log that was refused, also by each start again, is kept once, and of many contradictions the first',
  async t => {
    const { ledger } = await makeLedger(t)
    await enter(ledger, 10)
    const { ledger: other } = await makeLedger(t)
    await enter(other, 10, 'xml-name')
    const folder = await makeFolder(t)
    const first = await openLogMirror(folder, keys)
    await first.follow(ledger.log, keys)
    first.close()
    const refused = async (log: LogReader) => {
      const mirror = await openLogMirror(folder, keys)
      const fault = await mirror.follow(log, keys).then(
        () => assert.fail(),
        (error: Fault) => error.detail,
      )
      mirror.close()
      return fault
    }
    const kept = async () => readdir(join(folder, 'evidence'))
    await enter(other, 1, 'xml-name')
    const details = [await refused(other.log), await refused(other.log)]
    t.equal(details[0], details[1])
    t.equal((await kept()).length, 1)
    for (let i = 1; i < 34; i++) {
      await enter(other, 1, 'xml-name')
      t.match(await refused(other.log), i < 32 ? /both sides are in/ : /of such contradictions the first ones are kept/)
    }
    t.equal((await kept()).length, 32, 'a fork that grows does not fill the disk')
    const { ledger: forked } = await makeLedger(t)
    await enter(forked, 10)
    t.match(await refused(forked.log), /both sides are in .*fork-/, 'and what proves one has a place all the same')
  },
)

t.test('of entries that no checkpoint covers nothing is among the tiles, nor is left', async t => {
  const { ledger, folder, mirror } = await mirrorOf(t, 10)
  const mirrored = splitEntries((await ledger.log.entries(0, 10))!)
  let asked = 0
  const cut: LogReader = {
    ...readers(ledger.log),
    checkpoint: async () => openCheckpointSigner(logKey)({ size: 20_000, root: Buffer.alloc(32) }),
    async entries(index, width) {
      if (++asked === 70) throw new Error('the connection is gone')
      const leaves = Array.from({ length: width }, (_, i) => Buffer.from(`${index} ${i}`))
      return formatEntries(index === 0 ? [...mirrored, ...leaves.slice(10)] : leaves)
    },
  }
  await t.rejects(mirror.follow(cut, keys), /the connection is gone/)
  t.equal((await leavesIn(folder)).length, 10)
  mirror.close()
  await enter(ledger, 1)
  const again = await openLogMirror(folder, keys)
  t.notOk((await readdir(folder)).includes('incoming'), 'a start removes it')
  await again.follow(ledger.log, keys)
  t.same([again.size, (await leavesIn(folder)).length], [11, 11])
  again.close()
})

t.test('a signed size that no log has is no end of the mirror', async t => {
  const { ledger, folder, mirror } = await mirrorOf(t, 300)
  const sign = openCheckpointSigner(logKey)
  const { root } = await mirror.follow(ledger.log, keys)
  const shown = (size: number): LogReader => ({ ...readers(ledger.log), checkpoint: async () => sign({ size, root }) })
  for (const size of [2 ** 53, 2 ** 53 - 1, 2 ** 48 + 1])
    await t.rejects(mirror.follow(shown(size), keys), {
      code: 'log-invalid',
      detail: /at most 281474976710656 entries/,
    })
  const missing = { code: 'storage-unavailable', detail: /does not show its entries of 1/ }
  for (const size of [2 ** 48, 2 ** 40 + 1, 2 ** 32]) await t.rejects(mirror.follow(shown(size), keys), missing)
  t.equal((await leavesIn(folder)).length, 300)
  mirror.close()
  // Its own checkpoint, put there by somebody who has the key.
  await writeFile(join(folder, 'checkpoint'), sign({ size: 2 ** 48, root }))
  await t.rejects(openLogMirror(folder, keys), { code: 'log-invalid', detail: /has not the entries of its checkpoint/ })
})

t.test('a checkpoint that the key of the log did not sign is refused', async t => {
  const { ledger, mirror } = await mirrorOf(t, 3)
  await enter(ledger, 1)
  const strangers = [verifierKeyOf(nextLogKey)]
  await t.rejects(mirror.follow(ledger.log, strangers), { code: 'log-invalid', detail: /no signature with the key/ })
  await mirror.follow(ledger.log, keys)
  t.equal(mirror.size, 4)
})

t.test('entries that could not be read are copied by the next look', async t => {
  const { ledger, folder, mirror } = await mirrorOf(t, 100)
  await enter(ledger, 500)
  let asked = 0
  const failing = {
    ...readers(ledger.log),
    async entries(index: number, width: number) {
      if (++asked === 2) throw new Error('the connection is gone')
      return ledger.log.entries(index, width)
    },
  }
  await t.rejects(mirror.follow(failing, keys), /the connection is gone/)
  t.equal(mirror.size, 100)
  await mirror.follow(failing, keys)
  t.equal(mirror.size, 600)
  t.equal((await leavesIn(folder)).length, 600)
})

t.test('a checkpoint that was cut off among all of them is whole again before the next', async t => {
  const { ledger, folder, mirror } = await mirrorOf(t, 1)
  const path = join(folder, 'checkpoints')
  for (const isLeft of [0, 20, 100]) {
    await enter(ledger, 1)
    await mirror.follow(ledger.log, keys)
    // As a crash or a full disk leaves it: the latest is put, and a part of it follows the others.
    const [all, latest] = await Promise.all([path, join(folder, 'checkpoint')].map(each => readFile(each)))
    await truncate(path, all!.length - latest!.length + isLeft)
  }
  await enter(ledger, 1)
  await mirror.follow(ledger.log, keys)
  const notes = (await readFile(path, 'utf8')).match(/^ledger\.example\n\d+\n\S+\n\n\u2014 \S+ \S+\n/gmu) ?? []
  t.equal(notes.join(''), await readFile(path, 'utf8'), 'signed notes and nothing else')
  t.same(
    notes.map(note => note.split('\n')[1]),
    ['1', '2', '3', '4', '5'],
  )
})

t.test('a mirror that is damaged, or a folder of something else, is not continued', async t => {
  const { folder, mirror } = await mirrorOf(t, 300)
  await t.rejects(openLogMirror(folder, keys), { code: 'storage-unavailable', detail: /another process/ })
  mirror.close()
  const path = join(folder, 'tile/entries/000')
  const octets = await readFile(path)
  octets[40]! ^= 1
  await writeFile(path, octets)
  await t.rejects(openLogMirror(folder, keys), { code: 'log-invalid', detail: /it is damaged/ })
  const elsewhere = await makeFolder(t)
  await writeFile(join(elsewhere, 'notes.txt'), '')
  await t.rejects(openLogMirror(elsewhere, keys), { code: 'configuration', detail: /found "?notes\.txt/ })
})

function readers(log: LogReader): LogReader {
  return {
    size: () => log.size(),
    checkpoint: () => log.checkpoint(),
    tile: (...place) => log.tile(...place),
    entries: (...place) => log.entries(...place),
  }
}

/** The first ten entries of one log, and what follows in another. */
function mixed(one: LogReader, another: LogReader): LogReader['entries'] {
  return async (index, width) => {
    const [first, rest] = [await one.entries(index, 10), await another.entries(index, width)]
    const leaves = splitEntries(rest!).slice(10)
    const lengths = leaves.map(leaf => Buffer.from([leaf.length >> 8, leaf.length & 0xff]))
    return Buffer.concat([first!, ...leaves.flatMap((leaf, i) => [lengths[i]!, leaf])])
  }
}
