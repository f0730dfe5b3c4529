import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HELD_IN_MEMORY, type Ledger } from '@seg/ledger'
import t, { type Test } from 'tap'
import { makeCerts, makeFolder, openTestLedger, senderId, someChain } from '../testing/gateway.ts'
import { fileNameOf } from './file-names.ts'
import { startHandOff } from './hand-off.ts'
import { openInbox } from './inbox.ts'

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

const edge = { now: () => new Date(), random: () => 0 }
const cursorOf = (ledger: Ledger, sender = senderId) => ledger.cursor(`inbox ${sender}`)

/** A ledger, the folder of an inbox beside it, and what hands on from the one to the other. */
async function openScene(t: Test, limit?: number) {
  const data = await makeFolder(t)
  const ledger = await openTestLedger(certs, data)
  t.teardown(() => ledger.close())
  const folder = join(data, 'inbox')
  const lines: string[] = []
  const log = {
    error: (line: string) => void lines.push(`error: ${line}`),
    info: (line: string) => void lines.push(`info: ${line}`),
  }
  const target = openInbox(folder, ledger, limit)
  return { ledger, folder, lines, target, start: () => startHandOff(target, ledger, log as never, edge) }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 20_000; !(await isSo()); await pause(5))
    if (performance.now() > end) throw new Error('it does not come')
}

const namesIn = async (folder: string) => (await readdir(folder)).sort()

t.test('puts each document beside its receipt, whatever its size, and only once when it is taken away', async t => {
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

t.test('stays in its folder, and keeps documents apart, whatever ids hold', async t => {
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

t.test('appears in the order of acceptance, and goes no further than what it cannot write', async t => {
  const { ledger, folder, lines, start } = await openScene(t)
  for (const id of ['1', '2', '3', '4']) await accept(ledger, id)
  const place = join(folder, senderId)
  await mkdir(join(place, '3.xml'), { recursive: true })
  const handOff = start()
  await until(() => lines.length > 0)
  t.same(await namesIn(place), ['1.receipt.xml', '1.xml', '2.receipt.xml', '2.xml', '3.receipt.xml', '3.xml'])
  t.equal(await cursorOf(ledger), -1)
  await rm(join(place, '3.xml'), { recursive: true })
  await until(async () => (await cursorOf(ledger)) === 4)
  await until(() => lines.length > 1)
  t.match(lines, [
    /^error: the inbox holds up documents of "MINISTRY 1_SEG01": .*storage-unavailable: .*cannot write to the inbox/,
    /^info: the inbox takes documents of "MINISTRY 1_SEG01" again/,
  ])
  t.equal(lines.length, 2, 'each change is told once')
  await handOff.close()
})

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
  const target = openInbox(folder, ledger, 3)
  await target.prepare()
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
  await openInbox(folder, ledger, 3).take(documents.slice(3))
  t.equal((await namesIn(join(folder, senderId))).length, 6)
})

t.test("hands on the documents of others when one sender's folder is full or cannot be written to", async t => {
  const { ledger, folder, lines, start } = await openScene(t, 3)
  for (const id of ['1', '2', '3', '4']) await accept(ledger, id, { sender: 'FULL' })
  await accept(ledger, '5', { sender: 'BROKEN' })
  await mkdir(folder)
  await writeFile(join(folder, 'BROKEN'), 'no folder')
  const handOff = start()
  await until(() => lines.length === 2)
  for (const id of ['6', '7']) await accept(ledger, id, { sender: 'OTHER' })
  await until(async () => (await cursorOf(ledger, 'OTHER')) === 7)
  t.same(await namesIn(join(folder, 'OTHER')), ['6.receipt.xml', '6.xml', '7.receipt.xml', '7.xml'])
  t.match(lines.toSorted(), [
    /^error: the inbox holds up documents of "BROKEN": .*cannot write to the inbox .*BROKEN/,
    /^error: the inbox holds up documents of "FULL": .*is full: at most 3 documents of one sender wait there/,
  ])
  await rm(join(folder, 'BROKEN'))
  await until(async () => (await cursorOf(ledger, 'BROKEN')) === 5)
  await handOff.close()
})

t.test('hands on one batch of a sender with many documents before the next sender has its turn', async t => {
  const { ledger, folder, start } = await openScene(t)
  const ids = Array.from({ length: 300 }, (_, i) => `${i}`)
  await Promise.all(ids.map(id => accept(ledger, id, { sender: 'MUCH' })))
  await accept(ledger, 'one', { sender: 'LITTLE' })
  const handOff = start()
  await until(async () => (await cursorOf(ledger, 'LITTLE')) > 0)
  t.ok((await namesIn(join(folder, 'MUCH'))).length < ids.length, 'the rest comes later')
  await until(async () => (await cursorOf(ledger, 'MUCH')) === ids.length)
  await handOff.close()
})

t.test('goes on behind the one cursor that all senders had before', async t => {
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
