import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SharedDocuments } from '@seg/ledger'
import t from 'tap'
import { sha256 } from '../testing/foreign-receiver.ts'
import { makeFolder } from '../testing/gateways.ts'
import { deliveryKey, openDeliveryFiles, sweepStaging } from './delivery-files.ts'

const request = { inputDigest: sha256(Buffer.from('<a/>')), id: undefined, receiver: new URL('https://localhost:8443') }
const delivery = deliveryKey(request)
/** A document that comes in pieces of one byte. */
async function* pieces(text: string) {
  for (const byte of Buffer.from(text)) yield Buffer.of(byte)
}

t.test('names a delivery by file, id and receiver, and by nothing else', async t => {
  t.match(delivery, /^[0-9a-f]{64}$/)
  t.equal(deliveryKey({ ...request, receiver: new URL('https://localhost:8443/ignored') }), delivery)
  const others = [
    { ...request, inputDigest: sha256(Buffer.from('<b/>')) },
    { ...request, id: 'doc1' },
    { ...request, receiver: new URL('https://localhost:8444') },
    { ...request, inputDigest: Buffer.concat([request.inputDigest, Buffer.from('4:doc1')]), id: '' },
  ]
  t.equal(new Set([delivery, ...others.map(deliveryKey)]).size, 5)
})

t.test('keeps each document under a name of its own, for the eyes of its owner', async t => {
  const data = await makeFolder(t)
  const files = openDeliveryFiles(data, delivery)
  const names = await Promise.all(['one', 'two'].map(text => files.keepDocument(pieces(text))))
  t.same(await Promise.all(names.map(name => readFile(join(data, name), 'utf8'))), ['one', 'two'])
  for (const name of names) t.equal((await stat(join(data, name))).mode & 0o777, 0o600)
  t.same(await readdir(join(data, 'deliveries')), [delivery])
})

t.test('leaves nothing of a document that does not come to its end', async t => {
  const data = await makeFolder(t)
  const broken = async function* () {
    yield Buffer.from('one')
    throw new Error('no more')
  }
  await t.rejects(openDeliveryFiles(data, delivery).keepDocument(broken()), /no more/)
  t.same(await readdir(join(data, 'deliveries', delivery)), [])
  t.same(await readdir(join(data, 'staging')), [])
})

t.test('leaves no file of a document that others could not get, and opens none for who has it', async t => {
  const data = await makeFolder(t)
  const shared = (keep: SharedDocuments['keep']): SharedDocuments => ({
    keep,
    has: async () => false,
    async *read() {},
  })
  const away = shared(async () => {
    throw new Error('no standby')
  })
  for (let tries = 0; tries < 3; tries++)
    await t.rejects(openDeliveryFiles(data, delivery, away).keepDocument(pieces(`${tries}`)), /no standby/)
  t.same(await readdir(join(data, 'deliveries', delivery)), [])
  const open = async () => (await readdir('/proc/self/fd').catch(() => [])).length
  const before = await open()
  for (let i = 0; i < 8; i++)
    await openDeliveryFiles(
      data,
      delivery,
      shared(async () => {}),
    ).keepDocument(pieces('one'))
  t.ok((await open()) < before + 8)
})

t.test('removes what a crash left half written, and nothing that may be under way', async t => {
  const data = await makeFolder(t)
  await sweepStaging(data, Date.now())
  await openDeliveryFiles(data, delivery).keepDocument(pieces('one'))
  for (const name of ['.tmp-old', '.tmp-new', 'mine']) await writeFile(join(data, 'staging', name), 'hal')
  for (const name of ['.tmp-old', 'mine']) await utimes(join(data, 'staging', name), 1, Date.now() / 1000 - 3601)
  await sweepStaging(data, Date.now())
  t.same((await readdir(join(data, 'staging'))).sort(), ['.tmp-new', 'mine'])
})

t.test('restores a receipt that was removed, and leaves one that exists', async t => {
  const files = openDeliveryFiles(await makeFolder(t), delivery)
  await files.keepReceipt(Buffer.from('receipt'))
  await files.restoreReceipt(Buffer.from('other'))
  t.equal(await readFile(files.receiptPath, 'utf8'), 'receipt')
  await rm(files.receiptPath)
  await files.restoreReceipt(Buffer.from('receipt'))
  t.equal(await readFile(files.receiptPath, 'utf8'), 'receipt')
})

t.test('refuses to go on where it cannot write', async t => {
  const data = await makeFolder(t)
  const files = openDeliveryFiles(data, delivery)
  await writeFile(dirname(dirname(files.receiptPath)), 'a file where a folder must be')
  await t.rejects(files.keepDocument(pieces('one')), { code: 'file-unreadable', exitCode: 5 })
  await t.rejects(files.keepReceipt(Buffer.from('x')), { code: 'file-unreadable' })
})
