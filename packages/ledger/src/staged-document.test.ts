import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HELD_IN_MEMORY, type Staging } from './document-store.ts'
import { openDocumentStore } from './file-document-store.ts'
import { collect, makeFolder, makeSample, sender } from './testing/sample-documents.ts'

t.test('a document of any size, in pieces of any size, is stored as it came', async t => {
  const { store } = await openStore(t)
  const sizes = [0, 1, HELD_IN_MEMORY - 1, HELD_IN_MEMORY, HELD_IN_MEMORY + 1, 3 * HELD_IN_MEMORY + 5, 20 * 1024 ** 2]
  for (const size of sizes) {
    for (const piece of [16 * 1024, 65_537, size + 1]) {
      const bytes = randomBytes(size)
      const staging = store.stage()
      await writeAll(staging, bytes, piece)
      t.equal(staging.bytes, size)
      const id = `doc-${size}-${piece}`
      const { document, receipt } = describe(id, bytes)
      t.same(await store.accept(document, staging, receipt), { replay: false, receipt }, id)
      const stored = Buffer.concat(await collect((await store.read(sender, id))!))
      t.ok(stored.equals(bytes), `${id} is the same`)
    }
  }
})

t.test('holds single bytes without an object for each', async t => {
  const { store } = await openStore(t)
  const staging = store.stage()
  const bytes = randomBytes(HELD_IN_MEMORY + 10)
  await writeAll(staging, bytes, 1)
  t.ok(Buffer.concat(await collect(staging.read())).equals(bytes))
  await staging.discard()
})

t.test('reads what is staged from its start, as often as asked, small or large', async t => {
  const { store } = await openStore(t)
  for (const size of [1000, 5 * HELD_IN_MEMORY + 77]) {
    const bytes = randomBytes(size)
    const staging = store.stage()
    await writeAll(staging, bytes, 16 * 1024)
    t.ok(Buffer.concat(await collect(staging.read())).equals(bytes))
    t.ok(Buffer.concat(await collect(staging.read())).equals(bytes))
    const { document, receipt } = describe(`doc${size}`, bytes)
    await store.accept(document, staging, receipt)
    t.ok((await store.export(sender, `doc${size}`))?.equals(bytes), 'and accepts it after that')
  }
})

t.test('writes nothing to the disk for a document that fits into memory', async t => {
  const { store, staged } = await openStore(t)
  const staging = store.stage()
  t.equal(staging.write(randomBytes(HELD_IN_MEMORY)), undefined, 'nothing to wait for')
  t.same(await staged(), [])
  await staging.write(Buffer.from('x'))
  await collect(staging.read())
  t.equal((await staged()).length, 1)
  await staging.discard()
})

t.test('leaves nothing of what is discarded, at whatever moment', async t => {
  const { store, staged } = await openStore(t)
  for (const size of [10, HELD_IN_MEMORY + 1, 20 * HELD_IN_MEMORY]) {
    const staging = store.stage()
    const written = writeAll(staging, randomBytes(size), 64 * 1024)
    await written
    await staging.discard()
    await staging.discard()
    t.same(await staged(), [])
  }
})

t.test('discards a staged document whose id is taken, and answers as ever', async t => {
  const { store, staged } = await openStore(t)
  const bytes = randomBytes(2 * HELD_IN_MEMORY)
  const { document, receipt } = describe('doc1', bytes)
  await store.accept(document, bytes, receipt)
  const again = store.stage()
  await writeAll(again, bytes, 16 * 1024)
  t.same(await store.accept(document, again, Buffer.from('another')), { replay: true, receipt })
  const changed = store.stage()
  await writeAll(changed, randomBytes(2 * HELD_IN_MEMORY), 16 * 1024)
  await t.rejects(store.accept({ ...document, sha256: 'other' }, changed, receipt), { code: 'document-id-conflict' })
  t.same(await staged(), [])
})

t.test('tells of a disk that fails while a large document comes in', async t => {
  const { store, folder } = await openStore(t)
  await rename(join(folder, 'staging'), join(folder, 'elsewhere'))
  const staging = store.stage()
  const writing = writeAll(staging, randomBytes(4 * HELD_IN_MEMORY), 64 * 1024)
  await t.rejects(writing, { code: 'storage-unavailable', detail: /cannot stage a document: ENOENT/ })
  const { document, receipt } = makeSample('doc1')
  await t.rejects(store.accept(document, staging, receipt), { code: 'storage-unavailable' })
  await rename(join(folder, 'elsewhere'), join(folder, 'staging'))
  t.equal((await store.accept(document, makeSample('doc1').bytes, receipt)).replay, false, 'and goes on after that')
})

t.test('takes no staging but its own', async t => {
  const { store } = await openStore(t)
  const { document, receipt } = makeSample('doc1')
  const foreign: Staging = { bytes: 0, write: () => undefined, read: async function* () {}, discard: async () => {} }
  await t.rejects(store.accept(document, foreign, receipt), TypeError)
})

t.test('the file of a document is there before its record says so, and is what was staged', async t => {
  const { store, staged, folder } = await openStore(t)
  const staging = store.stage()
  const bytes = randomBytes(3 * HELD_IN_MEMORY)
  await writeAll(staging, bytes, 64 * 1024)
  await collect(staging.read())
  const [name] = await staged()
  t.same(await readdir(join(folder, 'staging', name!)), ['document.xml'])
  t.ok((await readFile(join(folder, 'staging', name!, 'document.xml'))).equals(bytes))
  await staging.discard()
})

function describe(id: string, bytes: Buffer) {
  const { document, receipt } = makeSample(id)
  return { document: { ...document, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }, receipt }
}

async function writeAll(staging: Staging, bytes: Buffer, piece: number): Promise<void> {
  for (let i = 0; i < bytes.length; i += piece) await staging.write(bytes.subarray(i, i + piece))
}

async function openStore(t: Test) {
  const folder = await makeFolder(t)
  const store = await openDocumentStore(folder)
  t.teardown(() => store.close())
  return { store, folder, staged: () => readdir(join(folder, 'staging')) }
}
