// A receiver's documents as spans: in the sender's trace where it names one, with their steps, and
// on to the hand-off.

import { until } from '@seg/core/testing/until'
import type { Fact, TraceSpan } from '@seg/operators'
import t, { type Test } from 'tap'
import { startReceiver } from '../http/start-receiver.ts'
import { openLoggerInto } from '../logger.ts'
import { call } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, senderId } from '../testing/gateway.ts'
import { DocumentTraces } from './document-traces.ts'
import { Remembered } from './remembered.ts'

const certs = await makeCerts(t)
const traceId = '0af7651916cd43dd8448eb211c80319c'
const parent = 'b7ad6b7169203331'

/** A second listener of the gateway, with traces. */
async function openTraced(t: Test) {
  const gateway = await openGateway(t, certs)
  const spans: TraceSpan[] = []
  const traces = new DocumentTraces({ record: (_partner, ...some) => void spans.push(...some), close: async () => {} })
  const parts = { ...gateway.gate, traces, logger: openLoggerInto({ write: () => {} }), staple: undefined }
  const running = await startReceiver(parts, { host: '127.0.0.1', port: 0 })
  t.teardown(() => running.close())
  const port = Number(new URL(running.url).port)
  const send = (body: Buffer, traceparent?: string) => {
    const headers = { 'content-type': 'application/xml', 'content-length': String(body.length) }
    const traced = { ...headers, ...(traceparent !== undefined && { traceparent }) }
    return call({ ...gateway, port }, { method: 'POST', path: '/v1/documents', headers: traced, body })
  }
  return { gateway, traces, spans, send }
}

t.test('a document is a span of the trace that its request names, with a child for each step', async t => {
  const { gateway, spans, send } = await openTraced(t)
  t.equal((await send(await makeDocument(gateway), `00-${traceId}-${parent}-01`)).status, 201)
  await until(() => spans.length > 0)
  const [root, ...steps] = spans
  t.match(root, { traceId, parentId: parent, kind: 'server', failure: undefined })
  t.match(root!.attributes, { 'seg.partner': senderId, 'seg.document': 'doc123', 'seg.outcome': 'accepted' })
  t.same(
    steps.map(({ name }) => name),
    ['receive', 'verify', 'decide', 'store and seal', 'answer'],
  )
  for (const step of steps) {
    t.match(step, { traceId, parentId: root!.spanId })
    t.ok(step.start >= root!.start - 1 && step.end <= root!.end + 1 && step.start <= step.end, step.name)
  }
})

t.test('a field that is no context begins a trace of its own; the answer is the same', async t => {
  const { gateway, spans, send } = await openTraced(t)
  t.equal((await send(await makeDocument(gateway), `01-${traceId}-${parent}-01`)).status, 201)
  t.equal((await send(Buffer.from('no document'), `00-${traceId}-${parent}-00`)).status, 400)
  const roots = await until(
    () => spans.filter(({ kind }) => kind === 'server'),
    ({ length }) => length === 2,
  )
  const accepted = roots.find(({ failure }) => failure === undefined)
  const refused = roots.find(({ failure }) => failure !== undefined)
  t.match(accepted, { traceId: /^(?!0af7)[0-9a-f]{32}$/, parentId: undefined })
  t.match(refused, { traceId, failure: 'xml-malformed' })
})

t.test('a hand-off goes on in the trace of its document, and names itself to whom it hands on', async t => {
  const { gateway, traces, spans, send } = await openTraced(t)
  await send(await makeDocument(gateway), `00-${traceId}-${parent}-01`)
  await until(() => spans.length > 0)
  const facts: Fact[] = []
  const { note, traceParent } = traces.follow(fact => facts.push(fact))
  const handOff = (id: string, outcome: 'taken' | 'given-up'): Fact => ({
    ...{ kind: 'hand-off', outcome, at: 1000, target: 'webhook', partner: senderId, document: id },
    ...{ tries: 1, totalTime: 40, ...(outcome === 'given-up' && { detail: 'HTTP status 400' }) },
  })
  const [, trace, own] = traceParent({ sender: senderId, id: 'doc123' }).split('-')
  note(handOff('doc123', 'taken'))
  t.equal(trace, traceId)
  t.match(spans.at(-1), { traceId, spanId: own, parentId: spans[0]!.spanId, name: 'hand-off webhook', start: 960 })
  note(handOff('older', 'given-up'))
  t.match(spans.at(-1), { parentId: undefined, failure: 'HTTP status 400' })
  const known = spans.length
  note({ kind: 'connection', outcome: 'failed', at: 1 })
  t.equal(spans.length, known)
  t.equal(facts.length, 3, 'the desk has all of them')
})

t.test('who has very many documents under way displaces what is remembered of no other partner', async t => {
  const remembered = new Remembered<number>()
  remembered.set('M2', 'first', 1)
  for (let i = 0; i < 30_000; i++) remembered.set('M1', `doc${i}`, i)
  t.equal(remembered.get('M2', 'first'), 1)
  t.equal(remembered.get('M1', 'doc29999'), 29_999)
  t.equal(remembered.get('M1', 'doc0'), undefined, 'its own oldest have gone')
  const own = Array.from({ length: 30_000 }, (_, i) => remembered.get('M1', `doc${i}`)).filter(one => one !== undefined)
  t.ok(own.length >= 9_990 && own.length <= 10_000, `${own.length}`)
  remembered.delete('M2', 'first')
  t.equal(remembered.get('M2', 'first'), undefined)
})
