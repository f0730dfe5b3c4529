import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { until } from '@seg/core/testing/until'
import { openDeskSearch } from '@seg/operators'
import t, { type Test } from 'tap'
import { call, connectRaw, credentials } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, type TestGateway } from '../testing/gateway.ts'
import { proxyHeader } from '../testing/proxy-header.ts'

const certs = await makeCerts(t)
const balancers = ['10.0.0.0/8', '127.0.0.1']

async function openTcp(t: Test, { port }: TestGateway): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** TLS behind what was written. */
function beginTls(gateway: TestGateway, socket: Socket, withCertificate = true): TLSSocket {
  const { ca, cert, key, servername } = credentials(gateway)
  return connect({ socket, ca, servername, ...(withCertificate && { cert, key }) }).on('error', () => {})
}

function end(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve()
  return new Promise(resolve => socket.resume().once('close', () => resolve()))
}

async function line({ log }: TestGateway, form: RegExp): Promise<string> {
  const found = await until(() => log.find(({ msg }) => form.test(msg)))
  return found!.msg
}

function factOf({ data }: TestGateway) {
  try {
    const search = openDeskSearch(data)
    const [fact] = search.page({ document: 'doc123' }, { limit: 1 }).facts
    search.close()
    return fact
  } catch {
    return undefined
  }
}

t.test('a document through a balancer has the address of its client in its facts', async t => {
  const gateway = await openGateway(t, certs, { balancers })
  const document = await makeDocument(gateway)
  const socket = await openTcp(t, gateway)
  // In pieces: a header may come in any.
  const header = proxyHeader('192.0.2.7', 4711)
  socket.write(header.subarray(0, 5))
  await pause(10)
  socket.write(header.subarray(5))
  const tls = beginTls(gateway, socket)
  await once(tls, 'secureConnect')
  const fields = ['Host: localhost', 'Content-Type: application/xml', `Content-Length: ${document.length}`]
  tls.write(['POST /v1/documents HTTP/1.1', ...fields, 'Connection: close', '', ''].join('\r\n'))
  tls.write(document)
  t.match(Buffer.concat(await tls.toArray()).toString(), /^HTTP\/1\.1 201 /)
  t.match(await until(() => factOf(gateway)), { address: '192.0.2.7', group: 'X25519MLKEM768' })
})

t.test('a stranger behind a balancer is named and counted by its own address', async t => {
  const gateway = await openGateway(t, certs, { balancers, strangers: 100, strangersOfOne: 2, handshakeTime: 60_000 })
  const come = async (address: string) => {
    const socket = await openTcp(t, gateway)
    socket.resume().write(proxyHeader(address, 1))
    return socket
  }
  const first = await come('192.0.2.7')
  const [second, other] = [await come('192.0.2.7'), await come('192.0.2.8')]
  await come('192.0.2.7')
  await end(first)
  t.equal(
    await line(gateway, /newer connections/),
    'connection from 192.0.2.7 closed: newer connections took its place before it was authenticated',
  )
  t.same([second.destroyed, other.destroyed], [false, false], 'the two are not one client')
  const socket = await openTcp(t, gateway)
  socket.write(proxyHeader('2001:db8::9', 1))
  await end(beginTls(gateway, socket, false))
  t.match(
    await line(gateway, /no certificate/),
    /^TLS handshake with 2001:db8::9 failed: the client sent no certificate/,
  )
})

t.test('a connection of a balancer without a valid header is closed', async t => {
  const gateway = await openGateway(t, certs, { balancers, strangers: 2, handshakeTime: 300 })
  const bare = beginTls(gateway, await openTcp(t, gateway))
  await end(bare)
  t.match(
    await line(gateway, /from the balancer/),
    /^connection from the balancer 127\.0\.0\.1 closed: expected a PROXY header/,
  )
  const silent = await openTcp(t, gateway)
  await end(silent)
  const own = await openTcp(t, gateway)
  own.write(proxyHeader('192.0.2.7', 1, { command: 0x20 }))
  const tls = beginTls(gateway, own)
  await once(tls, 'secureConnect')
  tls.destroy()
  const many = await Promise.all(Array.from({ length: 5 }, () => openTcp(t, gateway)))
  await Promise.all(many.map(socket => end(socket)))
  t.pass('they wait in bounded number and time')
})

t.test('headers that are wrong in different ways are counted as one reason', async t => {
  const gateway = await openGateway(t, certs, { balancers })
  for (const length of [1025, 1026, 1027]) {
    const socket = await openTcp(t, gateway)
    socket.write(proxyHeader('192.0.2.7', 1, { length }))
    await end(socket)
  }
  const lines = gateway.log.filter(({ msg }) => /from the balancer/.test(msg))
  t.match(lines, [{ msg: /it has 1025 bytes/ }])
  t.equal(lines.length, 1)
})

t.test('a header of somebody else is no TLS, with the setting and without', async t => {
  for (const options of [{ balancers: ['192.0.2.1'] }, {}]) {
    const gateway = await openGateway(t, certs, options)
    const socket = await openTcp(t, gateway)
    socket.write(proxyHeader('192.0.2.7', 1))
    await end(beginTls(gateway, socket))
    t.match(await line(gateway, /failed/), /^TLS handshake with 127\.0\.0\.1 failed: the client did not speak TLS/)
    t.equal((await call(gateway, { path: '/v1/receipts/none' })).status, 404, 'others come without a header')
    await connectRaw(t, gateway)
  }
})
