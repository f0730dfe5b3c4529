// What the outbox keeps of tries against real TLS servers, whatever came back.
import { faults } from '@seg/core'
import t, { type Test } from 'tap'
import { accept, type Reply, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openInput, openSender } from '../testing/gateways.ts'
import { AttemptRecord } from './attempt-record.ts'
import { postpone } from './postpone.ts'
import { queueTemplate } from './queue-document.ts'
import { tryDelivery } from './try-delivery.ts'

const certs = await makeCerts(t)
const request = 'urn:uuid:01234567-89ab-4cde-8f01-23456789abcd'

/** Tries one document once for each server, and returns what is kept of it, the first try first. */
async function attemptsOf(t: Test, ...servers: readonly { readonly url: URL }[]) {
  const gateway = await openSender(certs, await makeFolder(t))
  t.teardown(() => gateway[Symbol.asyncDispose]())
  const input = await openInput(t, makeDocument({ id: 'a' }))
  const template = { file: 'a.xml', input, id: undefined, stripComments: false }
  await queueTemplate(template, servers[0]!.url, gateway)
  for (const { url } of servers) {
    const entry = (await gateway.outbox.leaseOne(1))!
    const attempt = new AttemptRecord(gateway.clock)
    const limits = { signal: AbortSignal.timeout(20_000), attempt }
    const outcome = await tryDelivery({ ...entry, receiver: url.origin }, gateway, limits)
    if (outcome.kind === 'later' || outcome.kind === 'stuck')
      await postpone(entry, outcome, { delay: 0, isLast: false, attempt }, gateway)
  }
  return (await gateway.outbox.attempts(1)).reverse()
}

function problem(code: 'overloaded' | 'schema-invalid', instance: unknown): Reply {
  const { status } = faults[code]
  return response =>
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ code, instance }))
}

t.test('keeps of each try its end, the status, the address, and the id of the request', async t => {
  const begin = Date.now()
  const busy = await startReceiver(t, certs, problem('overloaded', request))
  const nothing = { url: new URL('https://localhost:1') }
  const old = await startReceiver(t, certs, accept(certs), { version: 'TLSv1.2' })
  const liar = await startReceiver(t, certs, response =>
    response.writeHead(201, { 'content-type': 'application/xml' }).end('<no-receipt/>'),
  )
  const good = await startReceiver(t, certs, accept(certs))
  const attempts = await attemptsOf(t, busy, nothing, old, liar, good)
  const address = '127.0.0.1'
  const none = { status: undefined, request: undefined }
  t.match(attempts, [
    {
      number: 1,
      outcome: 'postponed',
      code: 'delivery-pending',
      detail: /^overloaded: /,
      status: 503,
      address,
      request,
    },
    { number: 2, outcome: 'postponed', detail: /nothing listens there/, address: undefined, ...none },
    { number: 3, outcome: 'postponed', detail: /does not speak our TLS 1.3/, address, ...none },
    { number: 4, outcome: 'postponed', code: 'receipt-invalid', status: 201, address, request: undefined },
    { number: 5, outcome: 'delivered', code: undefined, detail: undefined, status: 201, address },
  ])
  t.ok(attempts.every(({ startedAt }) => startedAt >= begin && startedAt <= Date.now()))
  t.ok(attempts.every(({ duration }) => duration > 0 && duration <= Date.now() - begin + 1))
})

t.test('keeps a refusal, and no name of a request that has another form', async t => {
  const others = ['https://receiver.example/9', 'urn:uuid:1', `${request} `, request.toUpperCase(), 7, null, undefined]
  for (const instance of others) {
    const receiver = await startReceiver(t, certs, problem('schema-invalid', instance))
    const attempts = await attemptsOf(t, receiver)
    const address = '127.0.0.1'
    t.match(attempts, [{ number: 1, outcome: 'refused', code: 'schema-invalid', status: 422, address }])
    t.equal(attempts[0]?.request, undefined, `${instance}`)
  }
})
