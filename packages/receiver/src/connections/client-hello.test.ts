import { once } from 'node:events'
import { connect as connectPlain, createServer } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { call, connectRaw, credentials, post, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, senderId, setTrust } from '../testing/gateway.ts'
import { FirstRecord, offersHybrid } from './client-hello.ts'

const certs = await makeCerts(t)

const trust = (hybrid: boolean) => `
trust: { mode: listed, authorities: { gov: { anchors: ca.crt } } }
partners:
  - id: ${senderId}
    certificates: [{ for: [tls, sign], authority: gov, subject: { CN: ${senderId} } }]
    require: { hybrid-key-agreement: ${hybrid} }
`

/** What a client with these options says first. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = connect({ host: '127.0.0.1', port, ...options })
  client.on('error', () => {})
  const [peer] = await once(server, 'connection')
  const record = new FirstRecord()
  for await (const piece of peer) if (record.take(piece)) break
  client.destroy()
  server.close()
  return record.octets
}

t.test('what a client offers is what the handshake agrees on, in any order of the offer', async t => {
  const gateway = await openGateway(t, certs)
  const orders = ['X25519MLKEM768:X25519', 'X25519:X25519MLKEM768', 'P-256:X25519:X25519MLKEM768', 'X25519MLKEM768']
  const others = ['X25519', 'P-256', 'P-384:P-521', 'X448:ffdhe2048', '*X25519:P-256']
  for (const ecdhCurve of [undefined, ...orders, ...others]) {
    const options = ecdhCurve === undefined ? {} : { ecdhCurve }
    const { socket } = await connectRaw(t, gateway, options)
    const key = socket.getEphemeralKeyInfo() as { name?: string }
    const isOffered = offersHybrid(await helloOf(options))
    t.equal(isOffered, key.name === 'X25519MLKEM768', `${ecdhCurve}: ${key.name}`)
    t.equal(isOffered, ecdhCurve === undefined || orders.includes(ecdhCurve))
  }
})

t.test('a record is whole in any pieces, and nothing damaged is more than no offer', async t => {
  const hello = await helloOf({})
  t.ok(offersHybrid(hello))
  for (const size of [1, 2, 7, 600]) {
    const record = new FirstRecord()
    const asks: boolean[] = []
    for (let at = 0; at < hello.length; at += size) asks.push(record.take(hello.subarray(at, at + size)))
    t.same(asks.indexOf(true), asks.length - 1, `pieces of ${size}`)
    t.ok(record.octets.equals(hello))
  }
  for (let length = 0; length < hello.length; length++)
    t.doesNotThrow(() => offersHybrid(hello.subarray(0, length)), `${length} octets`)
  for (let at = 0; at < 200; at++) {
    const damaged = Buffer.from(hello)
    damaged[at]! ^= 0xff
    t.doesNotThrow(() => offersHybrid(damaged))
  }
  const plain = new FirstRecord()
  t.ok(plain.take(Buffer.from('GET / HTTP/1.1\r\n')))
  t.notOk(offersHybrid(plain.octets))
  t.ok(new FirstRecord().take(Buffer.from([22, 3, 1, 0xff, 0xff])), 'a length that no record has')
})

t.test('a partner that must have a hybrid key agreement is refused without it, on open connections, too', async t => {
  const gateway = await openGateway(t, certs)
  await setTrust(gateway, trust(false))
  const classical = { ecdhCurve: 'X25519:P-256' }
  const idle = await connectRaw(t, gateway, classical)
  const hybrid = await connectRaw(t, gateway)
  const get = (tls: ConnectionOptions) =>
    call(gateway, { path: '/v1/log/checkpoint', tls: { ...credentials(gateway), ...tls } })
  t.equal((await get(classical)).status, 200)
  await setTrust(gateway, trust(true))
  await idle.closed
  t.notOk(hybrid.socket.destroyed)
  t.equal(refusalOf(await get(classical)), '403 key-agreement')
  t.match(gateway.log.at(-1), { code: 'key-agreement', msg: /requires the hybrid key agreement X25519MLKEM768/ })
  t.equal((await get({})).status, 200)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
})

t.test('a ClientHello in pieces is taken', async t => {
  const gateway = await openGateway(t, certs)
  await setTrust(gateway, trust(true))
  const relay = createServer(async client => {
    const upstream = connectPlain(gateway.port, '127.0.0.1')
    upstream.setNoDelay().pipe(client)
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
    for await (const piece of client)
      for (let at = 0; at < piece.length; at += 500) {
        upstream.write(piece.subarray(at, at + 500))
        await new Promise(done => setTimeout(done, 5))
      }
    upstream.end()
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  t.teardown(() => relay.close())
  const { port } = relay.address() as { port: number }
  const socket: TLSSocket = connect({ ...credentials(gateway), host: '127.0.0.1', port })
  await once(socket, 'secureConnect')
  socket.write('GET /v1/log/checkpoint HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const [answer] = await once(socket, 'data')
  t.match(String(answer), /^HTTP\/1\.1 200 /)
  socket.destroy()
})
