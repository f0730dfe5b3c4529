// Attacks on the handshake of mutual TLS, on its sessions, and by one gateway on what belongs to
// another.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { type ConnectionOptions, connect, type SecureVersion } from 'node:tls'
import { type Identity, loadIdentity } from '@seg/pki'
import t from 'tap'
import { type Answer, call, credentials, post, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  openGateway,
  senderId,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'
import { issue, makeIssuer, openIssuer } from '../support/certificates.ts'
import { documentHead, readAnswers, storedIds } from '../support/raw-http.ts'

const certs = await makeCerts(t)
const ca = await openIssuer(certs)
const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

t.test('refuses a client that is not a gateway of this CA, today, for this purpose', async t => {
  const gateway = await openGateway(t, certs)
  const [sender, receiver, seal, foreign] = await Promise.all([
    loadIdentity(certs, 'sender'),
    loadIdentity(certs, 'receiver'),
    loadIdentity(certs, 'seal'),
    loadIdentity(await makeCerts(t), 'sender'),
  ])
  const underling = issue(
    {},
    { name: sender.id, keys: { privateKey: sender.key, publicKey: sender.certificate.publicKey } },
  )
  const clients: Record<string, [expected: string | RegExp, Partial<Identity>]> = {
    'no certificate': ['TLS', {}],
    'the certificate of another CA': ['TLS', foreign],
    "a certificate of another CA that bears our CA's name": ['TLS', issue({}, makeIssuer(ca.name))],
    'a certificate that its own key signed': ['TLS', issue({}, makeIssuer(senderId))],
    'a certificate that a sender signed, with its chain': [
      '403 certificate-invalid',
      { ...underling, certificatePem: underling.certificatePem + sender.certificatePem },
    ],
    'a certificate that has expired': ['403 certificate-expired', issue({ from: -2, to: -1 }, ca)],
    'a certificate that is not valid yet': ['403 certificate-expired', issue({ from: 1, to: 2 }, ca)],
    "the receiver's own certificate": ['403 certificate-purpose', receiver],
    'another TLS server': ['403 certificate-purpose', issue({ profile: 'receiver' }, ca)],
    "the receiver's seal": ['403 certificate-purpose', seal],
    'a CA below our CA': ['403 certificate-purpose', issue({ profile: 'ca' }, ca)],
    'a name with a space at its end': ['403 certificate-invalid', issue({ name: 'MINISTRY 1_SEG01 ' }, ca)],
    'a name with a line break': ['403 certificate-invalid', issue({ name: 'MINISTRY 3\nCN=MINISTRY 1_SEG01' }, ca)],
    'a name of 129 characters': ['403 certificate-invalid', issue({ name: 'x'.repeat(129) }, ca)],
  }
  for (const [title, [expected, identity]] of Object.entries(clients)) {
    await t.test(title, async t => {
      const linesBefore = gateway.log.length
      const { outcome } = await visitAs(gateway, identity)
      t.match(outcome, expected)
      t.same(await storedIds(gateway), [])
      // Of those that fail in the handshake, the log names the first of a kind.
      if (outcome === 'TLS') await lineLike(gateway, 0, /^TLS handshake with .* failed: /)
      else await lineLike(gateway, linesBefore, /^POST "\/v1\/documents" refused: certificate-/)
    })
  }
  await t.test('but takes a gateway of this CA, so that these tests can fail', async t => {
    t.equal((await visitAs(gateway, issue({}, ca))).outcome, '201')
    t.same(await storedIds(gateway), ['visit'])
  })
})

t.test('refuses TLS below 1.3, and other protocols inside it', async t => {
  const gateway = await openGateway(t, certs)
  const visit = (options: ConnectionOptions) => visitAs(gateway, gateway.sender, options)
  for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2'] satisfies SecureVersion[]) {
    const old = { minVersion: 'TLSv1', maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const
    t.equal((await visit(old)).outcome, 'TLS', version)
    await lineLike(gateway, 0, /the client does not offer TLS 1\.3$/)
  }
  t.equal((await visit({ ALPNProtocols: ['h2'] })).outcome, 'TLS', 'HTTP/2')
  t.same(await storedIds(gateway), [])
  t.equal((await visit({ minVersion: 'TLSv1.3', ALPNProtocols: ['h2', 'http/1.1'] })).outcome, '201')
})

t.test('no session is resumed: a client that returns with one presents its certificate again', async t => {
  const gateway = await openGateway(t, certs)
  const { sessions } = await visitAs(gateway, gateway.sender)
  for (const session of sessions) {
    const visit = await visitAs(gateway, gateway.sender, { session })
    t.equal(visit.isResumed, false)
    t.match(visit.outcome, /^(200|409 document-id-conflict)$/, 'the same document id again')
    t.equal((await visitAs(gateway, {}, { session })).outcome, 'TLS', 'without a certificate it is worth nothing')
    const other = await visitAs(gateway, issue({ profile: 'receiver' }, ca), { session })
    t.equal(other.outcome, '403 certificate-purpose', 'and it speaks for no other one')
  }
  t.same(await storedIds(gateway), ['visit'])
})

t.test('nobody sees, gets or replaces what another sender has delivered', async t => {
  const gateway = await openGateway(t, certs)
  const own = await makeDocument(gateway, { id: 'shared-id' })
  const receipt = (await post(gateway, own)).body
  const spy = issue({ name: 'MINISTRY 3_SEG01' }, ca)
  const as = { cert: spy.certificatePem, key: spy.keyPem }
  const postAsSpy = (body: Buffer) =>
    call(gateway, {
      method: 'POST',
      path: '/v1/documents',
      headers: { 'content-type': 'application/xml', 'content-length': String(body.length) },
      body,
      tls: as,
    })

  const theirs = await call(gateway, { path: '/v1/receipts/shared-id', tls: as })
  const nobodys = await call(gateway, { path: '/v1/receipts/no-such-id', tls: as })
  t.equal(refusalOf(theirs), '404 not-found')
  t.same(withoutInstance(theirs), withoutInstance(nobodys), 'the answer does not tell whether it exists')
  t.equal(refusalOf(await postAsSpy(own)), '422 signature-key', "sending another's document again gives no receipt")
  const forged = await makeDocument(gateway, { id: 'shared-id', signer: spy })
  t.equal(refusalOf(await postAsSpy(forged)), '403 sender-mismatch')
  const sameId = await makeDocument(gateway, { id: 'shared-id', from: spy.id, signer: spy })
  t.equal((await postAsSpy(sameId)).status, 201, 'an id is taken for its own sender only')
  t.same((await call(gateway, { path: '/v1/receipts/shared-id' })).body, receipt)
  t.not((await call(gateway, { path: '/v1/receipts/shared-id', tls: as })).body.toString(), receipt.toString())
  const records = await Array.fromAsync(gateway.gate.ledger.list())
  t.same(
    records.map(({ sender }) => sender),
    [senderId, spy.id],
  )
})

type Visit = {
  /** `TLS` when no answer came, else status and code. */
  readonly outcome: string
  readonly isResumed: boolean
  /** What the server offered to resume later. */
  readonly sessions: readonly Buffer[]
}

/**
 * Connects with this certificate, posts a document of MINISTRY 1 signed with its key, and takes
 * whatever comes until the connection ends.
 */
async function visitAs(
  gateway: TestGateway,
  { certificatePem, keyPem, certificate, key }: Partial<Identity>,
  options: ConnectionOptions = {},
): Promise<Visit> {
  const signer = certificate && key ? { ...gateway.sender, certificate, key } : gateway.sender
  const document = await makeDocument(gateway, { id: 'visit', signer })
  const socket = connect({
    host: '127.0.0.1',
    port: gateway.port,
    ...credentials(gateway),
    cert: certificatePem,
    key: keyPem,
    ...options,
  })
  const sessions: Buffer[] = []
  let text = ''
  let isResumed = false
  socket.on('session', session => sessions.push(session))
  socket.on('secureConnect', () => {
    isResumed = socket.isSessionReused()
  })
  socket.on('data', chunk => {
    text += chunk
  })
  socket.on('error', () => {})
  socket.write(documentHead(`Content-Length: ${document.length}\r\nConnection: close`))
  socket.write(document)
  await new Promise(done => socket.on('close', done))
  return { outcome: readAnswers(text)[0] ?? 'TLS', isResumed, sessions }
}

/** Waits for what the receiver logs: its side of a handshake may end after the client's. */
async function lineLike(gateway: TestGateway, linesBefore: number, line: RegExp): Promise<void> {
  while (!gateway.log.slice(linesBefore).some(({ msg }) => line.test(msg))) await pause(10)
}

function withoutInstance({ status, headers, body }: Answer): object {
  const { instance: _, ...problem } = JSON.parse(body.toString())
  return { status, type: headers['content-type'], ...problem }
}

t.test('a client that renews its key over and over is closed, and others are served', { skip: noOpenssl }, async t => {
  const gateway = await openGateway(t, certs)
  t.match(await renewKeys(gateway, 16), /HTTP\/1\.1 200 /, "a few renewals are anybody's right")
  const floods = await Promise.all([1, 2, 3].map(() => renewKeys(gateway, 200)))
  for (const flood of floods) t.notMatch(flood, /HTTP/, 'it gets no answer')
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201, 'another connection of the same partner')
  await lineLike(gateway, 0, /^connection from .* closed: its client renewed the key more often than 32 times$/)
})

/** Renews the key of one connection, asks for a checkpoint, and says what came back. */
async function renewKeys({ port }: TestGateway, times: number): Promise<string> {
  const files = ['-CAfile', 'ca.crt', '-cert', 'sender.crt', '-key', 'sender.key']
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', ...files]
  const client = spawn('openssl', args, { cwd: certs })
  client.stdin.on('error', () => {})
  let said = ''
  for (const stream of [client.stdout, client.stderr]) stream.on('data', chunk => (said += chunk))
  const ended = once(client, 'close').then(() => true as const)
  const seen = async (what: string, times = 1) => {
    while (said.split(what).length <= times) if ((await Promise.race([ended, pause(5)])) === true) return false
    return true
  }
  let isOpen = await seen('Verify return code')
  for (let i = 1; i <= times && isOpen; i++) {
    // A line of its own for each: one that begins with K is a command of s_client.
    client.stdin.write('K\n')
    isOpen = await seen('KEYUPDATE', i)
  }
  if (isOpen) {
    client.stdin.write('GET /v1/log/checkpoint HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await seen('HTTP/1.1 ')
  }
  client.kill()
  await ended
  return said
}
