// The daemon's loop against real TLS servers: each document once, not too many at a time, again
// when it is time, and to an end on a signal.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { TraceSpan } from '@seg/operators'
import { verifyDocument } from '@seg/xmldsig'
import t, { type Test } from 'tap'
import {
  accept,
  acceptAndDiscard,
  answerReceipt,
  refuse,
  startReceiver,
  startServer,
} from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openInput, openSender } from '../testing/gateways.ts'
import { runDeliveries } from './delivery-loop.ts'
import type { SendingGateway } from './gateway.ts'
import { codeOf, type SendOutcome } from './outcome.ts'
import { queueTemplate } from './queue-document.ts'

const certs = await makeCerts(t)

/** Runs the loop until `isDone` says so of what has been reported, and to its end. */
async function runUntil(
  gateway: SendingGateway,
  isDone: (outcomes: readonly SendOutcome[]) => boolean | Promise<boolean>,
  concurrency = 4,
) {
  const outcomes: (SendOutcome & { number: number })[] = []
  const stop = new AbortController()
  const running = runDeliveries(gateway, {
    concurrency,
    report: outcome => void outcomes.push(outcome),
    signal: stop.signal,
  })
  while (!(await isDone(outcomes))) await pause(20)
  stop.abort()
  await running
  return outcomes
}

const isDelivered = (outcome: SendOutcome) => 'delivery' in outcome
const allDelivered = (count: number) => (outcomes: readonly SendOutcome[]) =>
  outcomes.filter(isDelivered).length >= count

async function open(t: Test, data?: string, now?: () => Date) {
  const gateway = await openSender(certs, data ?? (await makeFolder(t)), 10_000, now)
  t.teardown(() => gateway[Symbol.asyncDispose]())
  return gateway
}

async function queue(t: Test, gateway: SendingGateway, receiver: URL, ids: readonly string[]) {
  for (const id of ids) {
    const input = await openInput(t, makeDocument({ id }))
    await queueTemplate({ file: `${id}.xml`, input, id: undefined, stripComments: false }, receiver, gateway)
  }
}

const idsOf = (received: readonly Buffer[], { identity }: SendingGateway) =>
  received.map(bytes => verifyDocument(bytes, identity.certificate).id)
const names = (count: number) => Array.from({ length: count }, (_, i) => `doc${i}`)

t.test('delivers each document once, however many processes share the outbox', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const data = await makeFolder(t)
  const gateways = [await open(t, data), await open(t, data), await open(t, data)]
  await queue(t, gateways[0]!, receiver.url, names(40))
  const isDone = async () => (await Array.fromAsync(gateways[0]!.outbox.list(['queued']))).length === 0
  const outcomes = (await Promise.all(gateways.map(gateway => runUntil(gateway, isDone)))).flat()
  t.same(idsOf(receiver.received, gateways[0]!).sort(), names(40).sort())
  t.same(
    outcomes.map(({ number }) => number).sort((a, b) => a - b),
    names(40).map((_, i) => i + 1),
  )
  t.ok(outcomes.every(isDelivered))
  for await (const entry of gateways[0]!.outbox.list()) {
    const receipt = await gateways[0]!.outbox.receipt(entry.number)
    t.same(await readFile(join(data, 'deliveries', entry.delivery, 'receipt.xml')), receipt)
  }
})

t.test('has no more on their way to one receiver than the limit, over all processes', async t => {
  let [underWay, most] = [0, 0]
  const receiver = await startReceiver(t, certs, async (response, received, count) => {
    most = Math.max(most, ++underWay)
    await pause(30)
    underWay--
    return accept(certs)(response, received, count)
  })
  const data = await makeFolder(t)
  const gateways = [await open(t, data), await open(t, data)]
  await queue(t, gateways[0]!, receiver.url, names(20))
  const isDone = async () => (await Array.fromAsync(gateways[0]!.outbox.list(['queued']))).length === 0
  await Promise.all(gateways.map(gateway => runUntil(gateway, isDone, 3)))
  t.equal(most, 3)
})

t.test('lets one receiver that does not answer keep no other waiting', async t => {
  const silent = await startReceiver(t, certs, () => {})
  const receiver = await startReceiver(t, certs, accept(certs))
  const gateway = await open(t)
  await queue(t, gateway, silent.url, names(10))
  await queue(t, gateway, receiver.url, names(10))
  const stop = new AbortController()
  let delivered = 0
  const running = runDeliveries(gateway, {
    concurrency: 2,
    report: outcome => void (isDelivered(outcome) && delivered++),
    signal: stop.signal,
  })
  while (delivered < 10) await pause(20)
  t.equal(silent.received.length, 2)
  stop.abort()
  await silent.close()
  await running
})

t.test('tries with one document while a receiver fails, and sends the same bytes until it answers', async t => {
  const receiver = await startReceiver(t, certs, (response, received, count) => {
    return (count <= 3 ? refuse('storage-unavailable') : accept(certs))(response, received, count)
  })
  const gateway = await open(t)
  await queue(t, gateway, receiver.url, names(6))
  const outcomes = await runUntil(gateway, allDelivered(6), 1)
  t.equal(outcomes.filter(outcome => !isDelivered(outcome)).length, 3)
  const ids = idsOf(receiver.received, gateway)
  t.equal(new Set(ids).size, 6)
  const first = receiver.received.filter((_, i) => ids[i] === ids[0])
  t.ok(first.length >= 2 && first.every(bytes => bytes.equals(first[0]!)))
})

t.test('waits as long as the receiver asks, an hour at most, unless a person orders a try', async t => {
  const receiver = await startReceiver(t, certs, refuse('rate-limit', { 'retry-after': '86400' }))
  const gateway = await open(t)
  await queue(t, gateway, receiver.url, names(5))
  await runUntil(gateway, outcomes => outcomes.length > 0, 1)
  t.equal(receiver.received.length, 1, 'with the others, too')
  const [entry] = await Array.fromAsync(gateway.outbox.list())
  t.ok(entry!.nextTry >= Date.now() + 3_590_000)
  t.ok(entry!.nextTry <= Date.now() + 3_660_000)
  t.match(entry, { state: 'queued', tries: 1, reason: { code: 'delivery-pending', detail: /rate-limit/ } })

  // While the daemon waits for the whole hour, as it would after the answer.
  const stop = new AbortController()
  const running = runDeliveries(gateway, { concurrency: 1, report() {}, signal: stop.signal })
  while (receiver.received.length < 2) await pause(20)
  await pause(300)
  t.equal(receiver.received.length, 2, 'a daemon that begins asks once, and then waits')
  await gateway.outbox.retry(5, Date.now(), Date.now() + 3_600_000)
  while (receiver.received.length < 3) await pause(20)
  stop.abort()
  await running
  t.same(idsOf(receiver.received, gateway).at(-1), 'doc4')
})

t.test('takes a refusal for final, and continues with the others', async t => {
  const receiver = await startReceiver(t, certs, (response, received, count) =>
    (received.includes('doc1') ? refuse('schema-invalid') : accept(certs))(response, received, count),
  )
  const gateway = await open(t)
  await queue(t, gateway, receiver.url, names(3))
  const outcomes = await runUntil(gateway, outcomes => outcomes.length === 3)
  t.same(
    outcomes.flatMap(outcome => ('fault' in outcome ? [codeOf(outcome.fault)] : [])),
    ['schema-invalid'],
  )
  t.match(await gateway.outbox.find(2), { state: 'refused', reason: { code: 'schema-invalid' } })
  t.equal(receiver.received.length, 3)
})

t.test('signs again what has become stale, with nothing but what is kept', async t => {
  const receiver = await startReceiver(t, certs, (response, received, count) =>
    (count === 1 ? refuse('timestamp-stale') : accept(certs))(response, received, count),
  )
  const data = await makeFolder(t)
  const before = await open(t, data, () => new Date(Date.now() - 3_600_000))
  await queue(t, before, receiver.url, ['doc1'])
  const { document: kept } = (await before.outbox.find(1))!
  const gateway = await open(t, data)
  await runUntil(gateway, allDelivered(1))
  const [first, second] = receiver.received.map(bytes => verifyDocument(bytes, gateway.identity.certificate))
  t.ok(second!.signedAt - first!.signedAt > 3_500_000)
  const { document } = (await gateway.outbox.find(1))!
  t.same(await readFile(join(data, document.path)), receiver.received[1])
  t.same(await readFile(join(data, kept.path)), receiver.received[0], 'what was sent before stays')
})

t.test('gives up a document when a try after its time has failed, too, and none before', async t => {
  const receiver = await startReceiver(t, certs, (response, received, count) =>
    (received.includes('doc1') ? refuse('overloaded') : accept(certs))(response, received, count),
  )
  const gateway = await open(t)
  await queue(t, { ...gateway, lifetime: -1 } as SendingGateway, receiver.url, ['doc1', 'doc2'])
  const outcomes = await runUntil(gateway, outcomes => outcomes.length > 1)
  const of = (number: number) => outcomes.find(outcome => outcome.number === number)
  t.match(of(1), { file: 'doc1.xml', fault: { code: 'delivery-expired', detail: /last of 1 try: .*overloaded/ } })
  t.match(await gateway.outbox.find(1), { state: 'expired', tries: 1, reason: { detail: /overloaded/ } })
  t.match(await gateway.outbox.find(2), { state: 'delivered' })
  t.equal(receiver.received.length, 2)
})

t.test('lets nothing expire while the clock is ahead, and continues at once when it is right again', async t => {
  let ahead = 0
  const receiver = await startReceiver(t, certs, (response, received, count) =>
    (count === 1 ? refuse('overloaded') : accept(certs))(response, received, count),
  )
  const gateway = await open(t, undefined, () => new Date(Date.now() + ahead))
  await queue(t, gateway, receiver.url, ['doc1'])
  // Within the validity of the receiver's certificate.
  ahead = 100 * 24 * 3_600_000
  await runUntil(gateway, outcomes => outcomes.length > 0)
  t.match(await gateway.outbox.find(1), { state: 'queued', tries: 1 })
  ahead = 0
  await runUntil(gateway, allDelivered(1))
  t.match(await gateway.outbox.find(1), { state: 'delivered', tries: 2 })
})

t.test('accepts no receipt that does not verify, and keeps trying', async t => {
  const receiver = await startReceiver(t, certs, (response, received, count) =>
    count === 1 ? answerReceipt(response, '<Receipt/>') : accept(certs)(response, received, count),
  )
  const gateway = await open(t)
  await queue(t, gateway, receiver.url, ['doc1'])
  const outcomes = await runUntil(gateway, allDelivered(1))
  t.match(outcomes[0], { fault: { code: 'receipt-invalid' } })
})

t.test('does not send a document that is not what was queued any more', async t => {
  const receiver = await startReceiver(t, certs, accept(certs))
  const gateway = await open(t)
  await queue(t, gateway, receiver.url, ['doc1'])
  const { document } = (await gateway.outbox.find(1))!
  const held = (await gateway.outbox.leaseOne(1))!
  await gateway.outbox.replaceDocument(held, { ...document, sha256: '00'.repeat(32) })
  await gateway.outbox.release(held)
  const outcomes = await runUntil(gateway, outcomes => outcomes.length > 0)
  t.match(outcomes[0], { fault: { code: 'file-unreadable', detail: /is not what was queued/ } })
  t.same(receiver.received, [])
})

t.test('completes the tries under way when it is stopped', async t => {
  const begun = Promise.withResolvers<void>()
  const receiver = await startServer(t, certs, async (request, response) => {
    begun.resolve()
    await pause(300)
    return acceptAndDiscard(certs)(request, response)
  })
  const gateway = await open(t)
  await queue(t, gateway, receiver.url, names(3))
  const stop = new AbortController()
  const outcomes: SendOutcome[] = []
  const running = runDeliveries(gateway, {
    concurrency: 1,
    report: outcome => void outcomes.push(outcome),
    signal: stop.signal,
  })
  await begun.promise
  stop.abort()
  await running
  t.same(outcomes.map(isDelivered), [true])
  t.same(
    (await Array.fromAsync(gateway.outbox.list())).map(({ state, lease }) => [state, lease]),
    [
      ['delivered', undefined],
      ['queued', undefined],
      ['queued', undefined],
    ],
  )
})

t.test('each try is a span of one trace, which its request names; a delivery is the span above them', async t => {
  const fields: unknown[] = []
  const answer = accept(certs)
  const refused = refuse('rate-limit', { 'retry-after': '0' })
  const receiver = await startServer(t, certs, async (request, response) => {
    fields.push(request.headers.traceparent)
    const received = Buffer.concat(await request.toArray())
    return (fields.length === 1 ? refused : answer)(response, received, fields.length)
  })
  const spans: TraceSpan[] = []
  const record = (_receiver: string, ...some: readonly TraceSpan[]) => void spans.push(...some)
  const tracer = { record, close: async () => {} }
  const gateway = { ...(await open(t)), tracer }
  await queue(t, gateway, receiver.url, ['doc1'])
  await runUntil(gateway, allDelivered(1))
  t.same(
    spans.map(({ name, failure }) => [name, failure === undefined]),
    [
      ['try', false],
      ['try', true],
      ['delivery', true],
    ],
  )
  const [first, second, all] = spans
  t.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1)
  t.same([first!.parentId, second!.parentId], [all!.spanId, all!.spanId])
  t.same(
    fields,
    [first, second].map(span => `00-${span!.traceId}-${span!.spanId}-01`),
  )
  t.match(second!.attributes, { 'seg.document': 'doc1', 'seg.tries': 2 })
})
