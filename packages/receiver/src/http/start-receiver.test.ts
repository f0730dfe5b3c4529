import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { connect as connectTcp, createServer } from 'node:net'
import t from 'tap'
import { openLoggerInto } from '../logger.ts'
import { closeGate } from '../open-gate.ts'
import { call, connectRaw, post } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway } from '../testing/gateway.ts'
import { startReceiver } from './start-receiver.ts'

const certs = await makeCerts(t)

t.test('localhost is both loopback addresses on one port', async t => {
  const gateway = await openGateway(t, certs, { host: 'localhost' })
  t.match(gateway.url, /^https:\/\/localhost:\d+$/)
  const document = await makeDocument(gateway)
  t.equal((await post(gateway, document)).status, 201)
  if (await hasIpv6Loopback())
    t.equal((await call(gateway, { path: '/v1/receipts/doc123', tls: { host: '::1' } })).status, 200)
})

t.test('a port in use is a Fault that says what to do', async t => {
  const gateway = await openGateway(t, certs)
  const logger = openLoggerInto({ write() {} })
  const again = startReceiver({ ...gateway.gate, logger }, { host: '127.0.0.1', port: gateway.port })
  await t.rejects(again, {
    code: 'configuration',
    detail: /port \d+: another program listens there; stop it, or choose another port with --port/,
  })
  const nowhere = startReceiver({ ...gateway.gate, logger }, { host: '192.0.2.1', port: 0 })
  await t.rejects(nowhere, { code: 'configuration', detail: /this machine has no such address/ })
})

t.test('what the system cannot accept is logged, and ends nothing', async t => {
  const servers: Server[] = []
  const onListening = (message: unknown) => void servers.push((message as { server: Server }).server)
  subscribe('tracing:net.server.listen:asyncEnd', onListening)
  t.teardown(() => unsubscribe('tracing:net.server.listen:asyncEnd', onListening))
  const gateway = await openGateway(t, certs, { host: 'localhost' })
  t.ok(servers.length >= 1)
  // So Node reports what `accept` of the system fails with.
  for (const server of servers)
    server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' }))
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
})

t.test('a port in use on the second loopback address is one too, and frees the first', async t => {
  if (!(await hasIpv6Loopback())) return t.pass('no IPv6 here')
  const other = createServer().listen(0, '::1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const gateway = await openGateway(t, certs)
  await t.rejects(
    startReceiver({ ...gateway.gate, logger: openLoggerInto({ write() {} }) }, { host: 'localhost', port }),
    {
      code: 'configuration',
    },
  )
  const free = createServer().listen(port, '127.0.0.1')
  await once(free, 'listening')
  free.close()
})

t.test('answers what is under way when it stops, and nothing new', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(
    'POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\n' +
      `Content-Length: ${document.length}\r\nExpect: 100-continue\r\n\r\n`,
  )
  await once(socket, 'data')
  const stopping = gateway.close()
  socket.write(document)
  await Promise.all([stopping, closed])
  t.match(text(), /HTTP\/1\.1 201 Created\r\n(?:.+\r\n)*connection: close\r\n/)
  await t.rejects(call(gateway, { path: '/' }), { code: 'ECONNREFUSED' })
})

t.test('stops at once when nothing is under way, with any connections open', async t => {
  const gateway = await openGateway(t, certs, { closingTime: 60_000 })
  const silent = connectTcp(gateway.port, '127.0.0.1')
  await once(silent, 'connect')
  silent.on('error', () => {})
  const unused = await connectRaw(t, gateway)
  const used = await connectRaw(t, gateway)
  used.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(used.socket, 'data')
  const begin = performance.now()
  await Promise.all([gateway.close(), unused.closed, used.closed, once(silent.resume(), 'close')])
  t.ok(performance.now() - begin < 30_000)
})

t.test('stops in bounded time, with any behaviour of its clients', async t => {
  const gateway = await openGateway(t, certs, { closingTime: 300 })
  const idle = await connectRaw(t, gateway)
  const stuck = await connectRaw(t, gateway)
  stuck.socket.write(
    'POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\n' +
      'Content-Length: 100\r\nExpect: 100-continue\r\n\r\n',
  )
  await once(stuck.socket, 'data')
  await Promise.all([gateway.close(), idle.closed, stuck.closed])
})

t.test('what is not all here when it stops gets a short time, and is then refused', async t => {
  const gateway = await openGateway(t, certs, { closingGrace: 300 })
  const document = await makeDocument(gateway)
  const head =
    'POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\n' +
    `Content-Length: ${document.length}\r\nExpect: 100-continue\r\n\r\n`
  const uploads = await Promise.all(Array.from({ length: 40 }, () => connectRaw(t, gateway)))
  await Promise.all(
    uploads.map(async ({ socket }) => {
      socket.write(head)
      await once(socket, 'data')
      socket.write(document.subarray(0, 100))
    }),
  )
  const stopping = gateway.close()
  const [first] = uploads
  first!.socket.write(document.subarray(100))
  const begin = performance.now()
  await Promise.all([stopping, ...uploads.map(({ closed }) => closed)])
  t.ok(performance.now() - begin < 30_000)
  t.match(first!.text(), /HTTP\/1\.1 201 /)
  for (const { text } of uploads.slice(1))
    t.match(text(), /HTTP\/1\.1 503 .*\r\nRetry-After: 2\r\n.*"code":"shutting-down"/is)
  await closeGate(gateway.gate)
  t.notOk(
    gateway.log.find(({ msg }) => /no entry|went away/.test(msg)),
    'nobody is blamed for it, and nothing fails',
  )
})

async function hasIpv6Loopback(): Promise<boolean> {
  const server = createServer().listen(0, '::1')
  return once(server, 'listening').then(
    () => {
      server.close()
      return true
    },
    () => false,
  )
}
