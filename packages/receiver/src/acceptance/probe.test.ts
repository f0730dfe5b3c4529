import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { call, post, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, receiverId, senderId, type TestGateway } from '../testing/gateway.ts'

const certs = await makeCerts(t)

function probe(gateway: TestGateway, body: Buffer) {
  return call(gateway, { method: 'POST', path: '/v1/probe', headers: { 'content-type': 'application/xml' }, body })
}

async function entriesOf({ gate }: TestGateway): Promise<number> {
  return gate.ledger.log.size()
}

t.test('a test document passes every step, is stored nowhere, and gets no receipt', async t => {
  const gateway = await openGateway(t, certs)
  const entries = await entriesOf(gateway)
  const answer = await probe(gateway, await makeDocument(gateway, { id: 'test1' }))
  t.equal(answer.status, 200)
  t.match(JSON.parse(answer.body.toString()), {
    ok: true,
    stored: false,
    document: { type: 'CriticalDocument', id: 'test1' },
    steps: [
      { step: 'certificate', found: `is that of "${senderId}"` },
      { step: 'document' },
      { step: 'signature', found: /ecdsa-sha256 over a sha256 digest verifies$/ },
      { step: 'parties', found: `from "${senderId}" to "${receiverId}"` },
      { step: 'replay', found: 'the id is new' },
      { step: 'timestamp' },
      { step: 'schema' },
      { step: 'second-opinion', found: 'is not asked for' },
      { step: 'storage' },
      { step: 'seal' },
    ],
  })
  t.equal(gateway.log.at(-1)?.msg, `test document "test1" from "${senderId}" would be accepted; nothing is stored`)
  t.equal((await call(gateway, { path: '/v1/receipts/test1' })).status, 404)
  t.same(await Array.fromAsync(gateway.gate.ledger.list()), [])
  t.equal(await entriesOf(gateway), entries, 'the log of the receiver has no entry of it')
  t.same(await readdir(join(gateway.data, 'staging')).catch(() => []), [])
})

t.test('it is refused with the codes of a delivery, and its refusal is no entry of the log', async t => {
  const gateway = await openGateway(t, certs, { documentsPerSecond: Number.POSITIVE_INFINITY })
  const document = await makeDocument(gateway, { id: 'kept' })
  t.equal((await post(gateway, document)).status, 201)
  const entries = await entriesOf(gateway)
  const refused: [Buffer, string][] = [
    [Buffer.from(document.toString().replace('Lunch', 'Dinner')), '422 signature-digest'],
    [await makeDocument(gateway, { id: 'kept', payload: 'others' }), '409 document-id-conflict'],
    [await makeDocument(gateway, { to: 'SOMEBODY ELSE' }), '422 receiver-mismatch'],
    [await makeDocument(gateway, { now: new Date(Date.now() - 3_600_000) }), '422 timestamp-stale'],
    [await makeDocument(gateway, { payload: 'x'.repeat(300 * 1024) }), '413 document-too-large'],
  ]
  for (const [body, code] of refused) {
    t.equal(refusalOf(await probe(gateway, body)), code)
    t.match(gateway.log.at(-1)?.msg, new RegExp(`POST "/v1/probe" refused: ${code.slice(4)}`))
    gateway.setTime(new Date(gateway.gate.now().getTime() + 1000))
  }
  const again = JSON.parse((await probe(gateway, document)).body.toString())
  t.match(again.steps.at(-1), { step: 'replay', found: 'these bytes were accepted before' })
  t.equal(await entriesOf(gateway), entries)
  t.equal(refusalOf(await call(gateway, { path: '/v1/probe' })), '405 method-not-allowed')
})

t.test('a partner has a few of them in a second, and they count as documents', async t => {
  const gateway = await openGateway(t, certs)
  gateway.setTime(new Date())
  const document = await makeDocument(gateway)
  const answers = []
  for (let i = 0; i < 7; i++) answers.push((await probe(gateway, document)).status)
  t.same(answers, [200, 200, 200, 200, 200, 429, 429])
  const slow = await openGateway(t, certs, { documentsPerSecond: 1 })
  slow.setTime(new Date())
  t.same([(await probe(slow, document)).status, (await post(slow, document)).status], [200, 429])
})
