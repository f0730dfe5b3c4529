// Attacks by one partner on the others: whatever it takes, something is left for them.
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type ConnectionOptions, connect } from 'node:tls'
import { until } from '@seg/core/testing/until'
import type { Identity } from '@seg/pki'
import t from 'tap'
import { openLedgerReader } from '../../packages/ledger/src/index.ts'
import {
  call,
  connectRaw,
  credentials,
  post,
  type RawConnection,
  refusalOf,
} from '../../packages/receiver/src/testing/client.ts'
import { makeCerts, makeDocument, openGateway, type TestGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { issueAny } from '../support/any-certificate.ts'
import { issue, openIssuer } from '../support/certificates.ts'
import { documentHead, readAnswers } from '../support/raw-http.ts'

// A busy machine takes longer for all of them than tap waits.
t.setTimeout(600_000)

const certs = await makeCerts(t)
const other = issue({ name: 'MINISTRY 3_SEG01' }, await openIssuer(certs))

const asOther = (gateway: TestGateway): ConnectionOptions => ({
  ...credentials(gateway),
  cert: other.certificatePem,
  key: other.keyPem,
})

/** A document of the other partner's. */
async function postAs({ id, ...signer }: Identity, gateway: TestGateway, name: string) {
  const body = await makeDocument(gateway, { id: name, from: id, signer: { id, ...signer } })
  const headers = { 'content-type': 'application/xml', 'content-length': String(body.length) }
  return call(gateway, { method: 'POST', path: '/v1/documents', headers, body, tls: asOther(gateway) })
}

t.test('a partner that sends slowly and much leaves room for the others', async t => {
  const gateway = await openGateway(t, certs, { uploads: 8, uploadsOfOne: 6 })
  const slow = async (options: ConnectionOptions = {}) => {
    const connection = await connectRaw(t, gateway, options)
    connection.socket.write(`${documentHead('Content-Length: 1000')}<CriticalDocument`)
    return connection
  }
  const document = await makeDocument(gateway, { id: 'one-more' })
  await Promise.all(Array.from({ length: 6 }, () => slow()))
  await until(async () => refusalOf(await post(gateway, document)) === '503 overloaded')
  for (let i = 0; i < 5; i++) t.equal((await postAs(other, gateway, `of-the-other-${i}`)).status, 201)

  const { socket } = await slow(asOther(gateway))
  await until(async () => refusalOf(await post(gateway, document)) === '429 rate-limit')
  const refused = await post(gateway, document)
  t.equal(refused.headers['retry-after'], '2')
  t.match(gateway.log.at(-1), {
    code: 'rate-limit',
    msg: /6 documents are being received already, all of "MINISTRY 1_SEG01", of 8/,
  })
  t.equal((await postAs(other, gateway, 'beside')).status, 201)
  socket.destroy()
})

t.test('large documents have shares of their own', async t => {
  const gateway = await openGateway(t, certs, { largeUploads: 4, largeUploadsOfOne: 3 })
  const [start = ''] = (await makeDocument(gateway, { id: 'large' })).toString().split('Lunch')
  for (let i = 0; i < 3; i++) {
    const { socket } = await connectRaw(t, gateway)
    socket.write(`${documentHead(`Content-Length: ${1024 ** 3}`)}${start}${'x'.repeat(400_000)}`)
  }
  const large = await makeDocument(gateway, { id: 'large', payload: 'x'.repeat(400_000) })
  await until(async () => refusalOf(await post(gateway, large)) === '503 overloaded')
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201, 'small ones are not concerned')
})

t.test('no partner sends faster than it may', async t => {
  const gateway = await openGateway(t, certs, { documentsPerSecond: 2 })
  const begin = Date.now()
  gateway.setTime(new Date(begin))
  const send = async (id: string) =>
    refusalOf(await post(gateway, await makeDocument(gateway, { id, now: new Date(begin) })))
  t.match([await send('a'), await send('b')], [/^201/, /^201/])
  t.equal(await send('c'), '429 rate-limit')
  t.match(gateway.log.at(-1)?.msg, /more than 2 documents a second came from "MINISTRY 1_SEG01"/)
  t.equal((await postAs(other, gateway, 'a')).status, 201)
  gateway.setTime(new Date(begin + 500))
  t.match(await send('c'), /^201/)
  t.equal(await send('d'), '429 rate-limit')
})

t.test('of receipts and files of the log a partner reads ten times as many as it may send documents', async t => {
  const gateway = await openGateway(t, certs, { documentsPerSecond: 1 })
  gateway.setTime(new Date())
  const path = '/v1/log/checkpoint'
  const answers = await Promise.all(Array.from({ length: 40 }, () => call(gateway, { path })))
  const refused = answers.filter(({ status }) => status === 429)
  const served = answers.filter(({ status }) => status === 200)
  t.same([served.length, refused.length], [10, 30], 'ten at once, while no time passes')
  for (const answer of refused) t.match([refusalOf(answer), answer.headers['retry-after']], ['429 rate-limit', /\d/])
  t.equal((await postAs(other, gateway, 'd')).status, 201, 'another partner has its own')
})

t.test('of many requests of one partner only a few are answered before those of another that came later', async t => {
  const gateway = await openGateway(t, certs)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const crowd = await Promise.all(Array.from({ length: 120 }, () => connectRaw(t, gateway)))
  const { socket: other } = await connectRaw(t, gateway, asOther(gateway))
  const requests = ['/v1/receipts/doc123', '/v1/log/tile/entries/000.p/1', '/v1/log/checkpoint', '/v1/nothing'].flatMap(
    path => ['GET', 'HEAD'].map(method => `${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`),
  )
  for (const request of requests) {
    const answered: unknown[] = []
    const ask = async (socket: Socket) => {
      socket.write(request)
      await once(socket, 'data')
      answered.push(socket)
    }
    await Promise.all([...crowd.map(({ socket }) => socket), other].map(ask))
    const before = answered.indexOf(other)
    t.ok(before <= 24, `${request.split(' HTTP')[0]}: ${before} are`)
  }
})

t.test('answers on their way out have places, and one partner a share of them', async t => {
  const gateway = await openGateway(t, certs, { reads: 3, readsOfOne: 2 })
  const begin = (partner: string) => gateway.gate.uploads.beginRead(partner)
  const [first, , ofOther] = await Promise.all(['A', 'A', 'B'].map(begin))
  await t.rejects(begin('A'), { code: 'overloaded' })
  ofOther!()
  await t.rejects(begin('A'), { code: 'overloaded' }, 'alone')
  first!()
  await Promise.all(['A', 'B'].map(begin))
})

t.test('requests of one connection are served one after the other, so that they need one place', async t => {
  const gateway = await openGateway(t, certs, { reads: 1, readsOfOne: 1 })
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const { socket, text } = await connectRaw(t, gateway)
  socket.write('GET /v1/log/checkpoint HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4))
  await until(() => readAnswers(text()).length === 4)
  t.ok(
    readAnswers(text()).every(answer => answer.startsWith('200')),
    readAnswers(text()).join(', '),
  )
})

t.test('an answer that is not read ends its connection after a time', async t => {
  const gateway = await openGateway(t, certs, { answerTime: 300, pipelinedRequests: 1_000_000 })
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const { socket, closed } = await connectRaw(t, gateway)
  socket.pause()
  // More than the kernel keeps for a reader that rests.
  socket.write('GET /v1/receipts/doc123 HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(6000))
  socket.on('end', () => {})
  const isClosed = () => gateway.log.some(({ msg }) => /nobody read the answer/.test(msg))
  for (const end = performance.now() + 30_000; !isClosed() && performance.now() < end; ) await pause(20)
  t.ok(isClosed())
  socket.resume()
  await closed
  t.equal((await call(gateway, { path: '/v1/log/checkpoint' })).status, 200)
})

t.test('a small document that is one too many costs no connection', async t => {
  const gateway = await openGateway(t, certs, { documentsPerSecond: 1 })
  const begin = Date.now()
  gateway.setTime(new Date(begin))
  const documents = await Promise.all(['a', 'b', 'c'].map(id => makeDocument(gateway, { id, now: new Date(begin) })))
  const { socket, text } = await connectRaw(t, gateway)
  for (const [i, document] of documents.entries()) {
    gateway.setTime(new Date(begin + (i === 2 ? 1000 : 0)))
    socket.write(documentHead(`Content-Length: ${document.length}`))
    socket.write(document)
    await until(() => readAnswers(text()).length > i)
  }
  t.match(readAnswers(text()), [/^201/, '429 rate-limit', /^201/])
})

t.test('but is not waited for', async t => {
  const gateway = await openGateway(t, certs, { documentsPerSecond: 1, lingerTime: 100 })
  gateway.setTime(new Date())
  await post(gateway, await makeDocument(gateway, { now: gateway.gate.now() }))
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(`${documentHead('Content-Length: 1000')}<CriticalDocument`)
  await closed
  t.same(readAnswers(text()), ['429 rate-limit'])
})

t.test('a partner that opens connections leaves some for the others', async t => {
  const gateway = await openGateway(t, certs, { connections: 6, connectionsOfOne: 4 })
  const open = await Promise.all(Array.from({ length: 4 }, () => connectRaw(t, gateway)))
  const surplus = await connectRaw(t, gateway)
  await surplus.closed
  t.match(
    gateway.log.at(-1)?.msg,
    /^connection from 127\.0\.0\.1 closed: 4 connections are open already, all of "MINISTRY 1_SEG01"/,
  )
  t.equal((await postAs(other, gateway, 'a')).status, 201)
  open[0]!.socket.destroy()
  await open[0]!.closed
  await until(async () => {
    const socket = connect({ host: '127.0.0.1', port: gateway.port, ...credentials(gateway) })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    const isOpen = await Promise.race([once(socket, 'close').then(() => false), pause(100, true)])
    socket.destroy()
    return isOpen
  })
})

t.test('a partner has one share of connections, whatever else its certificates say', async t => {
  const gateway = await openGateway(t, certs, { connections: 6, connectionsOfOne: 4 })
  const issuer = await openIssuer(certs)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const connections: RawConnection[] = []
  for (const organization of ['One', 'Two', 'Three', 'Four', 'Five']) {
    const subject = [
      ['O', organization],
      ['CN', 'MINISTRY 1_SEG01'],
    ] as const
    const cert = issueAny(subject, publicKey, issuer).toString()
    connections.push(await connectRaw(t, gateway, { cert, key }))
  }
  await connections.at(-1)!.closed
  t.match(gateway.log.at(-1)?.msg, /closed: 4 connections are open already, all of "MINISTRY 1_SEG01"/)
  t.equal((await postAs(other, gateway, 'a')).status, 201)
})

t.test('a partner that stores much leaves room on the disk for the others', async t => {
  const gateway = await openGateway(t, certs, { quota: 100_000 })
  const send = async (id: string, payload: string) =>
    refusalOf(await post(gateway, await makeDocument(gateway, { id, payload })))
  t.match(await send('a', 'x'.repeat(50_000)), /^201/)
  t.equal(await send('b', 'x'.repeat(50_000)), '429 rate-limit')
  t.match(gateway.log.at(-1)?.msg, /"MINISTRY 1_SEG01" may store 100000 bytes in a day/)
  t.match(refusalOf(await post(gateway, Buffer.alloc(20_000, '<a>'))), /^4(?!29)/, 'what is refused takes no room')
  t.match(await send('c', 'x'.repeat(20_000)), /^201/)
  t.equal((await postAs(other, gateway, 'd')).status, 201)
})

t.test('the last of the disk is for nobody', async t => {
  const gateway = await openGateway(t, certs, { reserve: 2 ** 50 })
  const refused = await post(gateway, await makeDocument(gateway))
  t.match([refusalOf(refused), refused.headers['retry-after']], ['503 storage-unavailable', /\d/])
  t.equal((await call(gateway, { path: '/v1/log/checkpoint' })).status, 200, 'what is there can be read')
})

t.test('what is refused for being too much is in the log, up to a bound, and so are conflicts', async t => {
  const gateway = await openGateway(t, certs, { documentsPerSecond: 80 })
  gateway.setTime(new Date())
  const fields = { now: gateway.gate.now() }
  t.equal((await post(gateway, await makeDocument(gateway, fields))).status, 201)
  for (let i = 0; i < 79; i++)
    t.equal(
      refusalOf(await post(gateway, await makeDocument(gateway, { ...fields, payload: `${i}` }))),
      '409 document-id-conflict',
    )
  t.equal(refusalOf(await post(gateway, await makeDocument(gateway, fields))), '429 rate-limit')
  await gateway.gate.refusals.close()
  const reader = openLedgerReader(gateway.data)
  const size = await reader.log.size()
  const events = await Promise.all(Array.from({ length: size }, (_, index) => reader.event(index)))
  await reader.close()
  t.equal(events.filter(event => event?.type === 'conflict').length, 60)
  t.match(
    events.filter(event => event?.type === 'omitted'),
    [{ count: 19 }],
  )
  t.match(
    events.filter(event => event?.type === 'refused'),
    [{ code: 'rate-limit', sha256: null }],
  )
})
