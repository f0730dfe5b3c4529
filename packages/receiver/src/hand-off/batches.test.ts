import { createHash } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@seg/core/testing/until'
import { HELD_IN_MEMORY, type Ledger, type LedgerTask } from '@seg/ledger'
import t, { type Test } from 'tap'
import { makeCerts, makeFolder, openTestLedger, senderId, someChain } from '../testing/gateway.ts'
import { openBatches } from './batches.ts'
import { fileNameOf } from './file-names.ts'
import { HandOffLease } from './hand-off-lease.ts'
import { openInbox } from './inbox.ts'
import { startLanes } from './sender-lanes.ts'

const certs = await makeCerts(t)

type Accepted = { readonly bytes: Buffer; readonly receipt: Buffer }

async function accept(ledger: Ledger, id: string, { sender = senderId, size = 100 } = {}): Promise<Accepted> {
  const bytes = Buffer.alloc(size, `${sender} ${id} `)
  const digest = createHash('sha256').update(bytes).digest()
  const content = ledger.stage()
  await content.write(bytes)
  const acceptedAt = new Date().toISOString()
  const facts = {
    sender,
    id,
    acceptedAt,
    bytes: size,
    sha256: digest.toString('hex'),
    referenceDigest: digest.toString('base64'),
    chain: someChain,
  }
  return { bytes, receipt: (await ledger.accept(facts, content)).receipt }
}

const edge = { now: () => new Date(), elapsed: () => performance.now(), random: () => 0, note: () => {} }
const leaseOf = (ledger: Ledger) => new HandOffLease(ledger, edge.elapsed, () => {})
const cursorOf = (ledger: Ledger, sender = senderId) => ledger.cursor(`inbox ${sender}`)

/** A ledger, the folder of an inbox beside it, and what hands on from the one to the other. */
async function openScene(t: Test, options: { limit?: number; reserve?: number } = {}) {
  const data = await makeFolder(t)
  const ledger = await openTestLedger(certs, data)
  t.teardown(() => ledger.close())
  const folder = join(data, 'inbox')
  const lines: string[] = []
  const log = {
    error: (line: string) => void lines.push(`error: ${line}`),
    info: (line: string) => void lines.push(`info: ${line}`),
  }
  const notes: string[] = []
  const target = openInbox(folder, ledger, { ...options, note: line => notes.push(line) })
  return {
    ledger,
    folder,
    lines,
    notes,
    target,
    start: () => {
      const parts = { ledger, logger: log as never, edge, lease: leaseOf(ledger) }
      return startLanes(openBatches(target, parts), parts)
    },
  }
}

const namesIn = async (folder: string) => (await readdir(folder)).sort()

t.test('puts each document of any size beside its receipt, and only once when it is taken away', async t => {
  const { ledger, folder, start } = await openScene(t)
  const sizes = { small: 100, large: 3 * HELD_IN_MEMORY, last: 0 }
  const accepted = new Map<string, Accepted>()
  for (const [id, size] of Object.entries(sizes)) accepted.set(id, await accept(ledger, id, { size }))
  const place = join(folder, senderId)
  let handOff = start()
  await until(async () => (await cursorOf(ledger)) === 3)
  t.same(await namesIn(place), [
    'large.receipt.xml',
    'large.xml',
    'last.receipt.xml',
    'last.xml',
    'small.receipt.xml',
    'small.xml',
  ])
  for (const [id, { bytes, receipt }] of accepted) {
    t.ok((await readFile(join(place, `${id}.xml`))).equals(bytes), id)
    t.ok((await readFile(join(place, `${id}.receipt.xml`))).equals(receipt), id)
  }
  t.equal((await stat(join(place, 'small.xml'))).mode & 0o777, 0o640)

  await handOff.close()
  await rm(place, { recursive: true })
  handOff = start()
  await accept(ledger, 'next')
  await until(async () => (await cursorOf(ledger)) === 4)
  t.same(await namesIn(place), ['next.receipt.xml', 'next.xml'])
  await handOff.close()
})

t.test('hands on again what it did before a crash, under the same names', async t => {
  const { ledger, folder, target, start } = await openScene(t)
  await accept(ledger, 'one')
  await accept(ledger, 'two')
  const place = join(folder, senderId)
  // Crash between the files and the cursor, and another in the middle of a file.
  await target.take(await ledger.accepted(-1, 10))
  await rm(join(place, 'one.xml'))
  await writeFile(join(place, '.tmp-two.xml'), 'half a docu')
  const handOff = start()
  await until(async () => (await cursorOf(ledger)) === 2)
  t.same(await namesIn(place), ['one.receipt.xml', 'one.xml', 'two.receipt.xml', 'two.xml'])
  await handOff.close()
})

t.test('stays in its folder, and keeps documents apart, for any characters in ids', async t => {
  const { ledger, folder, start } = await openScene(t)
  const senders = ['../../outside', '.', '..', 'a/b', 'A\\B', 'con', 'x'.repeat(128), '€'.repeat(128), 'nul\u0000']
  const ids = ['a', 'a.receipt', 'a.xml', 'A:B', '..', '.tmp-a.xml', 'y'.repeat(128)]
  const accepted = new Map<string, Accepted>()
  for (const sender of senders)
    for (const id of ids) accepted.set(`${sender} ${id}`, await accept(ledger, id, { sender, size: 500 }))
  const handOff = start()
  for (const { sender, index } of await ledger.newest(-1))
    await until(async () => (await cursorOf(ledger, sender)) === index)
  await handOff.close()
  t.same(await namesIn(folder), senders.map(fileNameOf).sort())
  for (const sender of senders) {
    const place = join(folder, fileNameOf(sender))
    t.equal((await namesIn(place)).length, 2 * ids.length, fileNameOf(sender))
    for (const id of ids) {
      const { bytes, receipt } = accepted.get(`${sender} ${id}`)!
      const name = join(place, fileNameOf(id))
      t.ok((await readFile(`${name}.xml`)).equals(bytes) && (await readFile(`${name}.receipt.xml`)).equals(receipt), id)
    }
  }
})

t.test('writes over nothing and follows no link: what others put under its names is put aside', async t => {
  const { ledger, folder, notes, start } = await openScene(t)
  for (const id of ['1', '2', '3', '4', '5']) await accept(ledger, id)
  const place = join(folder, senderId)
  await mkdir(join(place, '3.xml', 'full'), { recursive: true })
  await mkdir(join(place, '.tmp-4.xml'))
  await writeFile(join(folder, 'elsewhere'), 'precious')
  await symlink(join(folder, 'elsewhere'), join(place, '1.xml'))
  await symlink(join(folder, 'elsewhere'), join(place, '.tmp-2.xml'))
  await writeFile(join(place, '2.xml'), 'mine')
  await writeFile(join(place, 'notes.txt'), 'mine')
  const handOff = start()
  await until(async () => (await cursorOf(ledger)) === 5)
  await handOff.close()
  const names = await namesIn(place)
  t.same(
    names.filter(name => !name.startsWith('.aside-')),
    ['1', '2', '3', '4', '5'].flatMap(id => [`${id}.receipt.xml`, `${id}.xml`]).concat('notes.txt'),
  )
  for (const id of ['1', '2', '3', '4', '5']) t.equal((await readFile(join(place, `${id}.xml`))).length, 100)
  t.equal(await readFile(join(folder, 'elsewhere'), 'utf8'), 'precious')
  const aside = (name: string) => names.find(found => found.startsWith(`.aside-${name}-`))!
  t.equal(await readFile(join(place, aside('2.xml')), 'utf8'), 'mine')
  t.same(await readdir(join(place, aside('3.xml'))), ['full'])
  t.equal(notes.length, 5, 'and each is named in the log')
})

t.test("a link instead of a sender's folder is put aside, not followed", async t => {
  const { ledger, folder, start } = await openScene(t)
  await accept(ledger, '1')
  await mkdir(join(folder, 'elsewhere'), { recursive: true })
  await symlink(join(folder, 'elsewhere'), join(folder, senderId))
  const handOff = start()
  await until(async () => (await cursorOf(ledger)) === 1)
  await handOff.close()
  t.same(await namesIn(join(folder, 'elsewhere')), [])
  t.same(await namesIn(join(folder, senderId)), ['1.receipt.xml', '1.xml'])
})

t.test(
  'what it makes has the group of the inbox, whatever the umask',
  { skip: process.geteuid?.() === 0 ? false : 'only root can choose a group' },
  async t => {
    const umask = process.umask(0o077)
    t.teardown(() => process.umask(umask))
    const { ledger, folder, start } = await openScene(t)
    await mkdir(folder)
    await chown(folder, 0, 12345)
    await accept(ledger, '1')
    const handOff = start()
    await until(async () => (await cursorOf(ledger)) === 1)
    await handOff.close()
    const place = await stat(join(folder, senderId))
    const file = await stat(join(folder, senderId, '1.xml'))
    t.same([place.gid, place.mode & 0o7777], [12345, 0o2770])
    t.same([file.gid, file.mode & 0o7777], [12345, 0o640])
  },
)

t.test('waits for a folder that cannot be made, and disturbs nobody', async t => {
  const { ledger, folder, lines, start } = await openScene(t)
  await writeFile(folder, 'no folder')
  const handOff = start()
  await accept(ledger, 'one')
  await until(() => lines.length > 0)
  await accept(ledger, 'two')
  await rm(folder)
  await until(async () => (await cursorOf(ledger)) === 2)
  t.same(await namesIn(join(folder, senderId)), ['one.receipt.xml', 'one.xml', 'two.receipt.xml', 'two.xml'])
  await handOff.close()
})

t.test('waits when nobody takes anything away, before the disk is full of it', async t => {
  const { ledger, folder } = await openScene(t)
  const target = openInbox(folder, ledger, { limit: 3 })
  await target.prepare(AbortSignal.any([]))
  for (const id of ['1', '2', '3', '4']) await accept(ledger, id)
  const documents = await ledger.accepted(-1, 10)
  await target.take(documents.slice(0, 2))
  await t.rejects(target.take(documents.slice(2, 4)), {
    code: 'storage-unavailable',
    detail: /is full: at most 3 documents of one sender wait there/,
  })
  await target.take(documents.slice(2, 3))
  await t.rejects(target.take(documents.slice(3)), { code: 'storage-unavailable' })
  t.equal((await namesIn(join(folder, senderId))).length, 6)
  await rm(join(folder, senderId, '1.xml'))
  await rm(join(folder, senderId, '1.receipt.xml'))
  // Counted again by whoever opens it next, and in a while by this one.
  await openInbox(folder, ledger, { limit: 3 }).take(documents.slice(3))
  t.equal((await namesIn(join(folder, senderId))).length, 6)
})

t.test("hands on the documents of others when one sender's folder is full, or a document cannot be read", async t => {
  const { ledger, folder, lines, start } = await openScene(t, { limit: 3 })
  for (const id of ['1', '2', '3', '4']) await accept(ledger, id, { sender: 'FULL' })
  await accept(ledger, '5', { sender: 'BROKEN', size: 2 * HELD_IN_MEMORY })
  const contents = join(folder, '../contents')
  const [file] = await readdir(contents)
  await rename(join(contents, file!), join(folder, '../away'))
  const handOff = start()
  await until(() => lines.length === 2)
  for (const id of ['6', '7']) await accept(ledger, id, { sender: 'OTHER' })
  await until(async () => (await cursorOf(ledger, 'OTHER')) === 7)
  t.same(await namesIn(join(folder, 'OTHER')), ['6.receipt.xml', '6.xml', '7.receipt.xml', '7.xml'])
  t.match(lines.toSorted(), [
    /^error: the inbox holds up documents of "BROKEN": .*storage-unavailable/,
    /^error: the inbox holds up documents of "FULL": .*is full: at most 3 documents of one sender wait there/,
  ])
  await rename(join(folder, '../away'), join(contents, file!))
  await until(async () => (await cursorOf(ledger, 'BROKEN')) === 5)
  await handOff.close()
})

t.test('hands on one batch of a sender with many documents before the next sender has its turn', async t => {
  const { ledger, folder, start } = await openScene(t)
  const ids = Array.from({ length: 130 }, (_, i) => `${i}`)
  await Promise.all(ids.map(id => accept(ledger, id, { sender: 'MUCH' })))
  await accept(ledger, 'one', { sender: 'LITTLE' })
  const handOff = start()
  await until(async () => (await cursorOf(ledger, 'LITTLE')) > 0)
  t.ok((await namesIn(join(folder, 'MUCH'))).length < ids.length, 'the rest comes later')
  await until(async () => (await cursorOf(ledger, 'MUCH')) === ids.length)
  await handOff.close()
})

t.test('under load, a sender whose batch takes long waits itself, and keeps no other waiting', async t => {
  const { ledger } = await openScene(t)
  for (const id of ['1', '2', '3']) await accept(ledger, id, { sender: 'SLOW' })
  const begun: [sender: string, at: number][] = []
  const target = {
    name: 'inbox',
    prepare: async () => {},
    async take([{ sender } = { sender: '' }]: readonly { readonly sender: string }[]) {
      const begin = performance.now()
      begun.push([sender, begin])
      // What keeps the event loop busy.
      if (sender === 'SLOW') while (performance.now() < begin + 450);
    },
  }
  const parts = { ledger, logger: { error: () => {}, info: () => {} } as never, edge, lease: leaseOf(ledger) }
  const handOff = startLanes({ ...openBatches(target, parts), turn: 1 }, parts)
  await until(() => begun.length > 0)
  const [[, first]] = begun as [[string, number]]
  await accept(ledger, 'one', { sender: 'QUICK' })
  await until(async () => (await cursorOf(ledger, 'QUICK')) > 0)
  await until(() => begun.length > 2)
  await handOff.close()
  t.match(
    begun.map(([sender]) => sender),
    ['SLOW', 'QUICK', 'SLOW'],
  )
  t.ok(begun[2]![1] - first > 450 + 1700, 'four times as long as it took')
})

t.test('a sender waits as long while other processes are at work on documents', async t => {
  const { ledger } = await openScene(t)
  await accept(ledger, '1')
  const took = 20
  const target = { name: 'inbox', prepare: async () => {}, take: () => pause(took) }
  const busy = openBatches(target, { edge: { elapsed: () => 0, load: () => 0.6 }, lease: leaseOf(ledger) })
  const lane = { nextTry: 0, moveBehind: async () => {} }
  await busy.handOn(await ledger.accepted(-1, 1), lane as never, new AbortController().signal)
  t.ok(lane.nextTry >= 4 * took - 4, `${lane.nextTry} ms for a batch of ${took}`)
})

t.test('continues behind the one cursor that all senders had before', async t => {
  const { ledger, folder, start } = await openScene(t)
  for (const id of ['1', '2', '3']) await accept(ledger, id, { sender: id === '2' ? 'B' : 'A' })
  await ledger.moveCursor('inbox', 2)
  const handOff = start()
  await until(async () => (await cursorOf(ledger, 'A')) === 3)
  await accept(ledger, '4', { sender: 'B' })
  await until(async () => (await cursorOf(ledger, 'B')) === 4)
  await handOff.close()
  t.same(await namesIn(join(folder, 'A')), ['3.receipt.xml', '3.xml'])
  t.same(await namesIn(join(folder, 'B')), ['4.receipt.xml', '4.xml'])
})

t.test('leaves twice the reserve of the disk free, and waits', async t => {
  const { ledger, lines, start } = await openScene(t, { reserve: 2 ** 50 })
  await accept(ledger, 'one')
  const handOff = start()
  await until(() => lines.length > 0)
  t.match(lines, [
    /^error: the inbox holds up documents of .* bytes free; the inbox leaves \d+ of them: take documents away/,
  ])
  t.equal(await cursorOf(ledger), -1)
  await handOff.close()
})

t.test('while a call to the inbox hangs, another receiver may hand on', async t => {
  let time = 0
  let asked = 0
  const lines: string[] = []
  const shared = {
    isShared: true,
    lease: async (task: LedgerTask) => ({ task, number: ++asked }),
  }
  const complain = (line: string) => void lines.push(line)
  const lease = new HandOffLease(shared, () => time, complain)
  const { promise: answer, resolve } = Promise.withResolvers<void>()
  const hanging = { name: 'inbox', prepare: () => answer, take: async () => {} }
  const preparing = openBatches(hanging, { edge, lease }).prepare(new AbortController().signal)
  t.match(await lease.renew(), { number: 1 })
  time = 179_999
  t.match(await lease.renew(), { number: 2 })
  time = 180_000
  t.same([await lease.renew(), await lease.renew(), asked], [undefined, undefined, 2], 'it is not asked for')
  t.match(lines, [/^a call to the inbox has not ended for 180 s/], 'and says so once')
  const alone = new HandOffLease({ ...shared, isShared: false }, () => time, complain)
  void alone.watch('inbox', () => answer)
  time = 360_000
  t.match(await alone.renew(), { number: 3 }, 'nobody else could take it')
  resolve()
  await preparing
  t.match(await lease.renew(), { number: 4 }, 'once it has ended')
})
