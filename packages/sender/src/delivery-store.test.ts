import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { deliveryKey, openDelivery } from './delivery-store.ts'
import { sha256 } from './testing/foreign-receiver.ts'
import { makeFolder } from './testing/gateways.ts'

const request = { inputDigest: sha256(Buffer.from('<a/>')), id: undefined, receiver: new URL('https://localhost:8443') }
/** A document that comes in pieces of one byte. */
async function* pieces(bytes: Buffer) {
  for (const byte of bytes) yield Buffer.of(byte)
}
const [one, two] = [Buffer.from('one'), Buffer.from('two')]

t.test('names a delivery by file, id and receiver, and by nothing else', async t => {
  const key = deliveryKey(request)
  t.match(key, /^[0-9a-f]{64}$/)
  t.equal(deliveryKey({ ...request, receiver: new URL('https://localhost:8443/ignored') }), key)
  const others = [
    { ...request, inputDigest: sha256(Buffer.from('<b/>')) },
    { ...request, id: 'doc1' },
    { ...request, receiver: new URL('https://localhost:8444') },
    { ...request, inputDigest: Buffer.concat([request.inputDigest, Buffer.from('4:doc1')]), id: '' },
  ]
  t.equal(new Set([key, ...others.map(deliveryKey)]).size, 5)
})

t.test('holds nothing at first, and then what was kept, in every later opening', async t => {
  const folder = await makeFolder(t)
  const first = openDelivery(folder, request)
  t.same([await first.hasDocument(), await first.receipt(), await first.refusal()], [false, undefined, undefined])
  t.ok(await first.keepDocument(pieces(one)))
  await first.keepReceipt(two)
  await first.keepRefusal({ code: 'partner-unknown', at: '2026-11-23T12:00:00.000Z' })
  const later = openDelivery(folder, request)
  t.same([await later.hasDocument(), await readFile(later.documentPath), await later.receipt()], [true, one, two])
  t.same(await later.refusal(), { code: 'partner-unknown', at: '2026-11-23T12:00:00.000Z' })
})

t.test('lets the first of several processes decide on the bytes', async t => {
  const folder = await makeFolder(t)
  const kept = await Promise.all(
    Array.from({ length: 20 }, (_, i) => openDelivery(folder, request).keepDocument(pieces(Buffer.from(`document ${i}`)))),
  )
  t.equal(kept.filter(isOurs => isOurs).length, 1)
  t.equal(await readFile(openDelivery(folder, request).documentPath, 'utf8'), `document ${kept.indexOf(true)}`)
})

t.test('puts other bytes in their place only when told that they were never accepted', async t => {
  const record = openDelivery(await makeFolder(t), request)
  await record.keepDocument(pieces(one))
  t.notOk(await record.keepDocument(pieces(two)))
  t.same(await readFile(record.documentPath), one)
  await record.replaceDocument(pieces(two))
  t.same(await readFile(record.documentPath), two)
})

t.test('takes no notice of what a crash left half written', async t => {
  const record = openDelivery(await makeFolder(t), request)
  await mkdir(dirname(record.documentPath), { recursive: true })
  await writeFile(join(dirname(record.documentPath), '.tmp-document.xml-0123'), 'hal')
  await writeFile(join(dirname(record.documentPath), 'refusal.json'), '{"code":')
  t.same([await record.hasDocument(), await record.refusal()], [false, undefined])
  t.ok(await record.keepDocument(pieces(one)))
})

t.test('keeps everything for the eyes of its owner', async t => {
  const record = openDelivery(await makeFolder(t), request)
  await record.keepDocument(pieces(one))
  const { mode } = await stat(record.documentPath)
  t.equal(mode & 0o777, 0o600)
})

t.test('refuses to go on where it cannot write or read', async t => {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'deliveries'), 'a file where a folder must be')
  const record = openDelivery(folder, request)
  await t.rejects(record.keepDocument(pieces(one)), { code: 'file-unreadable', exitCode: 5 })
  await t.rejects(record.hasDocument(), { code: 'file-unreadable' })
})
