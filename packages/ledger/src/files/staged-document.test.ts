import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { HELD_IN_MEMORY, type Staging } from '../ledger.ts'
import { collect, makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { makeLedger } from '../testing/test-ledger.ts'
import { acceptBytes } from '../testing/test-log.ts'
import { releaseOctets } from './release-octets.ts'
import { StagedDocument } from './staged-document.ts'

t.test('a document of any size, in pieces of any size, is stored as it came', async t => {
  const { ledger } = await makeLedger(t)
  const sizes = [0, 1, HELD_IN_MEMORY - 1, HELD_IN_MEMORY, HELD_IN_MEMORY + 1, 3 * HELD_IN_MEMORY + 5, 20 * 1024 ** 2]
  let index = 0
  for (const size of sizes) {
    for (const piece of [16 * 1024, 65_537, size + 1]) {
      const bytes = randomBytes(size)
      const staging = ledger.stage()
      await writeAll(staging, bytes, piece)
      t.equal(staging.bytes, size)
      const id = `doc-${size}-${piece}`
      const document = describe(id, bytes)
      t.same(await ledger.accept(document, staging), {
        index: index++,
        replay: false,
        receipt: receipt(document),
      })
      const stored = Buffer.concat(await collect((await ledger.read(sender, id))!))
      t.ok(stored.equals(bytes), `${id} is the same`)
    }
  }
})

t.test('a file that cannot be taken from another process is removed', async t => {
  const staging = await makeFolder(t)
  const name = 'a'.repeat(32)
  // Cannot be opened by anybody.
  await symlink(name, join(staging, name))
  await t.rejects(StagedDocument.adopt(staging, name, 1), { code: 'storage-unavailable' })
  t.same(await readdir(staging), [])
})

t.test('a piece in memory of its own may be released once it is written', async t => {
  const { ledger } = await makeLedger(t)
  const sizes = [16 * 1024, 100_000, HELD_IN_MEMORY + 1, 3 * HELD_IN_MEMORY + 5]
  for (const size of sizes) {
    for (const announced of [0, size, size / 3, 4 * size]) {
      const bytes = randomBytes(size)
      const staging = ledger.stage()
      staging.expect(announced)
      for (let i = 0; i < size; i += 16 * 1024) {
        const piece = Buffer.from(Uint8Array.prototype.slice.call(bytes, i, i + 16 * 1024))
        await staging.write(piece)
        releaseOctets(piece)
      }
      const id = `doc-${size}-${announced}`
      await ledger.accept(describe(id, bytes), staging)
      t.ok((await readBytes(ledger, sender, id))?.equals(bytes), `${id} is the same`)
    }
  }
})

t.test('memory for what is announced is taken once, and not before some of it is here', async t => {
  const { folder } = await makeLedger(t)
  const staged = new StagedDocument(join(folder, 'staging'))
  staged.expect(100_000)
  staged.write(randomBytes(1000))
  staged.write(randomBytes(1000))
  t.ok(memoryOf(staged) < 10_000, `${memoryOf(staged)} octets for 2,000`)
  for (const size of [16_000, 16_000, 66_000]) {
    staged.write(randomBytes(size))
    t.equal(memoryOf(staged), 100_000)
  }
})

t.test('holds single bytes without an object for each', async t => {
  const { ledger } = await makeLedger(t)
  const staging = ledger.stage()
  const bytes = randomBytes(HELD_IN_MEMORY + 10)
  await writeAll(staging, bytes, 1)
  t.ok(Buffer.concat(await collect(staging.read())).equals(bytes))
  await staging.discard()
})

t.test('reads what is staged from its start, as often as asked, small or large', async t => {
  const { ledger } = await makeLedger(t)
  for (const size of [1000, 5 * HELD_IN_MEMORY + 77]) {
    const bytes = randomBytes(size)
    const staging = ledger.stage()
    await writeAll(staging, bytes, 16 * 1024)
    t.ok(Buffer.concat(await collect(staging.read())).equals(bytes))
    t.ok(Buffer.concat(await collect(staging.read())).equals(bytes))
    const document = describe(`doc${size}`, bytes)
    await ledger.accept(document, staging)
    t.ok((await readBytes(ledger, sender, `doc${size}`))?.equals(bytes), 'and accepts it after that')
  }
})

t.test('writes nothing to the disk for a document that fits into memory', async t => {
  const { ledger, staged } = await makeLedger(t)
  const staging = ledger.stage()
  t.equal(staging.write(randomBytes(HELD_IN_MEMORY)), undefined, 'nothing to wait for')
  t.same(await staged(), [])
  await staging.write(Buffer.from('x'))
  await collect(staging.read())
  t.equal((await staged()).length, 1)
  await staging.discard()
})

t.test('leaves nothing of what is discarded, at any moment', async t => {
  const { ledger, staged } = await makeLedger(t)
  for (const size of [10, HELD_IN_MEMORY + 1, 20 * HELD_IN_MEMORY]) {
    const staging = ledger.stage()
    const written = writeAll(staging, randomBytes(size), 64 * 1024)
    await written
    await staging.discard()
    await staging.discard()
    t.same(await staged(), [])
  }
})

t.test('discards a staged document whose id is taken, and answers as ever', async t => {
  const { ledger, staged } = await makeLedger(t)
  const bytes = randomBytes(2 * HELD_IN_MEMORY)
  const document = describe('doc1', bytes)
  await acceptBytes(ledger, document, bytes)
  const again = ledger.stage()
  await writeAll(again, bytes, 16 * 1024)
  t.same(await ledger.accept(document, again), { index: 0, replay: true, receipt: receipt(document) })
  const changed = ledger.stage()
  await writeAll(changed, randomBytes(2 * HELD_IN_MEMORY), 16 * 1024)
  await t.rejects(ledger.accept({ ...document, sha256: '00'.repeat(32) }, changed), { code: 'document-id-conflict' })
  t.same(await staged(), [])
})

t.test('reports a disk that fails while a large document is received', async t => {
  const { ledger, folder } = await makeLedger(t)
  await rename(join(folder, 'staging'), join(folder, 'elsewhere'))
  const staging = ledger.stage()
  const writing = writeAll(staging, randomBytes(4 * HELD_IN_MEMORY), 64 * 1024)
  await t.rejects(writing, { code: 'storage-unavailable', detail: /cannot stage a document: ENOENT/ })
  const { document } = makeSample('doc1')
  await t.rejects(ledger.accept(document, staging), { code: 'storage-unavailable' })
  await rename(join(folder, 'elsewhere'), join(folder, 'staging'))
  t.equal((await acceptBytes(ledger, document, makeSample('doc1').bytes)).replay, false, 'and continues after that')
})

t.test('takes no staging but its own', async t => {
  const { ledger } = await makeLedger(t)
  const { document } = makeSample('doc1')
  const foreign: Staging = {
    bytes: 0,
    expect() {},
    write: () => undefined,
    read: async function* () {},
    discard: async () => {},
  }
  await t.rejects(ledger.accept(document, foreign), TypeError)
})

t.test('the file of a document is there before its record says so, and is what was staged', async t => {
  const { ledger, staged, folder } = await makeLedger(t)
  const staging = ledger.stage()
  const bytes = randomBytes(3 * HELD_IN_MEMORY)
  await writeAll(staging, bytes, 64 * 1024)
  await collect(staging.read())
  const [name] = await staged()
  t.ok((await readFile(join(folder, 'staging', name!))).equals(bytes))
  await staging.discard()
})

function describe(id: string, bytes: Buffer) {
  return { ...makeSample(id).document, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function memoryOf({ held }: StagedDocument): number {
  return held!.buffer.byteLength
}

function receipt({ id, sha256 }: { readonly id: string; readonly sha256: string }): Buffer {
  return Buffer.from(`<receipt for="${id}">${sha256}</receipt>`)
}

async function writeAll(staging: Staging, bytes: Buffer, piece: number): Promise<void> {
  for (let i = 0; i < bytes.length; i += piece) await staging.write(bytes.subarray(i, i + piece))
}
