import { loadIdentity, loadPeerTrust } from '@seg/pki'
import { verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { startServer } from '../testing/foreign-receiver.ts'
import { makeCerts } from '../testing/gateways.ts'
import { makeTestDocument, probeReceiver } from './test-document.ts'

const certs = await makeCerts(t)
const identity = await loadIdentity(certs, 'sender')
const trust = await loadPeerTrust(certs)
const edge = { now: () => new Date(), patience: 10_000 }

t.test('a test document is one that the sender signs for this receiver', async t => {
  const document = await makeTestDocument({ certs, identity, receiver: 'A & <B>' }, new Date())
  t.match(verifyDocument(document, identity.certificate), {
    senderId: identity.id,
    receiverId: 'A & <B>',
    id: /^probe-/,
  })
})

t.test('what the receiver answers is understood, also when it is one without test documents', async t => {
  const asked: (string | undefined)[] = []
  const ask = async (status: number, type: string, body: string) => {
    const server = await startServer(t, certs, (request, response) => {
      asked.push(`${request.method} ${request.url}`)
      request.resume().on('end', () => response.writeHead(status, { 'content-type': type }).end(body))
    })
    const document = await makeTestDocument({ certs, identity, receiver: 'MINISTRY 2_SEG01' }, new Date())
    return probeReceiver(document, { receiver: server.url, identity, trust }, edge)
  }
  t.match(await ask(404, 'application/problem+json', '{"code":"not-found"}'), /does not take test documents/)
  t.match(await ask(200, 'application/json', '{"ok":true,"steps":[{},{}]}'), /would be accepted \(2 steps\)/)
  t.match(await ask(200, 'text/html', '<p>'), /would be accepted \(0 steps\)/)
  await t.rejects(ask(422, 'application/problem+json', '{"code":"receiver-mismatch"}'), {
    code: 'receiver-mismatch',
    detail: /would refuse our documents with 422 receiver-mismatch: The document is addressed/,
  })
  t.same(new Set(asked), new Set(['POST /v1/probe']))
})

t.test('a receiver that limits tests is asked again when it says, for a limited time', async t => {
  const begin = async (refusals: number, retryAfter: string) => {
    let asked = 0
    const server = await startServer(t, certs, (request, response) => {
      const isRefused = asked++ < refusals
      request.resume().on('end', () => {
        if (!isRefused) return response.end('{"ok":true,"steps":[{}]}')
        response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': retryAfter })
        return response.end('{"code":"rate-limit"}')
      })
    })
    const document = await makeTestDocument({ certs, identity, receiver: 'MINISTRY 2_SEG01' }, new Date())
    const link = { receiver: server.url, identity, trust }
    return { ask: (patience: number) => probeReceiver(document, link, { ...edge, patience }), asked: () => asked }
  }
  const busy = await begin(2, '0')
  t.match(await busy.ask(10_000), /would be accepted \(1 step\)/)
  t.equal(busy.asked(), 3)
  const closed = await begin(Number.POSITIVE_INFINITY, '3600')
  await t.rejects(closed.ask(1_000), { code: 'rate-limit', detail: /would refuse our documents with 429/ })
  t.equal(closed.asked(), 1)
})
