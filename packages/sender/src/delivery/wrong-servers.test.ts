// What listens there is nobody, too slow, too old or not the receiver: the sender waits or stops,
// and shows the document to no stranger.
import type { Fault } from '@seg/core'
import t from 'tap'
import { accept, startPlainServer, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openSender, openTemplate, receiverId } from '../testing/gateways.ts'
import { sendTemplate } from './send.ts'

const template = await openTemplate(t, makeDocument())
const certs = await makeCerts(t)

t.test('is not done yet when nothing listens', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  await receiver.close()
  const sent = sendTemplate(template, receiver.url, await openSender(certs, await makeFolder(t), 200))
  await t.rejects(sent, { code: 'delivery-pending', exitCode: 4, detail: /connection refused/ })
})

t.test('is not done yet when the receiver takes the document and says nothing', async t => {
  const receiver = await startReceiver(t, certs, () => {})
  const sent = sendTemplate(template, receiver.url, await openSender(certs, await makeFolder(t), 400))
  await t.rejects(sent, { code: 'delivery-pending', detail: /no answer in time/ })
  t.equal(receiver.received.length, 1)
})

t.test('is not done yet when the receiver never ends its answer', async t => {
  const receiver = await startReceiver(t, certs, response =>
    response.writeHead(201, { 'content-type': 'application/xml' }).write('<Receipt'),
  )
  await t.rejects(sendTemplate(template, receiver.url, await openSender(certs, await makeFolder(t), 400)), {
    code: 'delivery-pending',
  })
})

t.test('is not done yet when the server has no TLS', async t => {
  const { url } = await startPlainServer(t)
  const sent = sendTemplate(template, url, await openSender(certs, await makeFolder(t), 200))
  await t.rejects(sent, { code: 'delivery-pending', detail: /does not speak our TLS 1.3/ })
})

t.test('is not done yet when the server has an older TLS', async t => {
  const receiver = await startReceiver(t, certs, accept(certs), { version: 'TLSv1.2' })
  const sent = sendTemplate(template, receiver.url, await openSender(certs, await makeFolder(t), 200))
  await t.rejects(sent, { code: 'delivery-pending', detail: /does not speak our TLS 1.3/ })
})

t.test('sends nothing to a server whose certificate is out of date by our clock', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const later = () => new Date(Date.now() + 3650 * 86_400_000)
  const sent = sendTemplate(template, receiver.url, await openSender(certs, await makeFolder(t), 500, later))
  await t.rejects(sent, { code: 'certificate-invalid' })
  t.same(receiver.received, [])
})

t.test('sends nothing to a server that is not the receiver', async t => {
  const foreign = await makeCerts(t)
  const elsewhere = await makeCerts(t, receiverId, ['gateway.example'])
  const other = await makeCerts(t, 'MINISTRY 3_SEG01')
  const sendTo = async (serverCerts: string, trusting: string, options = {}) => {
    const receiver = await startReceiver(t, serverCerts, accept(certs), options)
    const fault = await sendTemplate(
      template,
      receiver.url,
      await openSender(trusting, await makeFolder(t), 500),
    ).catch(error => error)
    t.same(receiver.received, [])
    return fault
  }
  t.match(await sendTo(foreign, certs), { code: 'certificate-invalid', exitCode: 5 }, 'of another CA')
  t.match(
    await sendTo(elsewhere, elsewhere),
    { code: 'certificate-invalid', detail: /ALTNAME/ },
    'under another host name',
  )
  t.match(
    await sendTo(certs, certs, { profile: 'sender', host: 'localhost' }),
    { exitCode: 5 },
    'with the certificate of a sender',
  )
  t.match(
    await sendTo(other, other),
    { code: 'delivery-refused', exitCode: 3, problem: { code: 'receiver-mismatch' } },
    'than the one the document is addressed to',
  )
})

t.test('says that the connection may have been closed on account of our certificate', async t => {
  const receiver = await startReceiver(t, certs, accept(certs), { trusting: await makeCerts(t) })
  const fault = await sendTemplate(template, receiver.url, await openSender(certs, await makeFolder(t), 200)).catch(
    error => error as Fault,
  )
  t.match(fault, { message: /may not accept our certificate|does not accept our certificate/ })
  t.same(receiver.received, [])
})
