import { createPrivateKey, generateKeyPairSync, type X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { type ConnectionOptions, connect } from 'node:tls'
import { eventually, until } from '@seg/core/testing/until'
import { makeOwnPolicy, type Partner } from '@seg/pki'
import t, { type Test } from 'tap'
import { openLoggerInto } from '../logger.ts'
import { call, connectRaw, post, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, receiverId, senderId, type TestGateway } from '../testing/gateway.ts'
import { forPeer } from './for-peer.ts'
import { buildReceiver } from './receiver.ts'
import { Stopping } from './stopping.ts'

const certs = await makeCerts(t)

function setPartners(gateway: TestGateway, ...records: { id: string; state: 'active' | 'suspended' }[]): void {
  const { current } = gateway.gate.credentials
  const partners = records.map((record): Partner => {
    const rest = {
      name: undefined,
      contact: undefined,
      certificates: [],
      limits: {},
      documents: undefined,
      requiresHybrid: false,
      line: 1,
    }
    return { ...rest, ...record }
  })
  gateway.gate.credentials.replace({ ...current, policy: makeOwnPolicy(current.trust, partners) })
}

t.test('who is certified and refused gets the reason before a byte of the body is read', async t => {
  const gateway = await openGateway(t, certs)
  const { identity } = gateway.gate.credentials.current
  const tls = { cert: identity.certificatePem, key: identity.keyPem }
  const paths = ['/v1/log/checkpoint', '/v1/receipts/x', '/v1/nothing', '/']
  for (const path of paths) {
    const answer = await call(gateway, { path, tls })
    t.equal(refusalOf(answer), '403 certificate-purpose', path)
    t.equal(answer.headers.connection, 'close')
  }
  t.equal(refusalOf(await call(gateway, { method: 'PUT', path: '/v1/documents', tls })), '403 certificate-purpose')
  t.match(gateway.log.at(-1)?.msg, /extendedKeyUsage .*: expected .* found .*; /, 'check, expected, found, remedy')
  t.match(gateway.log.at(-1)?.msg, /"CN=MINISTRY 2_SEG01" \(SHA-256 [0-9A-F:]{95}\)/, 'and whose')

  const waiting = await connectRaw(t, gateway, tls)
  waiting.socket.write(
    'POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\n' +
      'Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n',
  )
  await once(waiting.socket, 'data')
  t.match(waiting.text(), /^HTTP\/1\.1 403 /, 'no 100: nobody wants the body')
})

t.test('each refusal of the time has its own code', async t => {
  const gateway = await openGateway(t, certs)
  const end = gateway.sender.certificate.validToDate.getTime()
  const begin = gateway.sender.certificate.validFromDate.getTime()
  for (const time of [begin - 1000, end + 1000]) {
    gateway.setTime(new Date(time))
    t.equal(refusalOf(await call(gateway, { path: '/v1/log/checkpoint' })), '403 certificate-expired')
  }
  for (const time of [begin, end]) {
    gateway.setTime(new Date(time))
    t.equal((await call(gateway, { path: '/v1/log/checkpoint' })).status, 200)
  }
})

t.test('a certificate counts at each request, not only when the connection was opened', async t => {
  const gateway = await openGateway(t, certs)
  const end = gateway.sender.certificate.validToDate.getTime()
  gateway.setTime(new Date(end))
  const { socket, text, closed } = await connectRaw(t, gateway)
  const get = 'GET /v1/receipts/none HTTP/1.1\r\nHost: a\r\n\r\n'
  socket.write(get)
  await once(socket, 'data')
  t.match(text(), /^HTTP\/1\.1 404 /)
  gateway.setTime(new Date(end + 1000))
  socket.write(get)
  await closed
  t.match(text(), /HTTP\/1\.1 403 .*certificate-expired/s)
})

t.test('a suspension takes hold on open connections: idle ones end, documents under way are refused', async t => {
  const gateway = await openGateway(t, certs)
  const idle = await connectRaw(t, gateway)
  const busy = await connectRaw(t, gateway)
  const document = await makeDocument(gateway, { payload: 'x'.repeat(100_000) })
  busy.socket.write(
    'POST /v1/documents HTTP/1.1\r\nHost: a\r\n' +
      `Content-Type: application/xml\r\nContent-Length: ${document.length}\r\n\r\n`,
  )
  busy.socket.write(document.subarray(0, 50_000))
  await until(() => gateway.gate.uploads.active().all > 0)
  setPartners(gateway, { id: senderId, state: 'suspended' })
  await idle.closed
  busy.socket.write(document.subarray(50_000))
  await busy.closed
  t.match(busy.text(), /^HTTP\/1\.1 403 .*partner-suspended/s)
  t.equal(await gateway.gate.ledger.find(senderId, 'doc123'), undefined)
  t.equal(refusalOf(await post(gateway, document)), '403 partner-suspended')
  setPartners(gateway, { id: senderId, state: 'active' })
  t.equal((await post(gateway, document)).status, 201)
})

t.test('a replacement that changes nothing for a partner ends none of its connections', async t => {
  const gateway = await openGateway(t, certs)
  const { socket, text } = await connectRaw(t, gateway)
  setPartners(gateway, { id: receiverId, state: 'suspended' })
  await pause(50)
  socket.write('GET /v1/receipts/none HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  t.match(text(), /^HTTP\/1\.1 404 /)
})

/** A private key whose public half is another's: OpenSSL compares public halves only. */
function forgeKey(victim: X509Certificate): string {
  const { x = '', y = '' } = victim.publicKey.export({ format: 'jwk' })
  const { d = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const content = Buffer.concat([
    Buffer.from('0201010420', 'hex'),
    Buffer.from(d, 'base64url'),
    Buffer.from('a00a06082a8648ce3d030107a144034200', 'hex'),
    point,
  ])
  const der = Buffer.concat([Buffer.of(0x30, content.length), content])
  return (
    '-----BEGIN EC PRIVATE KEY-----\n' +
    `${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END EC PRIVATE KEY-----\n`
  )
}

async function meets(t: Test, gateway: TestGateway, options: ConnectionOptions): Promise<string> {
  const { sender, gate } = gateway
  const own = { ca: gate.credentials.current.trust.caPem, cert: sender.certificatePem, key: sender.keyPem }
  const socket = connect({ host: '127.0.0.1', port: gateway.port, servername: 'localhost', ...own, ...options })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('GET /v1/log/checkpoint HTTP/1.1\r\nHost: a\r\n\r\n')
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  await new Promise(done => socket.on('close', done))
  return text
}

t.test('a client that has a certificate without its key fails in TLS', async t => {
  const gateway = await openGateway(t, certs)
  const key = forgeKey(gateway.sender.certificate)
  t.ok(createPrivateKey(key))
  t.equal(await meets(t, gateway, { key }), '')
  await until(() => gateway.log.length > 0)
  t.match(gateway.log.at(-1)?.msg, /^TLS handshake with 127\.0\.0\.1 failed: /)
})

t.test('TLS 1.2 is refused, also after our certificate was replaced', async t => {
  const gateway = await openGateway(t, certs)
  gateway.gate.credentials.replace({ ...gateway.gate.credentials.current })
  t.equal(await meets(t, gateway, { maxVersion: 'TLSv1.2' }), '')
  await eventually(t, async () => gateway.log.at(-1)?.msg, /does not offer TLS 1\.3$/)
  t.equal(await meets(t, gateway, { cert: undefined, key: undefined }), '')
  await eventually(t, async () => gateway.log.at(-1)?.msg, /sent no certificate$/)
})

t.test('no route can be registered that does not ask who is there', async t => {
  const gateway = await openGateway(t, certs)
  const app = buildReceiver({ ...gateway.gate, stopping: new Stopping(), logger: openLoggerInto({ write: () => {} }) })
  t.throws(() => app.get('/v1/open', async () => 'open'), /expected a handler of forPeer/)
  app.get('/v1/closed', forPeer(async (_peer, _request, reply: object) => reply) as () => Promise<never>)
})
