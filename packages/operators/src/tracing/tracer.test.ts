// Traces: what counts as a context, and spans that reach a collector, wait for it, or are dropped;
// nobody waits for them.
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import type { TraceSpan } from './span.ts'
import { SPANS_OF_ONE } from './span-queue.ts'
import { parseTraceParent, writeTraceParent } from './trace-context.ts'
import { openTracer } from './tracer.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const span: TraceSpan = {
  ...{ traceId, spanId, parentId: '00f067aa0ba902b7', name: 'document', kind: 'server' },
  ...{ start: 1_700_000_000_000.25, end: 1_700_000_000_001, failure: 'signature-value' },
  attributes: { 'seg.partner': 'M "1"', 'seg.bytes': 512, 'seg.share': 0.5, 'seg.code': undefined },
}

t.test('a context of version 00 is taken as it is written, and nothing else', async t => {
  const field = `00-${traceId}-${spanId}-01`
  t.same(parseTraceParent(field), { traceId, spanId })
  t.equal(writeTraceParent({ traceId, spanId }), field)
  for (const wrong of [
    undefined,
    [field],
    '',
    field.toUpperCase(),
    ` ${field}`,
    `${field}-00`,
    `${field}, ${field}`,
    `${field}\n`,
    field.replace('00-', '01-'),
    field.replace('00-', 'ff-'),
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    'x'.repeat(100_000),
  ])
    t.equal(parseTraceParent(wrong), undefined, String(wrong).slice(0, 60))
})

type Received = { readonly url: string | undefined; readonly type: string | undefined; readonly body: string }

async function startCollector(t: Test, answer: RequestListener = (_request, response) => response.end('{}')) {
  const received: Received[] = []
  const server: Server = createServer(async (request, response) => {
    const body = await text(request)
    received.push({ url: request.url, type: request.headers['content-type'], body })
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { received, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) }
}

async function open(t: Test, url: URL) {
  const complaints: string[] = []
  const resource = { service: 'seg-receiver', instance: 'gw1', version: '1.2.3' }
  const tracer = await openTracer({ url, ca: undefined, ...resource, complain: line => complaints.push(line) })
  t.teardown(() => tracer.close())
  return { tracer, complaints }
}

const spansIn = (received: readonly Received[]) =>
  received.flatMap(({ body }) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans)

t.test('spans arrive as OTLP/JSON, and the last ones at a stop', async t => {
  const collector = await startCollector(t)
  const { tracer, complaints } = await open(t, collector.url)
  tracer.record('M1', span)
  await tracer.close()
  t.match(collector.received, [{ url: '/v1/traces', type: 'application/json' }])
  const [{ resource, scopeSpans }] = JSON.parse(collector.received[0]!.body).resourceSpans
  t.same(resource.attributes, [
    { key: 'service.name', value: { stringValue: 'seg-receiver' } },
    { key: 'service.instance.id', value: { stringValue: 'gw1' } },
    { key: 'service.version', value: { stringValue: '1.2.3' } },
  ])
  t.same(scopeSpans[0].spans, [
    {
      ...{ traceId, spanId, parentSpanId: '00f067aa0ba902b7', name: 'document', kind: 2 },
      ...{ startTimeUnixNano: '1700000000000250000', endTimeUnixNano: '1700000000001000000' },
      attributes: [
        { key: 'seg.partner', value: { stringValue: 'M "1"' } },
        { key: 'seg.bytes', value: { intValue: '512' } },
        { key: 'seg.share', value: { doubleValue: 0.5 } },
      ],
      status: { code: 2, message: 'signature-value' },
    },
  ])
  t.same(complaints, [])
})

t.test('a collector that is down costs a bounded queue and one line; what waits is sent when it is back', async t => {
  let status = 503
  const collector = await startCollector(t, (_request, response) => response.writeHead(status).end())
  const { tracer, complaints } = await open(t, collector.url)
  for (let i = 0; i < SPANS_OF_ONE + 100; i++) tracer.record('M1', { ...span, name: `${i}` })
  await until(() => complaints.length > 0)
  t.match(complaints, [/^traces are not taken by http:\/\/127\.0\.0\.1:\d+: HTTP status 503/])
  status = 200
  collector.received.length = 0
  await until(() => spansIn(collector.received).length >= SPANS_OF_ONE)
  const names = spansIn(collector.received).map(({ name }) => name)
  t.same(
    names,
    Array.from({ length: SPANS_OF_ONE }, (_, i) => `${i}`),
    'each once, in order; those beyond are dropped',
  )
  await until(() => complaints.length > 1)
  t.match(complaints[1], /taken again; 100 spans dropped/)
  const nowhere = await open(t, new URL('http://127.0.0.1:1'))
  nowhere.tracer.record('M1', span)
  await until(() => nowhere.complaints.length > 0)
  t.match(nowhere.complaints, [/ECONNREFUSED/])
})

t.test('a stop sends all that waits, not one request of it; what was dropped under load is said', async t => {
  const collector = await startCollector(t)
  const { tracer } = await open(t, collector.url)
  for (let i = 0; i < 600; i++) tracer.record('M1', { ...span, name: `${i}` })
  await tracer.close()
  const names = spansIn(collector.received).map(({ name }) => name)
  t.same(
    names,
    Array.from({ length: 600 }, (_, i) => `${i}`),
  )
  const loaded = await open(t, collector.url)
  for (let i = 0; i < SPANS_OF_ONE + 100; i++) loaded.tracer.record('M1', span)
  await until(() => loaded.complaints.length > 0)
  t.same(loaded.complaints, ['traces come faster than they are taken; 100 spans dropped so far'])
})

t.test('who makes very many spans displaces no others, and all take their turns', async t => {
  const collector = await startCollector(t)
  const { tracer } = await open(t, collector.url)
  for (let i = 0; i < 3 * SPANS_OF_ONE; i++) tracer.record('M1', { ...span, name: 'M1' })
  for (let i = 0; i < 100; i++) tracer.record(`other ${i}`, { ...span, name: `other ${i}` })
  await until(() => spansIn(collector.received).length >= SPANS_OF_ONE + 100)
  const names = spansIn(collector.received).map(({ name }) => name)
  t.equal(names.filter(name => name === 'M1').length, SPANS_OF_ONE)
  t.equal(new Set(names).size, 101, 'all of the others')
  t.ok(names.findLastIndex(name => name !== 'M1') < 1024, 'and they do not wait until all of M1 are gone')
})

t.test('what a collector calls wrong is not sent again, and no redirection is followed', async t => {
  const other = await startCollector(t)
  for (const [status, tries] of [
    [400, 1],
    [307, 1],
  ] as const) {
    const collector = await startCollector(t, (_request, response) =>
      response.writeHead(status, { location: `${other.url}v1/traces` }).end(),
    )
    const { tracer, complaints } = await open(t, collector.url)
    tracer.record('M1', span)
    await until(() => complaints.length > 0)
    t.match(complaints, [new RegExp(`HTTP status ${status}`)])
    t.equal(collector.received.length, tries)
    if (status === 400) {
      await tracer.close()
      t.equal(collector.received.length, 1, 'nothing is left to send')
    }
  }
  t.same(other.received, [])
})

t.test('a certificate that cannot be used is found at the start', async t => {
  const resource = { service: 's', instance: 'i', version: 'v', complain: () => {} }
  const ca = `${t.testdir({ 'ca.pem': 'none' })}/ca.pem`
  await t.rejects(openTracer({ url: new URL('https://localhost'), ca, ...resource }), { code: 'configuration' })
})
