// What must hold whatever the environment says; run by environment.test.ts in a process of its own
// with each. Exits with 0 when all of it holds.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TlsOptions } from 'node:tls'
import { type Identity, loadIdentity } from '@seg/pki'
import t, { type Test } from 'tap'
import { mailChannel } from '../../packages/operators/src/alerts/channels.ts'
import { testNotification } from '../../packages/operators/src/alerts/notification.ts'
import { loadWebhook } from '../../packages/receiver/src/hand-off/webhook.ts'
import { postToWebhook } from '../../packages/receiver/src/hand-off/webhook-request.ts'
import { call, connectRaw, credentials, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openGateway,
  receiverId,
} from '../../packages/receiver/src/testing/gateway.ts'
import { openConnection } from '../../packages/sender/src/exchange/connection.ts'
import { issue, openIssuer } from '../support/certificates.ts'

const certs = await makeCerts(t)
/** The folder of a CA that the environment adds: what that CA issued is refused all the same. */
const [added] = process.argv.slice(2)
const foreign = added ?? (await makeCerts(t))

/** Said, too: these servers are not what is probed. */
const CIPHERS = 'TLS_AES_256_GCM_SHA384:ECDHE+AESGCM'

async function startServer(t: Test, { certificatePem, keyPem }: Identity, options: TlsOptions = {}): Promise<URL> {
  const listener: RequestListener = (_request, response) => response.end('taken')
  const server = createServer(
    { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: CIPHERS, ...options, cert: certificatePem, key: keyPem },
    listener,
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

t.test('the sender talks to no server of another name, of another CA or of an older TLS', async t => {
  const gateway = await openGateway(t, certs)
  const ask = async (receiver: URL, folder = certs) => {
    const identity = await loadIdentity(folder, 'sender')
    const link = { receiver, identity, trust: gateway.gate.credentials.current.trust, admitServer: () => {} }
    await using connection = openConnection(link)
    return await connection.request({ method: 'GET', path: '/', headers: {}, signal: AbortSignal.timeout(5000) })
  }
  t.match(await ask(new URL(gateway.url)), { status: 404 })
  const elsewhere = issue(
    { profile: 'receiver', name: receiverId, hosts: ['gateway.example'] },
    await openIssuer(certs),
  )
  await t.rejects(ask(await startServer(t, elsewhere)), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
  await t.rejects(ask(await startServer(t, await loadIdentity(certs, 'receiver'), old)), { code: /PROTOCOL_VERSION/ })
  await t.rejects(ask(await startServer(t, await loadIdentity(foreign, 'receiver'))), {
    code: /SELF_SIGNED|UNABLE|SIGNATURE|CERT/,
  })
})

t.test('the receiver speaks TLS 1.3 with strong ciphers, and only to certificates of its CA', async t => {
  const gateway = await openGateway(t, certs)
  const fails = async (options: ConnectionOptions) => {
    const socket = connect({
      host: '127.0.0.1',
      port: gateway.port,
      ...credentials(gateway),
      ciphers: CIPHERS,
      ...options,
    })
    let answered = ''
    socket.on('data', data => {
      answered += data
    })
    socket.on('error', () => {})
    socket.write('GET /v1/log/checkpoint HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await new Promise(resolve => socket.once('close', resolve))
    t.equal(answered, '')
  }
  await fails({ minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'ALL:@SECLEVEL=0' })
  await fails({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_CCM_8_SHA256' })
  await fails({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', cert: undefined, key: undefined })
  const stranger = await loadIdentity(foreign, 'sender')
  await fails({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', cert: stranger.certificatePem, key: stranger.keyPem })
  const tls = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: CIPHERS } as const
  t.equal((await call(gateway, { path: '/v1/log/checkpoint', tls })).status, 200)
})

t.test('the receiver reads no request that is two', async t => {
  const gateway = await openGateway(t, certs)
  const { socket, text, closed } = await connectRaw(t, gateway, {
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
  })
  socket.write(
    'POST /v1/documents HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  )
  await closed
  t.match(text(), /^HTTP\/1.1 400 /)
  const tls = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: CIPHERS } as const
  t.match(refusalOf(await call(gateway, { path: '/v1/log/checkpoint', headers: { expect: 'nothing' }, tls })), /^400/)
  const headers = { 'content-type': 'application/xml' }
  const body = await makeDocument(gateway)
  t.equal((await call(gateway, { method: 'POST', path: '/v1/documents', headers, body, tls })).status, 201)
})

t.test('the webhook is no server of another CA, also when no CA is named', async t => {
  const secret = join(await makeFolder(t), 'secret')
  await writeFile(secret, 'x'.repeat(32), { mode: 0o600 })
  const document = { sender: 'A', id: 'a', index: 0, sha256: '', acceptedAt: '', bytes: 0, referenceDigest: '' }
  const ledger = { read: async () => [] as unknown as AsyncIterable<Uint8Array> }
  for (const ca of [undefined, join(certs, 'ca.crt')]) {
    const webhook = await loadWebhook({
      url: await startServer(t, await loadIdentity(foreign, 'receiver')),
      secret,
      ca,
    })
    const outcome = await postToWebhook(document, ledger as never, webhook, new Date(), AbortSignal.timeout(5000))
    t.match(outcome, { kind: 'later', isAnswer: false })
  }
  const webhook = await loadWebhook({
    url: await startServer(t, await loadIdentity(certs, 'receiver')),
    secret,
    ca: join(certs, 'ca.crt'),
  })
  t.match(await postToWebhook(document, ledger as never, webhook, new Date(), AbortSignal.timeout(5000)), {
    kind: 'taken',
  })
})

t.test('mail goes to no server of another CA, when no CA is named', async t => {
  const { hostname: host, port } = await startServer(t, await loadIdentity(foreign, 'receiver'))
  const server = { host, port: Number(port), isImplicit: true, user: undefined, ca: undefined }
  const channel = mailChannel({ ...server, from: 'a@example.org', to: ['b@example.org'] })
  await t.rejects(channel.send(testNotification('A', new Date()), AbortSignal.timeout(60_000)), {
    message: /certificate/,
  })
})
