import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { defaultReceiverLimits } from '../limits.ts'
import { Arrivals } from '../shares/arrivals.ts'
import { connectRaw, credentials, post } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, type TestGateway } from '../testing/gateway.ts'
import { networkOf, Strangers } from './strangers.ts'

const certs = await makeCerts(t)

t.test('counts by IPv4 address and by 64 bits of IPv6, however they are written', async t => {
  t.equal(networkOf('192.0.2.7'), '192.0.2.7')
  t.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7')
  t.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2')
  t.equal(networkOf('2001:db8:1:2::1'), '2001:db8:1:2')
  t.equal(networkOf('2001:db8::1'), '2001:db8:0:0')
  t.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0')
  t.equal(networkOf('::1'), '0:0:0:0')
})

t.test('silent connections take no place of a partner; the oldest give way to newer ones', async t => {
  const gateway = await openGateway(t, certs, {
    connections: 4,
    strangers: 8,
    strangersOfOne: 5,
    handshakeTime: 60_000,
  })
  const silent: Socket[] = []
  for (let i = 0; i < 30; i++) silent.push(await openSilent(gateway))
  await until(() => silent.filter(({ destroyed }) => destroyed).length === 25)
  t.same(
    silent.map(({ destroyed }) => destroyed),
    [...Array<boolean>(25).fill(true), ...Array<boolean>(5).fill(false)],
    'the last five are left',
  )
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const partners = await Promise.all(Array.from({ length: 4 }, () => connectRaw(t, gateway)))
  for (let i = 0; i < 10; i++) silent.push(await openSilent(gateway))
  t.ok(partners.every(({ socket }) => !socket.destroyed))
  const lines = gateway.log.filter(({ msg }) => /^connection from/.test(msg))
  t.equal(lines.length, 1, 'one line for all of them')
  await gateway.close()
  t.match(
    gateway.log.at(-1)?.msg,
    /^\d+ more connections ended before they were authenticated \(\d+: newer connections/,
  )
  for (const socket of silent) socket.destroy()
})

t.test('handshakes of an address are bounded in time, those of partners are not its own', async t => {
  const gateway = await openGateway(t, certs, { handshakesPerSecond: 10, handshakesAtOnce: 3 })
  const begin = performance.now()
  await Promise.all(Array.from({ length: 8 }, () => shakeHandsWithoutCertificate(gateway)))
  const strangers = performance.now() - begin
  t.ok(strangers > 400, `5 of 8 wait for a tenth of a second each: ${strangers} ms`)
  t.equal(gateway.log.filter(({ msg }) => /the client sent no certificate/.test(msg)).length, 1)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201, 'a partner waits its turn, and gets it')
})

/** Two strangers of one address at the most, none of whom gets a handshake. */
async function listen(t: Test, addresses: readonly string[]) {
  const bounds = { ...defaultReceiverLimits, strangersOfOne: 2, handshakesAtOnce: 0, handshakeTime: 600_000 }
  const strangers = new Strangers(bounds, () => {}, { report() {} }, new Arrivals())
  const taken: Socket[] = []
  let port = 0
  for (const address of addresses) {
    const server = createServer(socket => {
      taken.push(socket)
      strangers.take(socket)
    })
    await once(server.listen(port, address), 'listening')
    port = (server.address() as AddressInfo).port
    t.teardown(() => server.close())
  }
  t.teardown(() => {
    for (const socket of taken) socket.destroy()
  })
  const come = async (host: string, localPort?: number) => {
    const socket = connectTcp({ host, port, localAddress: '127.0.0.1', localPort }).on('error', () => {})
    const before = taken.length
    await once(socket, 'connect')
    await until(() => taken.length > before)
    return socket
  }
  const open = () => taken.filter(({ destroyed }) => !destroyed).length
  return { taken, come, open }
}

const onLinux = { skip: process.platform === 'linux' ? false : 'other systems have one loopback address' }

t.test('who comes from one port to two addresses of ours is bounded like any other', onLinux, async t => {
  const { come, open } = await listen(t, ['127.0.0.1', '127.0.0.2'])
  for (let i = 0; i < 3; i++) {
    const { localPort } = await come('127.0.0.1')
    await come('127.0.0.2', localPort)
  }
  t.equal(open(), 2)
})

t.test('who resets a connection that is not read and comes back from its port is counted once', async t => {
  const { taken, come, open } = await listen(t, ['127.0.0.1'])
  let port: number | undefined
  for (let i = 1; i <= 3; i++) {
    const socket = await come('127.0.0.1', port)
    port = socket.localPort
    socket.write(Buffer.alloc(256 * 1024, 0x16))
    await until(() => taken.at(-1)!.readableLength >= taken.at(-1)!.readableHighWaterMark)
    if (i < 3) await once(socket.resetAndDestroy(), 'close')
  }
  for (let i = 0; i < 4; i++) await come('127.0.0.1')
  t.equal(open(), 2)
})

async function openSilent({ port }: TestGateway): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1')
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  return socket
}

async function shakeHandsWithoutCertificate(gateway: TestGateway): Promise<void> {
  const { ca, servername } = credentials(gateway)
  const socket = connect({ host: '127.0.0.1', port: gateway.port, ca, servername })
  socket.on('error', () => {}).resume()
  await new Promise(resolve => socket.once('close', resolve))
}
