import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type ConnectionOptions, connect } from 'node:tls'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { call, connectRaw, credentials, post, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, type TestGateway } from '../testing/gateway.ts'

const certs = await makeCerts(t)

// A thousand handshakes take a busy machine longer than tap waits.
t.setTimeout(600_000)
const documentBytes = 1024 ** 2

t.test('lets in TLS 1.3 clients with a certificate of the CA only, and says in the log who was not', async t => {
  const gateway = await openGateway(t, certs)
  const stranger = await openGateway(t, await makeCerts(t))
  const { cert, key } = credentials(stranger)
  await refuses(t, gateway, { cert: undefined, key: undefined }, /failed: the client sent no certificate$/)
  await refuses(t, gateway, { maxVersion: 'TLSv1.2' }, /failed: the client does not offer TLS 1\.3$/)
  await refuses(t, gateway, { cert, key }, /failed: the client's certificate is from another CA; .*SHA-256/)
})

t.test('says that a client spoke plain HTTP', async t => {
  const gateway = await openGateway(t, certs)
  const socket = connectTcp(gateway.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\n\r\n')
  await once(socket.resume(), 'close')
  t.match(gateway.log.at(-1)?.msg, /failed: the client spoke plain HTTP$/)
})

t.test('resumes no session: each connection shows its certificates again', async t => {
  const gateway = await openGateway(t, certs)
  const first = await connectRaw(t, gateway)
  const [session] = await once(first.socket, 'session')
  first.socket.destroy()
  const resumed = await connectRaw(t, gateway, { session })
  t.equal(resumed.socket.isSessionReused(), false)
  const document = await makeDocument(gateway)
  resumed.socket.write(requestHead(`Content-Length: ${document.length}\r\nConnection: close`))
  resumed.socket.write(document)
  await resumed.closed
  t.match(resumed.text(), /^HTTP\/1\.1 201 /)
})

t.test('accepts a document of the largest size and refuses one byte more', async t => {
  const gateway = await openGateway(t, certs, { documentBytes })
  const spare = documentBytes - (await makeDocument(gateway, { payload: '' })).length
  t.equal((await post(gateway, await makeDocument(gateway, { payload: 'x'.repeat(spare) }))).status, 201)
  const larger = await makeDocument(gateway, { id: 'large1', payload: 'x'.repeat(spare + 1) })
  t.equal(larger.length, documentBytes + 1)
  t.equal(refusalOf(await post(gateway, larger)), '413 document-too-large')
})

t.test('refuses a declared length over the limit before the first byte, and closes', async t => {
  const gateway = await openGateway(t, certs, { documentBytes, lingerTime: 100 })
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(requestHead(`Content-Length: ${2 * documentBytes}`))
  await closed
  t.match(text(), /^HTTP\/1\.1 413 Payload Too Large\r\n.*Connection: close\r\n\r\n\{.*"code":"document-too-large"/s)
})

t.test('cuts a chunked body at the limit, without waiting for its end', async t => {
  const gateway = await openGateway(t, certs, { documentBytes, lingerTime: 100 })
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(requestHead('Transfer-Encoding: chunked'))
  const size = documentBytes + 1
  socket.write(`${size.toString(16)}\r\n${(await makeBeginning(gateway)).padEnd(size, 'x')}`)
  await closed
  t.match(text(), /^HTTP\/1\.1 413 /)
})

t.test('reads next to nothing of a body that it refused', async t => {
  const gateway = await openGateway(t, certs, { documentBytes, lingerTime: 300 })
  const { socket, text, closed } = await connectRaw(t, gateway)
  const chunk = Buffer.alloc(64 * 1024, 'x')
  socket.write(requestHead(`Content-Length: ${1024 ** 4}`))
  let taken = 0
  const pump = () => {
    while (!socket.destroyed && socket.write(chunk, error => (taken += error ? 0 : chunk.length)));
  }
  socket.on('drain', pump)
  pump()
  await closed
  t.match(text(), /^HTTP\/1\.1 413 /)
  // What the kernels of both ends buffer, which is some megabytes on the loopback.
  t.ok(taken < 32 * 1024 ** 2, `${taken} bytes left the client`)
})

t.test('a usual client gets the answer to a body that is far too large', async t => {
  const gateway = await openGateway(t, certs, { documentBytes })
  t.equal(refusalOf(await post(gateway, Buffer.alloc(2 * 1024 ** 2, 'x'))), '413 document-too-large')
  t.match(
    gateway.log.map(({ msg }) => msg).filter(msg => !msg.startsWith('listening')),
    [/refused: signature not checked; document-too-large: /],
    'one line says so',
  )
})

t.test('answers malformed HTTP with 400 and closes', async t => {
  const gateway = await openGateway(t, certs, { lingerTime: 100 })
  const malformed = [
    'NONSENSE\r\n\r\n',
    'GET /v1/receipts/a HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
    'POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9000)}\r\n\r\n`,
  ]
  for (const bytes of malformed) {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(bytes)
    await closed
    t.match(text(), /^HTTP\/1\.1 400 Bad Request\r\n.*"code":"request-malformed"/s, bytes.slice(0, 40))
  }
})

t.test('cuts off a client that sends its document a byte at a time', async t => {
  const gateway = await openGateway(t, certs, { progressTime: 300, lingerTime: 100 })
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(requestHead('Content-Length: 10000'))
  socket.write(await makeBeginning(gateway))
  await drip(socket, closed)
  t.match(text(), /^HTTP\/1\.1 408 .*"code":"request-timeout"/s)
})

t.test('takes a document that comes slowly but steadily, however long that lasts', async t => {
  let answered = ''
  // A machine that is slow itself may need longer for a piece than the first allows.
  for (const times of [1, 10]) {
    const limits = { progressTime: 200 * times, progressBytes: 10, headersTime: 400 * times }
    const gateway = await openGateway(t, certs, limits)
    const document = await makeDocument(gateway)
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(requestHead(`Content-Length: ${document.length}\r\nConnection: close`))
    const isOver = closed.then(() => true)
    const begin = performance.now()
    for (let i = 0; i < document.length; i += 40) {
      socket.write(document.subarray(i, i + 40))
      if (await Promise.race([isOver, pause(50 * times, false)])) break
    }
    await closed
    answered = text()
    if (!answered.startsWith('HTTP/1.1 201 ')) continue
    t.ok(performance.now() - begin > 1500 * times, 'after many times of every limit')
    break
  }
  t.match(answered, /^HTTP\/1\.1 201 /)
})

t.test('cuts off a client that sends its headers a byte at a time', async t => {
  const gateway = await openGateway(t, certs, { headersTime: 300, lingerTime: 100 })
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write('GET / HTTP/1.1\r\nX: ')
  await drip(socket, closed)
  t.match(text(), /^HTTP\/1\.1 408 /)
})

t.test('closes a connection that says nothing: before the handshake, after it, and after an answer', async t => {
  const gateway = await openGateway(t, certs, {
    handshakeTime: 300,
    headersTime: 300,
    keepAliveTime: 300,
    lingerTime: 100,
  })
  const silent = connectTcp(gateway.port, '127.0.0.1')
  silent.on('error', () => {})
  await once(silent.resume(), 'close')
  t.match(gateway.log.at(-1)?.msg, /failed: the client took too long$/)
  await (await connectRaw(t, gateway)).closed
  const kept = await connectRaw(t, gateway)
  kept.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await kept.closed
  t.match(kept.text(), /^HTTP\/1\.1 404 /)
})

t.test('answers a pipelined request that it refuses unread in its turn, and closes', async t => {
  const gateway = await openGateway(t, certs, { documentBytes, lingerTime: 100 })
  const document = await makeDocument(gateway)
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(Buffer.concat([Buffer.from(requestHead(`Content-Length: ${document.length}`)), document]))
  socket.write(requestHead(`Content-Length: ${2 * documentBytes}`))
  await closed
  t.match(text(), /^HTTP\/1\.1 201 .*HTTP\/1\.1 413 .*connection: close\r\n.*"code":"document-too-large"/is)
})

t.test('does not wait for the body of a request that has no use for one', async t => {
  const gateway = await openGateway(t, certs)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write('GET /v1/receipts/doc123 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
  await closed
  t.match(text(), /^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/is)
})

t.test('answers while 1,000 TLS connections do nothing', async t => {
  const gateway = await openGateway(t, certs, { headersTime: 60_000 })
  const idle: Awaited<ReturnType<typeof connectRaw>>[] = []
  for (let i = 0; i < 20; i++)
    idle.push(...(await Promise.all(Array.from({ length: 50 }, () => connectRaw(t, gateway)))))
  const answer = await post(gateway, await makeDocument(gateway))
  t.equal(answer.status, 201)
  t.equal(idle.filter(({ socket }) => !socket.destroyed).length, 1000, 'all of them are still open')
})

t.test('closes connections beyond the limit and serves those that are open', async t => {
  const gateway = await openGateway(t, certs, { connections: 2 })
  const [first] = await Promise.all([connectRaw(t, gateway), connectRaw(t, gateway)])
  await t.rejects(call(gateway, { path: '/' }))
  first.socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await first.closed
  t.match(first.text(), /^HTTP\/1\.1 404 /)
  t.match(gateway.log.map(({ msg }) => msg).join('\n'), /closed: 2 connections are open already/)
})

function requestHead(headers: string): string {
  return `POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n${headers}\r\n\r\n`
}

/** All of a document that stands before its payload. */
async function makeBeginning(gateway: TestGateway): Promise<string> {
  const [beginning = ''] = (await makeDocument(gateway)).toString().split('Lunch')
  return beginning
}

async function drip(
  socket: { write(text: string): unknown; destroyed: boolean },
  closed: Promise<void>,
): Promise<void> {
  const isOver = closed.then(() => true)
  while (!(await Promise.race([isOver, pause(50, false)]))) socket.write('x')
}

/**
 * TLS 1.3 tells a client of a bad certificate only after its own handshake is done: wait for the
 * end of the connection, then for the log.
 */
async function refuses(t: Test, gateway: TestGateway, options: ConnectionOptions, line: RegExp): Promise<void> {
  const before = gateway.log.length
  const socket = connect({ host: '127.0.0.1', port: gateway.port, ...credentials(gateway), ...options })
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  await new Promise(done => socket.on('close', done))
  t.equal(text, '', 'nothing is answered')
  await until(() => gateway.log.length > before)
  t.equal(gateway.log.length, before + 1, 'one line says so')
  t.match(gateway.log.at(-1)?.msg, /^TLS handshake with 127\.0\.0\.1 failed: /)
  t.match(gateway.log.at(-1)?.msg, line)
}
