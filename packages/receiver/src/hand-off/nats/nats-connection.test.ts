import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createSecureContext, TLSSocket } from 'node:tls'
import { until } from '@seg/core/testing/until'
import { generate } from '@seg/pki'
import t, { type Test } from 'tap'
import { makeFolder, receiverId, senderId } from '../../testing/gateway.ts'
import { ByteRoom } from './byte-room.ts'
import { connectToNats, formatHeaders } from './nats-connection.ts'
import { NatsFrames } from './nats-frames.ts'
import { checkStream, readPublished } from './nats-stream.ts'

const INFO = 'INFO {"headers":true,"max_payload":1000}\r\n'
const { signal } = new AbortController()

/** A server that is not NATS, or a bad one. */
async function startServer(t: Test, serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => {}))
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const place = { isPlain: true, secureContext: undefined, proof: () => ({}), hosts: [{ name: '127.0.0.1', port }] }
  return { place, sockets }
}

t.test('leaves a server that speaks something else, says too much, or offers no TLS', async t => {
  const offer = 'INFO {"headers":true,"tls_required":true}\r\n'
  const cases: [sent: string, isPlain: boolean, detail: RegExp][] = [
    ['HTTP/1.1 200 OK\r\n\r\n', true, /expected the protocol of NATS, found "HTTP\/1.1 200 OK"/],
    ['x'.repeat(40_000), true, /found a line of more than 32768 bytes/],
    ['INFO {"headers":true,"max_payload":0}\r\n', true, /expected max_payload in INFO/],
    ['INFO nonsense\r\n', true, /expected INFO of NATS in JSON/],
    ['INFO {}\r\n', true, /expected a NATS server of version 2.2/],
    ['PING\r\n', true, /expected INFO of NATS, found PING/],
    ['INFO {"headers":true}\r\n', true, /expected max_payload in INFO/],
    [`${INFO}INFO {"max_payload":"x"}\r\n`, true, /expected max_payload in INFO/],
    [`${INFO}MSG a 1 999999999\r\n`, true, /found a message of 999999999 bytes/],
    [`${INFO}MSG a 1 -5\r\n`, true, /expected the protocol of NATS/],
    [`${INFO}MSG a 1 2\r\nabcd`, true, /a message that is longer than its line says/],
    [`${INFO}-ERR 'Authorization Violation'\r\n`, true, /ended: "'Authorization Violation'"/],
    [INFO, false, /the server offers no TLS/],
    [`${offer}PONG\r\n`, false, /sent more than INFO before TLS/],
  ]
  for (const [sent, isPlain, detail] of cases) {
    const { place, sockets } = await startServer(t, socket => void socket.write(sent))
    const secureContext = isPlain ? undefined : createSecureContext()
    const connecting = connectToNats({ ...place, isPlain, secureContext }, signal)
    await t.rejects(connecting, { code: 'storage-unavailable', detail })
    for (const socket of sockets) if (!socket.destroyed) await once(socket.resume(), 'close')
  }
})

t.test('a certificate must name the host, also where that is an address', async t => {
  const out = await makeFolder(t)
  await generate({ out, key: 'ec-p256', senderId, receiverId, hosts: ['localhost'] })
  const [cert, key, ca] = await Promise.all(
    ['receiver.crt', 'receiver.key', 'ca.crt'].map(name => readFile(join(out, name))),
  )
  const { place } = await startServer(t, socket => {
    socket.write('INFO {"headers":true,"max_payload":1000,"tls_available":true}\r\n')
    const secured = new TLSSocket(socket, { isServer: true, cert: cert!, key: key! })
    secured.on('error', () => {}).on('data', piece => String(piece).endsWith('PING\r\n') && secured.write('PONG\r\n'))
  })
  const { port } = place.hosts[0]!
  const to = (name: string) => ({
    ...place,
    ...{ isPlain: false, secureContext: createSecureContext({ ca: ca! }), hosts: [{ name, port }] },
  })
  await t.rejects(connectToNats(to('127.0.0.1'), signal), { code: 'storage-unavailable', detail: /127\.0\.0\.1/ })
  const closed = { name: '127.0.0.1', port: 1 }
  const [host] = to('localhost').hosts
  const connection = await connectToNats({ ...to('localhost'), hosts: [closed, host!] }, signal)
  t.equal(connection.maxPayload, 1000)
  connection.end('it is enough')
})

t.test('a stop ends the wait for a server that says nothing', async t => {
  const { place, sockets } = await startServer(t, () => {})
  const stop = new AbortController()
  const connecting = connectToNats(place, stop.signal)
  await until(() => sockets.size > 0)
  stop.abort()
  await t.rejects(connecting, { code: 'storage-unavailable', detail: /the receiver stops/ })
})

t.test('a server that asks and does not read fills no memory', async t => {
  let said = ''
  const { place, sockets } = await startServer(t, socket => {
    socket.write(INFO)
    socket.once('data', () => socket.write('PONG\r\n'))
    socket.on('data', piece => {
      said += piece
    })
  })
  const connection = await connectToNats(place, signal)
  const [socket] = sockets
  const before = said.length
  socket!.write(`${'PING\r\n'.repeat(100_000)}-ERR 'it is enough'\r\n`)
  await until(() => connection.isEnded)
  if (!socket!.destroyed) await once(socket!, 'close')
  t.ok(said.length - before < 6 * 10_000, `one answer for many questions: ${said.length - before} bytes`)

  const other = await connectToNats(place, signal)
  for (const one of sockets) one.pause()
  const request = other.request('a', {}, Buffer.alloc(64 * 1024 * 1024), { time: 300, signal })
  await t.rejects(request, { code: 'storage-unavailable' })
  t.ok(other.isEnded, 'what it does not read is not kept')
})

t.test('settings in a form that nobody expects are no settings that keep documents', async t => {
  const place = { stream: 'SEG', subject: 'seg' }
  const usual = { name: 'SEG', subjects: ['seg.*'], storage: 'file', retention: 'limits', num_replicas: 3 }
  const look = (config: object) => checkStream({ status: '', octets: Buffer.from(JSON.stringify({ config })) }, place)
  t.same(look(usual), [])
  t.same(look({ ...usual, persist_mode: 'default' }), [])
  for (const mode of ['async', 'other', 1])
    t.throws(() => look({ ...usual, persist_mode: mode }), { code: 'configuration', detail: /expected persist_mode/ })
})

t.test('reads frames in pieces of any size', async t => {
  const text = `${INFO}+OK\r\nPING\r\nHMSG in.1 1 12 14\r\nNATS/1.0\r\n\r\n{}\r\nMSG in.2 1 reply.to 3\r\nabc\r\n`
  const status = 'HMSG in.3 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n'
  for (let size = 1; size < 40; size++) {
    const frames = new NatsFrames()
    const octets = Buffer.from(text + status)
    const found = []
    for (let i = 0; i < octets.length; i += size) found.push(...frames.read(octets.subarray(i, i + size)))
    t.match(found, [
      { verb: 'INFO', text: '{"headers":true,"max_payload":1000}' },
      { verb: '+OK' },
      { verb: 'PING' },
      { verb: 'MSG', subject: 'in.1', status: '', octets: Buffer.from('{}') },
      { verb: 'MSG', subject: 'in.2', octets: Buffer.from('abc') },
      { verb: 'MSG', subject: 'in.3', status: '503', octets: Buffer.alloc(0) },
    ])
  }
})

t.test('only the acknowledgement of the stream itself counts', async t => {
  const place = { stream: 'SEG', subject: 'seg' }
  const read = (text: string, status = '') => readPublished({ status, octets: Buffer.from(text) }, place)
  t.same(read('{"stream":"SEG","seq":7}'), { kind: 'stored' })
  t.same(read('{"stream":"SEG","seq":7,"duplicate":true}'), { kind: 'stored' })
  for (const other of [
    '',
    '+OK',
    '{}',
    'null',
    '{"stream":"OTHER","seq":7}',
    '{"stream":"SEG"}',
    '{"stream":"SEG","seq":0}',
  ])
    t.match(read(other), { kind: 'refused', isAboutMessage: false, reason: /what answered is not the stream/ })
  t.match(read('', '503'), { kind: 'refused', isAboutMessage: false })
  t.match(read('{"error":{"code":400,"err_code":10060,"description":"expected stream does not match"}}'), {
    kind: 'refused',
    isAboutMessage: false,
  })
})

t.test('nothing in the value of a header begins another', async t => {
  t.throws(() => formatHeaders({ a: 'b\r\nNats-Rollup: all' }), TypeError)
  t.equal(String(formatHeaders({ a: 'b c' })), 'NATS/1.0\r\na: b c\r\n\r\n')
})

t.test('bytes in memory have a limit, and who wants more than that waits its turn', async t => {
  const room = new ByteRoom(10)
  const entered: string[] = []
  const enter = async (name: string, bytes: number) => {
    const inside = await room.enter(bytes)
    entered.push(name)
    return inside
  }
  const first = await enter('first', 6)
  const whole = enter('whole', 100)
  const small = enter('small', 1)
  await pause(1)
  t.same(entered, ['first'], 'a small one does not pass a large one')
  first[Symbol.dispose]()
  const large = await whole
  t.same(entered, ['first', 'whole'])
  large[Symbol.dispose]()
  await small
  t.same(entered, ['first', 'whole', 'small'])
})
