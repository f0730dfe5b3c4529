// Sending to real TLS servers on the loopback that keep, lose, delay and refuse documents.
import { readFile } from 'node:fs/promises'
import { faults } from '@seg/core'
import { verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { accept, type Reply, refuse, sha256, startReceiver } from '../testing/foreign-receiver.ts'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openInput,
  openSender,
  openTemplate,
  receiverId,
  senderId,
  sign,
} from '../testing/gateways.ts'
import { sendTemplate } from './send.ts'

const template = await openTemplate(t, makeDocument())
const certs = await makeCerts(t)

/** Replies in turn; the last one for good. */
const inTurn = (...replies: [Reply, ...Reply[]]): Reply => {
  return (response, received, count) => replies[Math.min(count, replies.length) - 1]?.(response, received, count)
}

const hangUp: Reply = response => response.socket?.destroy()

t.test('delivers a document, and keeps what was sent and the receipt', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const delivery = await sendTemplate(template, receiver.url, await openSender(certs, await makeFolder(t)))
  t.match(delivery.receipt, { documentId: 'doc123', senderId, receiverId })
  t.match(delivery.made, {
    tries: 1,
    tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', group: 'X25519MLKEM768' },
  })
  const kept = await readFile(delivery.documentPath)
  t.same([kept], receiver.received)
  t.same(delivery.receipt.documentDigest, sha256(kept))
  t.match(await readFile(delivery.receiptPath, 'utf8'), /Receipt/)
})

t.test('finds the earlier delivery of the same file, without a network', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const sender = await openSender(certs, await makeFolder(t))
  const first = await sendTemplate(template, receiver.url, sender)
  await receiver.close()
  const second = await sendTemplate(template, receiver.url, sender)
  t.equal(second.made, undefined)
  t.equal(second.receipt.acceptedAt, first.receipt.acceptedAt)
  t.equal(receiver.received.length, 1)
})

t.test('takes another id, another file and another receiver for other deliveries', async t => {
  const sender = await openSender(certs, await makeFolder(t))
  const [one, two] = [await startReceiver(t, certs, accept(certs)), await startReceiver(t, certs, accept(certs))]
  await sendTemplate(template, one.url, sender)
  await sendTemplate(template, two.url, sender)
  await sendTemplate({ ...template, id: 'doc124' }, one.url, sender)
  await sendTemplate({ ...template, input: await openInput(t, makeDocument({ id: 'doc125' })) }, one.url, sender)
  const idOf = (bytes: Buffer) => verifyDocument(bytes, sender.identity.certificate).id
  t.same(one.received.map(idOf), ['doc123', 'doc124', 'doc125'])
  t.same(two.received.map(idOf), ['doc123'])
})

t.test('sends the same bytes again when the answer was lost', async t => {
  const receiver = await startReceiver(t, certs, inTurn(hangUp, accept(certs)))
  const { made } = await sendTemplate(template, receiver.url, await openSender(certs, await makeFolder(t)))
  t.equal(made?.tries, 2)
  t.same(receiver.received[0], receiver.received[1])
})

t.test('waits for whole milliseconds, also when the time that is left bounds the wait', async t => {
  const receiver = await startReceiver(t, certs, refuse('overloaded'))
  const sender = await openSender(certs, await makeFolder(t), 1500)
  await t.rejects(sendTemplate(template, receiver.url, sender), { code: 'delivery-pending' })
  t.ok(sender.pauses.length > 0)
  t.same(
    sender.pauses.filter(wait => !Number.isInteger(wait)),
    [],
  )
  t.ok(Number.isInteger((await sender.outbox.find(1))?.nextTry))
})

t.test('sends the same bytes in a later run when the first one ended without an answer', async t => {
  const receiver = await startReceiver(t, certs, inTurn(refuse('overloaded', { 'retry-after': '60' }), accept(certs)))
  const sender = await openSender(certs, await makeFolder(t))
  await t.rejects(sendTemplate(template, receiver.url, sender), {
    code: 'delivery-pending',
    detail: /overloaded.*again in 60 s/,
  })
  await sendTemplate(template, receiver.url, sender)
  t.same(receiver.received[0], receiver.received[1])
  t.same(sender.pauses, [], 'a wait beyond the timeout is not begun')
})

t.test('waits as long as the receiver asks, and longer by chance, before it tries again', async t => {
  const receiver = await startReceiver(
    t,
    certs,
    inTurn(refuse('rate-limit', { 'retry-after': '3' }), refuse('internal'), accept(certs)),
  )
  const sender = await openSender(certs, await makeFolder(t))
  await sendTemplate(template, receiver.url, sender)
  t.same(sender.pauses, [3125, 250])
})

t.test('signs again, once, when its own timestamp has become stale', async t => {
  const receiver = await startReceiver(t, certs, inTurn(refuse('timestamp-stale'), accept(certs)))
  const sender = await openSender(certs, await makeFolder(t))
  const { documentPath, made } = await sendTemplate(template, receiver.url, sender)
  t.equal(made?.tries, 1)
  t.not(receiver.received[0]?.equals(receiver.received[1] as Buffer), true)
  t.same(await readFile(documentPath), receiver.received[1])
  t.match(sender.notes, [/signing again/])
})

t.test('keeps a document whose fresh signature is stale, too, and names both clocks', async t => {
  let apart = 600_000
  const receiver = await startReceiver(t, certs, (response, received, count) => {
    const date = new Date(Date.now() + apart).toUTCString()
    return apart === 0
      ? accept(certs)(response, received, count)
      : refuse('timestamp-stale', { date })(response, received, count)
  })
  const sender = await openSender(certs, await makeFolder(t))
  const send = () => sendTemplate(template, receiver.url, sender)
  const detail = /our clock says 20[^,]*Z, the receiver's 20[^,]*Z, (599|600|601) s ahead; it stays queued/
  await t.rejects(send(), { code: 'clocks-apart', exitCode: 4, detail })
  t.equal(receiver.received.length, 2, 'one fresh signature')
  t.match(await sender.outbox.find(1), { state: 'queued', tries: 1, reason: { code: 'clocks-apart', detail } })
  await t.rejects(send(), { code: 'clocks-apart' })
  t.equal(receiver.received.length, 3, 'no more bytes while they can be of no use')
  apart = 0
  t.match(await send(), { number: 1 })
})

t.test('does not give up a document that came signed while the clocks are apart', async t => {
  const apart = -600_000
  const receiver = await startReceiver(t, certs, (response, received, count) =>
    refuse('timestamp-stale', { date: new Date(Date.now() + apart).toUTCString() })(response, received, count),
  )
  const sender = await openSender(certs, await makeFolder(t))
  const signed = async (age: number) => ({
    ...template,
    input: await openInput(t, await sign(template, sender.identity, new Date(Date.now() - age))),
  })
  await t.rejects(sendTemplate(await signed(0), receiver.url, sender), { code: 'clocks-apart', detail: /s behind/ })
  t.match(await sender.outbox.find(1), { state: 'queued' })
  const late = sendTemplate(await signed(7_200_000), receiver.url, sender)
  await t.rejects(late, { code: 'delivery-refused', problem: { code: 'timestamp-stale' } }, 'late by both clocks')
})

t.test("leaves a template's own timestamp alone, stale as it may be", async t => {
  const receiver = await startReceiver(t, certs, refuse('timestamp-stale'))
  const input = await openInput(t, makeDocument({ timestamp: '2020-01-01T00:00:00Z' }))
  const sent = sendTemplate({ ...template, input }, receiver.url, await openSender(certs, await makeFolder(t)))
  await t.rejects(sent, { code: 'delivery-refused', problem: { code: 'timestamp-stale' } })
  t.equal(receiver.received.length, 1)
})

t.test('keeps a refusal, and tries again when the file is sent again', async t => {
  const receiver = await startReceiver(t, certs, inTurn(refuse('partner-unknown'), accept(certs)))
  const sender = await openSender(certs, await makeFolder(t))
  await t.rejects(sendTemplate(template, receiver.url, sender), {
    code: 'delivery-refused',
    exitCode: 3,
    problem: { code: 'partner-unknown' },
    answer: { status: 403 },
  })
  const { made } = await sendTemplate(template, receiver.url, sender)
  t.ok(made)
  t.match(sender.notes, [/was refused on .* with partner-unknown/])
  t.same(receiver.received[0], receiver.received[1])
})

t.test('sends a document that is signed already as it is', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const sender = await openSender(certs, await makeFolder(t))
  const bytes = await sign(template, sender.identity)
  const input = await openInput(t, bytes)
  await sendTemplate({ ...template, input }, receiver.url, sender)
  const again = await sendTemplate({ ...template, input }, receiver.url, sender)
  t.same(receiver.received, [bytes])
  t.same([await readFile(again.documentPath), again.made], [bytes, undefined])
  await t.rejects(sendTemplate({ ...template, input, id: 'doc124' }, receiver.url, sender), { code: 'usage' })
})

t.test('lets the receiver judge a signed document that was changed, and refuses a receipt for it', async t => {
  const sender = await openSender(certs, await makeFolder(t))
  const signed = await sign(template, sender.identity)
  const bytes = Buffer.from(signed.toString().replace('Saturday', 'Sunday'))
  const input = await openInput(t, bytes)
  const strict = await startReceiver(t, certs, refuse('signature-digest'))
  await t.rejects(sendTemplate({ ...template, input }, strict.url, sender), {
    code: 'delivery-refused',
    exitCode: 3,
    problem: { code: 'signature-digest' },
  })
  t.same(strict.received, [bytes])

  const receipts = await startReceiver(t, certs, accept(certs))
  const delivery = await sendTemplate({ ...template, input: await openInput(t, signed) }, receipts.url, sender)
  const lax = await startReceiver(t, certs, async response => {
    response.writeHead(201, { 'content-type': 'application/xml' }).end(await readFile(delivery.receiptPath))
  })
  await t.rejects(sendTemplate({ ...template, input }, lax.url, sender), {
    code: 'receipt-invalid',
    detail: /signature-digest/,
  })
})

t.test('signs again what it signed with a certificate that was replaced since', async t => {
  const data = await makeFolder(t)
  const renewed = await makeCerts(t)
  const receiver = await startReceiver(t, renewed, accept(renewed))
  const fault = await sendTemplate(template, receiver.url, await openSender(certs, data, 500)).catch(error => error)
  t.equal(fault.code, 'certificate-invalid', 'the first certificates know nothing of this receiver')
  const { made } = await sendTemplate(template, receiver.url, await openSender(renewed, data))
  t.ok(made)
})

t.test('asks again when the receipt of an earlier delivery no longer verifies', async t => {
  const data = await makeFolder(t)
  const receiver = await startReceiver(t, certs, accept(certs))
  await sendTemplate(template, receiver.url, await openSender(certs, data))
  const port = Number(receiver.url.port)
  await receiver.close()
  const renewed = await openSender(await makeCerts(t), data, 200)
  await t.rejects(sendTemplate(template, new URL(`https://localhost:${port}`), renewed), { code: 'delivery-pending' })
  t.match(renewed.notes, [/does not verify any more/])
})

t.test('warns of a sender that is not us, and leaves the decision to the receiver', async t => {
  const receiver = await startReceiver(t, certs, refuse('sender-mismatch'))
  const sender = await openSender(certs, await makeFolder(t))
  const input = await openInput(t, makeDocument({ sender: 'MINISTRY 9' }))
  await t.rejects(sendTemplate({ ...template, input }, receiver.url, sender), {
    code: 'delivery-refused',
    problem: { code: 'sender-mismatch' },
  })
  t.match(sender.notes, [/warning: .*MINISTRY 9/])
})

t.test('stores and sends nothing of a document that it may not sign', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const data = await makeFolder(t)
  const input = await openInput(
    t,
    Buffer.from(makeDocument().toString().replace('<Payload>', '<!-- secret --><Payload>')),
  )
  await t.rejects(sendTemplate({ ...template, input }, receiver.url, await openSender(certs, data)), {
    code: 'xml-comment',
    exitCode: 5,
  })
  t.same(receiver.received, [])
  await sendTemplate({ ...template, input, stripComments: true }, receiver.url, await openSender(certs, data))
  t.notMatch(receiver.received[0]?.toString(), /secret/)
})

t.test('reports every refusal of the registry by its code', async t => {
  const final = (Object.keys(faults) as (keyof typeof faults)[]).filter(
    code => faults[code].status < 500 && ![408, 429].includes(faults[code].status),
  )
  const receiver = await startReceiver(t, certs, (response, received, count) =>
    refuse(final[count - 1] ?? 'internal')(response, received, count),
  )
  const sender = await openSender(certs, await makeFolder(t))
  const input = await openInput(t, makeDocument({ timestamp: new Date().toISOString() }))
  const seen: string[] = []
  for (const _ of final)
    await sendTemplate({ ...template, input }, receiver.url, sender).catch(fault => seen.push(fault.problem.code))
  t.same(seen, final)
})
