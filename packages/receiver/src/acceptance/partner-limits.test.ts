// Limits of one partner, as its record says them: they hold from the next request on, on
// connections that are open, too.
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { call, connectRaw, post, type RawConnection, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, senderId, setTrust, type TestGateway } from '../testing/gateway.ts'

t.setTimeout(600_000)

const certs = await makeCerts(t)

async function allow(gateway: TestGateway, limits: string): Promise<void> {
  await setTrust(gateway, `partners: [{ id: ${senderId}, limits: { ${limits} } }]\n`)
}

async function open(t: Test, limits: string): Promise<TestGateway> {
  const gateway = await openGateway(t, certs)
  await allow(gateway, limits)
  return gateway
}

const send = async (gateway: TestGateway, id: string, fields: Parameters<typeof makeDocument>[1] = {}) =>
  refusalOf(await post(gateway, await makeDocument(gateway, { id, ...fields })))

const head = (length: number) =>
  `POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\nContent-Length: ${length}\r\n\r\n`

async function answers({ text }: RawConnection, count: number): Promise<string[]> {
  for (;;) {
    const found = text().match(/^HTTP\/1\.1 \d{3}/gm) ?? []
    if (found.length >= count) return found
    await pause(5)
  }
}

t.test('documents a second', async t => {
  const gateway = await open(t, 'rate: 2')
  const now = new Date()
  gateway.setTime(now)
  t.match([await send(gateway, 'a', { now }), await send(gateway, 'b', { now })], [/^201/, /^201/])
  t.equal(await send(gateway, 'c', { now }), '429 rate-limit')
  t.match(gateway.log.at(-1), {
    code: 'rate-limit',
    msg: /more than 2 documents a second came from "MINISTRY 1_SEG01"/,
  })
  await allow(gateway, 'rate: 4')
  gateway.setTime(new Date(now.getTime() + 500))
  t.match([await send(gateway, 'd', { now }), await send(gateway, 'e', { now })], [/^201/, /^201/])
  t.equal(await send(gateway, 'f', { now }), '429 rate-limit', 'what was owed before is not forgotten')
  await allow(gateway, 'rate: off')
  for (const id of ['g', 'h', 'i', 'j', 'k']) t.match(await send(gateway, id, { now }), /^201/)
})

t.test('what proves a document can be read at once, at any rate: ten reads for each', async t => {
  const gateway = await open(t, 'rate: 1')
  const now = new Date()
  gateway.setTime(now)
  t.match(await send(gateway, 'a', { now }), /^201/)
  const read = async () => (await call(gateway, { path: '/v1/log/checkpoint' })).status
  for (let i = 0; i < 10; i++) t.equal(await read(), 200)
  t.equal(await read(), 429)
  t.match(
    gateway.log.at(-1)?.msg,
    /more than 10 requests for receipts and the log a second came from "MINISTRY 1_SEG01"/,
  )
  gateway.setTime(new Date(now.getTime() + 1000))
  t.match(await send(gateway, 'b', { now }), /^201/, 'nor do reads take what documents need')
})

t.test('a rate of its own stands for that of all', async t => {
  const gateway = await openGateway(t, certs, { documentsPerSecond: 1 })
  const now = new Date()
  gateway.setTime(now)
  await allow(gateway, 'rate: off')
  for (const id of ['a', 'b', 'c']) t.match(await send(gateway, id, { now }), /^201/)
  await allow(gateway, 'bytes: 1MB')
  t.match([await send(gateway, 'd', { now }), await send(gateway, 'e', { now })], [/^201/, /^429/])
})

t.test('documents on their way in at a time', async t => {
  const gateway = await open(t, 'concurrency: 2')
  const slow = await Promise.all([1, 2].map(() => connectRaw(t, gateway)))
  for (const { socket } of slow) socket.write(`${head(1000)}<CriticalDocument`)
  await until(async () => (await send(gateway, 'a')) === '429 rate-limit')
  t.match(gateway.log.at(-1), {
    code: 'rate-limit',
    msg: /2 documents are being received already; the record of "MINISTRY 1_SEG01" allows 2/,
  })
  await allow(gateway, 'concurrency: 3')
  t.match(await send(gateway, 'b'), /^201/)
})

t.test('the bytes of a document: of the next on an open connection, and of one under way', async t => {
  const gateway = await open(t, 'bytes: 200kB')
  const connection = await connectRaw(t, gateway)
  const large = await makeDocument(gateway, { id: 'large', payload: 'x'.repeat(100_000) })
  connection.socket.write(head(large.length))
  connection.socket.write(large)
  t.same(await answers(connection, 1), ['HTTP/1.1 201'])
  const other = await connectRaw(t, gateway)
  const second = await makeDocument(gateway, { id: 'second', payload: 'x'.repeat(100_000) })
  other.socket.write(head(second.length))
  other.socket.write(second.subarray(0, 60_000))
  await until(() => gateway.gate.uploads.active().all > 0)
  await allow(gateway, 'bytes: 50kB')
  other.socket.write(second.subarray(60_000))
  t.same(await answers(other, 1), ['HTTP/1.1 413'])
  t.match(gateway.log.at(-1), { code: 'document-too-large', msg: /expected at most 50000 bytes/ })
  connection.socket.write(head(large.length))
  connection.socket.write(large)
  t.same(await answers(connection, 2), ['HTTP/1.1 201', 'HTTP/1.1 413'])
  t.match(await send(gateway, 'small'), /^201/)
  await allow(gateway, 'bytes: 1GB')
  t.match(await send(gateway, 'again', { payload: 'x'.repeat(100_000) }), /^201/)
})

t.test('the time between signature and arrival', async t => {
  const gateway = await open(t, 'clock-skew: 10')
  const before = (seconds: number) => ({ now: new Date(Date.now() - seconds * 1000) })
  t.equal(await send(gateway, 'a', before(60)), '422 timestamp-stale')
  t.match(gateway.log.at(-1), { code: 'timestamp-stale', msg: /within 10 s/ })
  await allow(gateway, 'clock-skew: 900')
  t.match(await send(gateway, 'a', before(600)), /^201/)
})

t.test('the types of documents, also of one under way', async t => {
  const gateway = await openGateway(t, certs)
  const types = 'documents: { Invoice: { root: Invoice, fields: { id: I, sender: S, receiver: R, timestamp: T } } }'
  const allowTypes = (names: string) =>
    setTrust(gateway, `${types}\npartners: [{ id: ${senderId}, documents: [${names}] }]\n`)
  await allowTypes('CriticalDocument')
  t.match(await send(gateway, 'a'), /^201/)
  const body = await makeDocument(gateway, { id: 'b', payload: 'x'.repeat(50_000) })
  const connection = await connectRaw(t, gateway)
  connection.socket.write(head(body.length))
  connection.socket.write(body.subarray(0, 30_000))
  await until(() => gateway.gate.uploads.active().all > 0)
  await allowTypes('Invoice')
  connection.socket.write(body.subarray(30_000))
  t.same(await answers(connection, 1), ['HTTP/1.1 403'])
  t.equal(await send(gateway, 'c'), '403 document-type')
  t.match(gateway.log.at(-1), {
    code: 'document-type',
    msg: /expected of "MINISTRY 1_SEG01" a document of "Invoice", found one of "CriticalDocument"/,
  })
})
