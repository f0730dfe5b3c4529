import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type AcceptedDocument, openLedgerReader } from '@seg/ledger'
import { loadIdentity } from '@seg/pki'
import { verifyReceipt } from '@seg/xmldsig'
import t from 'tap'
import { openLoggerInto } from '../logger.ts'
import { call, connectRaw, post, refusalOf } from '../testing/client.ts'
import {
  makeCerts,
  makeDocument,
  openGateway,
  openTestLedger,
  receiverId,
  senderId,
  someChain,
  type TestGateway,
} from '../testing/gateway.ts'
import { startReceiver } from './start-receiver.ts'

const certs = await makeCerts(t)

t.test('accepts a document, stores its exact bytes and answers with a sealed receipt', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const answer = await post(gateway, document)
  t.equal(answer.status, 201)
  t.equal(answer.headers.location, '/v1/receipts/doc123')
  t.equal(answer.headers['content-type'], 'application/xml')
  const seal = await loadIdentity(certs, 'seal')
  const receipt = verifyReceipt(answer.body, certificate =>
    t.equal(certificate.fingerprint256, seal.certificate.fingerprint256),
  )
  t.match(receipt, { senderId, receiverId, documentId: 'doc123' })
  const [record] = await listDocuments(gateway)
  t.match(record, { sender: senderId, id: 'doc123', bytes: document.length, index: 1, acceptedAt: receipt.acceptedAt })
  t.equal(record?.sha256, receipt.documentDigest.toString('hex'))
  t.equal(record?.referenceDigest, receipt.referenceDigest.toString('base64'))
  t.same(await gateway.stored('doc123'), document)
})

t.test('says in one line whether the signature is valid, from whom, which document, why not', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  await post(gateway, document)
  await post(gateway, document)
  await post(gateway, tamper(document))
  await post(gateway, await makeDocument(gateway, { to: 'SOMEBODY ELSE' }))
  await post(gateway, Buffer.from('<!DOCTYPE a><a/>'))
  await post(gateway, await makeDocument(gateway, { payload: 'another' }))
  const from = `from "${senderId}"`
  const lines = gateway.log.filter(({ outcome }) => outcome !== undefined)
  t.match(
    lines.map(({ msg }) => msg),
    [
      new RegExp(`^document "doc123" ${from} accepted: signature valid$`),
      new RegExp(`^document "doc123" ${from} accepted before, the stored receipt was sent again: signature valid$`),
      new RegExp(
        `^document ${from} refused: signature not valid; ` +
          'signature-digest: computed sha256 [\\w+/]{43}= over \\d+ canonical bytes, signed [\\w+/]{43}=$',
      ),
      new RegExp(
        `^document "doc123" ${from} refused: signature valid; ` +
          `receiver-mismatch: expected ReceiverID "${receiverId}", found "SOMEBODY ELSE"$`,
      ),
      new RegExp(`^document ${from} refused: signature not checked; xml-doctype: `),
      new RegExp(`^document "doc123" ${from} refused: signature valid; document-id-conflict: `),
    ],
  )
  t.same(
    lines.map(({ level }) => level),
    [30, 30, 40, 40, 40, 50],
    'a conflict is an alarm',
  )
})

t.test(
  'answers a replay with the stored receipt byte for byte, after a restart and when the timestamp is stale by then',
  async t => {
    const gateway = await openGateway(t, certs)
    const document = await makeDocument(gateway)
    const first = await post(gateway, document)
    gateway.setTime(new Date(Date.now() + 24 * 3600 * 1000))
    const again = await post(gateway, document)
    t.equal(again.status, 200)
    t.same(again.body, first.body)
    await gateway.close()
    await gateway.gate.ledger.close()

    const ledger = await openTestLedger(certs, gateway.data)
    const { log: _, ...rest } = gateway
    const restarted = await startReceiver(
      { ...gateway.gate, ledger, logger: openLoggerInto({ write() {} }) },
      { host: '127.0.0.1', port: 0 },
    )
    t.teardown(async () => {
      await restarted.close()
      await ledger.close()
    })
    const later = await post({ ...rest, log: [], port: Number(new URL(restarted.url).port) }, document)
    t.equal(later.status, 200)
    t.same(later.body, first.body)
    t.equal((await listDocuments(gateway)).length, 1)
  },
)

t.test('accepts one of 50 copies that come at once and gives all of them its receipt', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(gateway, document)))
  t.same(answers.map(({ status }) => status).sort(), [...Array(49).fill(200), 201])
  t.equal(new Set(answers.map(({ body }) => body.toString())).size, 1)
  t.equal((await listDocuments(gateway)).length, 1)
})

t.test('refuses another document under an id that was accepted', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  await post(gateway, document)
  t.equal(
    refusalOf(await post(gateway, await makeDocument(gateway, { payload: 'another' }))),
    '409 document-id-conflict',
  )
  t.same(await gateway.stored('doc123'), document)
})

t.test('checks in one order: signature, sender, receiver, replay, timestamp', async t => {
  const gateway = await openGateway(t, certs)
  const stored = await makeDocument(gateway, { id: 'stored' })
  await post(gateway, stored)
  const longAgo = new Date(Date.now() - 3600 * 1000)
  const wrong = { id: 'stored', from: 'SOMEBODY ELSE', to: 'SOMEBODY ELSE', now: longAgo }
  const codes: string[] = []
  codes.push(refusalOf(await post(gateway, tamper(await makeDocument(gateway, wrong)))))
  codes.push(refusalOf(await post(gateway, await makeDocument(gateway, wrong))))
  codes.push(refusalOf(await post(gateway, await makeDocument(gateway, { ...wrong, from: senderId }))))
  codes.push(refusalOf(await post(gateway, await makeDocument(gateway, { id: 'stored', now: longAgo }))))
  codes.push(refusalOf(await post(gateway, await makeDocument(gateway, { id: 'fresh', now: longAgo }))))
  t.same(codes, [
    '422 signature-digest',
    '403 sender-mismatch',
    '422 receiver-mismatch',
    '409 document-id-conflict',
    '422 timestamp-stale',
  ])
  t.same(
    (await listDocuments(gateway)).map(({ id }) => id),
    ['stored'],
    'nothing else is stored',
  )
})

t.test('takes a timestamp up to the clock skew away, and not a second more', async t => {
  const gateway = await openGateway(t, certs)
  const now = new Date(Math.floor(Date.now() / 1000) * 1000)
  gateway.setTime(now)
  const at = (seconds: number) => new Date(now.getTime() + seconds * 1000)
  for (const [seconds, status] of [
    [-300, 201],
    [300, 201],
    [-301, 422],
    [301, 422],
  ] as const) {
    const document = await makeDocument(gateway, { id: `at${seconds}`.replace('-', '_'), now: at(seconds) })
    t.equal((await post(gateway, document)).status, status, `${seconds} s`)
  }
  t.equal((await listDocuments(gateway)).length, 2)
})

t.test('refuses a document signed with another key than that of the connection', async t => {
  const gateway = await openGateway(t, certs)
  const stranger = await openGateway(t, await makeCerts(t))
  t.equal(refusalOf(await post(gateway, await makeDocument(stranger))), '422 signature-key')
  t.same(await listDocuments(gateway), [])
})

t.test('takes application/xml in UTF-8 and no other media type', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const types = ['application/xml', 'Application/XML; charset=utf-8', 'application/xml;charset="UTF-8"']
  for (const type of types) t.match((await post(gateway, document, { 'content-type': type })).status, /^20[01]$/, type)
  const others = [
    'text/xml',
    'application/xml; charset=utf-16',
    'application/xml; charset=utf-8; v=1',
    'application/json',
    'nonsense',
    'application/xmlx',
  ]
  for (const type of others)
    t.equal(refusalOf(await post(gateway, document, { 'content-type': type })), '415 media-type', type)
  t.equal(refusalOf(await post(gateway, document, {})), '415 media-type', 'no Content-Type')
  t.equal(refusalOf(await post(gateway, Buffer.alloc(0), {})), '415 media-type', 'no body either')
  const encoded = { 'content-type': 'application/xml', 'content-encoding': 'gzip' }
  t.equal(refusalOf(await post(gateway, document, encoded)), '415 media-type', 'compressed')
  t.equal(refusalOf(await post(gateway, Buffer.alloc(0))), '400 xml-malformed', 'an empty body')
})

t.test('gives a caller its own receipts, and never says whether another has one', async t => {
  const gateway = await openGateway(t, certs)
  const { body } = await post(gateway, await makeDocument(gateway, { id: 'a.b:c-d' }))
  const own = await call(gateway, { path: '/v1/receipts/a.b%3Ac-d' })
  t.equal(own.status, 200)
  t.equal(own.headers['content-type'], 'application/xml')
  t.same(own.body, body)
  const digest = Buffer.alloc(32)
  const digests = { sha256: digest.toString('hex'), referenceDigest: digest.toString('base64') }
  const other = {
    sender: 'SOMEBODY ELSE',
    id: 'theirs',
    acceptedAt: new Date().toISOString(),
    bytes: 4,
    ...digests,
    chain: someChain,
  }
  const staging = gateway.gate.ledger.stage()
  await staging.write(Buffer.from('<a/>'))
  await gateway.gate.ledger.accept(other, staging)
  for (const id of ['theirs', 'nobodys', '..%2f..%2fcerts', 'x'.repeat(500), '%00']) {
    t.equal(refusalOf(await call(gateway, { path: `/v1/receipts/${id}` })), '404 not-found', id.slice(0, 20))
  }
})

t.test('answers what it does not serve with a problem document', async t => {
  const gateway = await openGateway(t, certs)
  const unknown = [
    { path: '/' },
    { path: '/v1/receipts' },
    { method: 'POST', path: '/nowhere', headers: { 'content-type': 'application/xml' }, body: Buffer.from('<a/>') },
  ]
  for (const request of unknown)
    t.equal(refusalOf(await call(gateway, request)), '404 not-found', `${request.method} ${request.path}`)
  t.equal(refusalOf(await call(gateway, { path: '/%zz' })), '400 request-malformed')
})

t.test('answers with code and sentence, and logs the detail under the same name', async t => {
  const gateway = await openGateway(t, certs)
  const answer = await post(gateway, await makeDocument(gateway, { to: 'SECRET NAME' }))
  const { instance, ...problem } = JSON.parse(answer.body.toString())
  t.same(problem, {
    type: 'urn:seg:fault:receiver-mismatch',
    title: 'Unprocessable Entity',
    status: 422,
    code: 'receiver-mismatch',
    detail: 'The document is addressed to another receiver.',
  })
  t.match(instance, /^urn:uuid:[0-9a-f-]{36}$/)
  const line = gateway.log.find(({ request }) => request === instance)
  t.match(line, { code: 'receiver-mismatch', msg: /"SECRET NAME"/ })
})

t.test('judges the timestamp by the time when the request came, not by how long it took', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const { socket, text, closed } = await connectRaw(t, gateway)
  const head =
    `Content-Type: application/xml\r\nContent-Length: ${document.length}\r\n` +
    'Expect: 100-continue\r\nConnection: close'
  socket.write(`POST /v1/documents HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`)
  await once(socket, 'data')
  gateway.setTime(new Date(Date.now() + 3600 * 1000))
  socket.write(document)
  await closed
  t.match(text(), /HTTP\/1\.1 201 /)
})

t.test('answers 503 when the storage fails, stores nothing, and continues when it works again', async t => {
  const gateway = await openGateway(t, certs)
  const small = await makeDocument(gateway, { id: 'small' })
  const large = await makeDocument(gateway, { id: 'large', payload: 'x'.repeat(300_000) })
  await rm(join(gateway.data, 'staging'), { recursive: true })
  t.equal(refusalOf(await post(gateway, large)), '503 storage-unavailable')
  const other = new DatabaseSync(join(gateway.data, 'ledger.sqlite'), { timeout: 5000 })
  other.exec('BEGIN IMMEDIATE')
  const answer = await post(gateway, small)
  t.equal(refusalOf(answer), '503 storage-unavailable', 'another program holds the database')
  t.match(answer.headers['retry-after'], /^\d+$/)
  t.same(await listDocuments(gateway), [])
  other.close()
  await mkdir(join(gateway.data, 'staging'))
  for (const document of [small, large]) t.equal((await post(gateway, document)).status, 201)
  t.same(await readdir(join(gateway.data, 'staging')), [])
})

t.test('a defect is answered with 500, and its stack is in the log alone', async t => {
  const gateway = await openGateway(t, certs)
  let calls = 0
  const now = () => {
    // The first look is that at the connection, which a defect would end.
    if (++calls === 1) return new Date()
    throw new TypeError('the clock is broken')
  }
  const log: { level: number; err?: { stack: string } }[] = []
  const parts = { ...gateway.gate, now, logger: openLoggerInto({ write: line => log.push(JSON.parse(line)) }) }
  const running = await startReceiver(parts, { host: '127.0.0.1', port: 0 })
  t.teardown(() => running.close())
  const answer = await post({ ...gateway, port: Number(new URL(running.url).port) }, await makeDocument(gateway))
  t.equal(refusalOf(answer), '500 internal')
  t.notMatch(answer.body.toString(), /clock/)
  t.match(log.at(-1), { level: 50, err: { stack: /TypeError: the clock is broken\n +at / } })
})

t.test('asks for the certificate on every request of a connection', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const { validToDate } = new X509Certificate(gateway.sender.certificatePem)
  gateway.setTime(new Date(validToDate.getTime() + 1000))
  t.equal(refusalOf(await post(gateway, document)), '403 certificate-expired', 'a certificate that ran out')
  t.equal(refusalOf(await call(gateway, { path: '/v1/receipts/doc123' })), '403 certificate-expired')
  t.same(await listDocuments(gateway), [])
})

function tamper(document: Buffer): Buffer {
  return Buffer.from(document.toString().replace('Lunch', 'Hunch'))
}

async function listDocuments(gateway: TestGateway): Promise<AcceptedDocument[]> {
  const documents: AcceptedDocument[] = []
  for await (const document of openLedgerReader(gateway.data).list()) documents.push(document)
  return documents
}
