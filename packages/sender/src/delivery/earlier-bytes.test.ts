// Bytes that may have been accepted: nothing takes their place before the receiver was asked, and
// nothing that was sent is ever removed.
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { verifyDocument } from '@seg/xmldsig'
import t, { type Test } from 'tap'
import {
  answerReceipt,
  type Handler,
  makeReceipt,
  type Reply,
  refuse,
  startReceiver,
} from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openSender, openTemplate } from '../testing/gateways.ts'
import { queueTemplate } from './queue-document.ts'
import { sendTemplate } from './send.ts'

const certs = await makeCerts(t)
const template = await openTemplate(t, makeDocument())
const nothing = Buffer.alloc(0)

/**
 * A receiver that accepts the first bytes and loses the answer; then it replies as the test says,
 * and shows the receipt to who asks.
 */
async function openScene(t: Test, then: Reply, receipts?: (receipt: Buffer) => Handler) {
  let receipt: Buffer | undefined
  let asked = 0
  const accept: Reply = async (response, received) => {
    receipt = await makeReceipt(received, certs)
    response.socket?.destroy()
  }
  const show: Handler = (request, response) => {
    asked++
    if (receipt === undefined) return refuse('not-found')(response, nothing, 0)
    return receipts ? receipts(receipt)(request, response) : answerReceipt(response, receipt, 200)
  }
  const options = { receipts: show }
  const reply: Reply = (response, received, count) => (count === 1 ? accept : then)(response, received, count)
  const receiver = await startReceiver(t, certs, reply, options)
  const data = await makeFolder(t)
  const sender = await openSender(certs, data, 2000)
  t.teardown(() => sender[Symbol.asyncDispose]())
  const send = () => sendTemplate(template, receiver.url, sender)
  return { receiver, data, sender, send, receipt: () => receipt!, asked: () => asked }
}

t.test('asks before it signs again, and is done when the first bytes were accepted', async t => {
  const { receiver, send, sender, receipt } = await openScene(t, refuse('timestamp-stale'))
  const { documentPath, receiptPath } = await send()
  t.same(receiver.received.length, 2)
  t.same(await readFile(documentPath), receiver.received[0])
  t.same(await readFile(receiptPath), receipt())
  t.match(await sender.outbox.find(1), { state: 'delivered' })
})

t.test('takes the receipt of earlier bytes when others stand in their place already', async t => {
  const { receiver, send, sender, data } = await openScene(t, refuse('document-id-conflict'))
  await queueTemplate(template, receiver.url, sender)
  const { document: first } = (await sender.outbox.find(1))!
  // As senders did that signed again without asking: other bytes after the first ones were sent.
  const other = await openSender(certs, await makeFolder(t), 2000, () => new Date(Date.now() - 60_000))
  const queued = await queueTemplate(template, receiver.url, other)
  if (!('entry' in queued)) throw new Error('it is queued')
  const { document } = queued.entry
  const bytes = await readFile(join(other.data, document.path))
  await other[Symbol.asyncDispose]()
  await writeFile(join(data, document.path), bytes)
  const held = (await sender.outbox.leaseOne(1))!
  await sender.outbox.replaceDocument(held, document)
  await sender.outbox.release(held)
  t.not(document.sha256, first.sha256)
  const { documentPath } = await send()
  t.same(await readFile(documentPath), receiver.received[0])
  t.match(await sender.outbox.find(1), { state: 'delivered' })
})

t.test('refuses when the id was taken by bytes that are not here, and keeps the receipt for them', async t => {
  const foreign = await openTemplate(t, makeDocument())
  const elsewhere = await openSender(certs, await makeFolder(t), 2000, () => new Date(Date.now() - 90_000))
  const taken = await startReceiver(t, certs, async (response, received) =>
    answerReceipt(response, await makeReceipt(received, certs)),
  )
  const { receiptPath } = await sendTemplate(foreign, taken.url, elsewhere)
  const receipt = await readFile(receiptPath)
  await elsewhere[Symbol.asyncDispose]()
  const { send, sender } = await openScene(t, refuse('document-id-conflict'), () => (_request, response) => {
    answerReceipt(response, receipt, 200)
  })
  const fault = await send().catch(error => error)
  const sha256 = createHash('sha256').update(taken.received[0]!).digest('hex')
  const sentence = new RegExp(`receipt is for other bytes .SHA-256 ${sha256}.*restored from a backup. .* is kept in `)
  t.match(fault, { code: 'delivery-refused', problem: { code: 'document-id-conflict', sentence } })
  const kept = / is kept in (.*)\.$/.exec(fault.problem.sentence)?.[1]
  t.same(await readFile(kept ?? ''), receipt)
  t.match(await sender.outbox.find(1), { state: 'refused', reason: { detail: sentence } })
})

t.test('replaces nothing while the question is not answered', async t => {
  const { receiver, send, sender, data } = await openScene(
    t,
    refuse('timestamp-stale'),
    () => (_request, response) => refuse('overloaded')(response, nothing, 0),
  )
  await t.rejects(send(), { code: 'delivery-pending', detail: /accepted before is not known yet: overloaded/ })
  const entry = (await sender.outbox.find(1))!
  t.match(entry, { state: 'queued' })
  t.ok(receiver.received.length > 1)
  t.ok(receiver.received.every(bytes => bytes.equals(receiver.received[0]!)))
  t.same((await readdir(dirname(join(data, entry.document.path)))).length, 1)
})

t.test('refuses a receipt that does not verify, and replaces nothing then', async t => {
  const { receiver, send, sender } = await openScene(t, refuse('timestamp-stale'), () => (_request, response) => {
    answerReceipt(response, '<Receipt/>', 200)
  })
  await t.rejects(send(), { code: 'receipt-invalid' })
  t.match(await sender.outbox.find(1), { state: 'queued', reason: { code: 'receipt-invalid' } })
  t.same(receiver.received[1], receiver.received[0])
})

t.test('takes the receipt of earlier bytes that were on their way while others were signed', async t => {
  let receipt: Buffer | undefined
  // As bytes that a process without its lease was still sending: accepted after the question.
  const late: Reply = async (response, received, count) => {
    if (count === 1) return refuse('timestamp-stale')(response, received, count)
    receipt = await makeReceipt(receiver.received[0]!, certs)
    return refuse('document-id-conflict')(response, received, count)
  }
  const receipts: Handler = (_request, response) =>
    receipt === undefined ? refuse('not-found')(response, nothing, 0) : answerReceipt(response, receipt, 200)
  const receiver = await startReceiver(t, certs, late, { receipts })
  let behind = 3_600_000
  const sender = await openSender(certs, await makeFolder(t), 2000, () => new Date(Date.now() - behind))
  t.teardown(() => sender[Symbol.asyncDispose]())
  await queueTemplate(template, receiver.url, sender)
  behind = 0
  const { documentPath } = await sendTemplate(template, receiver.url, sender)
  t.equal(receiver.received.length, 2)
  t.same(await readFile(documentPath), receiver.received[0])
  t.match(await sender.outbox.find(1), { state: 'delivered' })
})

t.test('keeps every document that was sent, under the name of its digest', async t => {
  const receiver = await startReceiver(t, certs, async (response, received, count) =>
    count === 1
      ? refuse('timestamp-stale')(response, received, count)
      : answerReceipt(response, await makeReceipt(received, certs)),
  )
  const data = await makeFolder(t)
  let behind = 3_600_000
  const sender = await openSender(certs, data, 2000, () => new Date(Date.now() - behind))
  t.teardown(() => sender[Symbol.asyncDispose]())
  await queueTemplate(template, receiver.url, sender)
  behind = 0
  const { documentPath } = await sendTemplate(template, receiver.url, sender)
  const names = (await readdir(dirname(documentPath))).filter(name => name.startsWith('document-'))
  const digests = receiver.received.map(bytes => createHash('sha256').update(bytes).digest('hex'))
  t.same(names.sort(), digests.map(digest => `document-${digest}.xml`).sort())
  const [first, second] = receiver.received.map(bytes => verifyDocument(bytes, sender.identity.certificate))
  t.ok(second!.signedAt - first!.signedAt > 3_500_000)
})
