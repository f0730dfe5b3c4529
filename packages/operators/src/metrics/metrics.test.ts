// Metrics: what facts count for, how many label sets there can be, and what Prometheus reads.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OutboxEntry } from '@seg/ledger'
import t from 'tap'
import { type Operator, openAccess } from '../access/access-store.ts'
import { openApprovalStore } from '../approvals/approval-store.ts'
import type { Fact } from '../desk/fact.ts'
import { catalogue, metricNames, type Sample } from './catalogue.ts'
import { countDelivery, FactCounter } from './count-facts.ts'
import { watchAccess } from './measure-access.ts'
import { MetricStore } from './metric-store.ts'
import { renderMetrics } from './render-metrics.ts'

const accepted: Fact = {
  kind: 'document',
  outcome: 'accepted',
  at: 0,
  partner: 'M1',
  bytes: 500,
  tlsVersion: 'TLSv1.3',
  canonicalBytes: 450,
  receiveTime: 1,
  verifyTime: 0.4,
  totalTime: 3,
}

function count(...facts: readonly Fact[]): MetricStore {
  const metrics = new MetricStore()
  const counter = new FactCounter(metrics)
  for (const fact of facts) counter.count(fact)
  return metrics
}

async function linesOf(metrics: MetricStore, isOpen = false): Promise<string[]> {
  return (await renderMetrics(metrics, isOpen)).text.split('\n')
}

t.test('each fact counts where it belongs', async t => {
  const { kind: _, ...rest } = accepted
  const refusal: Fact = { ...rest, kind: 'refusal', outcome: 'refused', code: 'signature-value' }
  const connection: Fact = { kind: 'connection', outcome: 'failed', at: 0, code: 'certificate-untrusted', count: 47 }
  const taken: Fact = { kind: 'hand-off', outcome: 'taken', at: 0, target: 'inbox', partner: 'M1' }
  const gap: Fact = { kind: 'gap', outcome: 'lost', at: 0, count: 3 }
  const lines = await linesOf(count(accepted, accepted, refusal, connection, taken, gap))
  for (const line of [
    'seg_documents_total{direction="in",partner="M1",outcome="accepted"} 2',
    'seg_documents_total{direction="in",partner="M1",outcome="refused"} 1',
    'seg_documents_refused_total{partner="M1",code="signature-value"} 1',
    'seg_document_size_bytes_bucket{outcome="accepted",le="1024"} 2',
    'seg_document_size_bytes_sum{outcome="accepted"} 1000',
    'seg_document_duration_seconds_bucket{outcome="accepted",le="0.0025"} 0',
    'seg_document_duration_seconds_bucket{outcome="accepted",le="0.005"} 2',
    'seg_document_step_duration_seconds_count{step="verify"} 3',
    'seg_document_step_duration_seconds_bucket{step="verify",le="0.0005"} 3',
    'seg_verified_bytes_total 1350',
    'seg_tls_documents_total{version="TLSv1.3",group="classical"} 3',
    'seg_tls_failures_total{code="certificate-untrusted"} 47',
    'seg_handoff_attempts_total{target="inbox",result="taken"} 1',
    'seg_desk_lost_facts_total 3',
    '# TYPE seg_document_size_bytes histogram',
    '# TYPE seg_documents_total counter',
  ])
    t.ok(lines.includes(line), line)
})

t.test('a delivery counts when it is settled, each try and each bad receipt once', async t => {
  const metrics = new MetricStore()
  const queued = { receiver: 'https://r', state: 'queued', tries: 1, queuedAt: 1000 } as unknown as OutboxEntry
  const tried = { ...queued, tries: 3, reason: { code: 'receipt-invalid', detail: '' } } as OutboxEntry
  const delivered = { ...queued, tries: 4, state: 'delivered', settledAt: 3000 } as OutboxEntry
  countDelivery(metrics, queued, undefined)
  countDelivery(metrics, tried, { state: 'queued', tries: 1, code: undefined })
  countDelivery(metrics, tried, { state: 'queued', tries: 3, code: 'receipt-invalid' })
  countDelivery(metrics, delivered, { state: 'queued', tries: 3, code: 'receipt-invalid' })
  const lines = await linesOf(metrics)
  for (const line of [
    'seg_delivery_attempts_total{receiver="https://r"} 4',
    'seg_receipts_invalid_total{receiver="https://r"} 1',
    'seg_deliveries_total{receiver="https://r",state="delivered"} 1',
    'seg_delivery_duration_seconds_sum{receiver="https://r"} 2',
  ])
    t.ok(lines.includes(line), line)
})

t.test('partners beyond 500 count together, and so does every other label beyond 64 values', t => {
  const metrics = count(...Array.from({ length: 700 }, (_, i) => ({ ...accepted, partner: `M${i}` })))
  const series = metrics.of('seg_documents_total')
  t.equal(series.length, 501)
  t.equal(series.find(({ labels }) => labels.partner === 'other')?.value, 200)
  for (let i = 0; i < 100; i++) metrics.add('seg_tls_documents_total', { version: `v${i}`, group: 'g' })
  t.equal(metrics.of('seg_tls_documents_total').length, 65)
  const samples = Array.from({ length: 600 }, (_, i) => ({
    name: 'seg_connections_active' as const,
    labels: { partner: `M${i}` },
    value: 2,
  }))
  for (const _ of [1, 2]) {
    metrics.replace(['seg_connections_active'], samples)
    const found = metrics.of('seg_connections_active')
    t.equal(found.length, 501)
    t.equal(found.find(({ labels }) => labels.partner === 'other')?.value, 200)
  }
  metrics.replace(['seg_connections_active'], [])
  t.same(metrics.of('seg_connections_active'), [])
  t.end()
})

t.test('a label holds whatever a partner is called, and a fact without a step is no step of zero', async t => {
  const lines = await linesOf(
    count({ kind: 'refusal', outcome: 'refused', at: 0, partner: 'a"\\\n', code: 'overloaded' }),
  )
  t.ok(lines.includes('seg_documents_total{direction="in",partner="a\\"\\\\\\n",outcome="refused"} 1'))
  t.ok(lines.includes('seg_document_step_duration_seconds_count{step="verify"} 0'))
})

t.test('OpenMetrics has families without suffix and ends as it must', async t => {
  const { text, contentType } = await renderMetrics(count(accepted), true)
  t.match(contentType, /^application\/openmetrics-text/)
  t.match(text, /# TYPE seg_documents counter\nseg_documents_total\{/)
  t.notMatch(text, /_total_total/)
  t.ok(text.endsWith('\n# EOF\n'))
  t.notOk(text.includes('\n\n'))
})

t.test('sessions in force by role, and acts that wait, are measured where the listener keeps them', async t => {
  const folder = t.testdir()
  const watch = watchAccess(folder)
  const now = new Date()
  const measured = (samples: readonly Sample[], name: string, role?: string) =>
    samples.find(sample => sample.name === name && sample.labels?.role === role)?.value
  t.same(watch.look(now), [], 'there is no listener')
  writeFileSync(join(folder, 'access.sqlite'), '')
  t.same(watch.look(now), [], 'it is being made')
  rmSync(join(folder, 'access.sqlite'))
  const [access, approvals] = [await openAccess(folder), await openApprovalStore(folder)]
  const jane: Operator = { id: 'jane', role: 'auditor', method: 'link', credential: 'x' }
  const { id } = access.addSession(jane, '::1', now)
  access.addSession(jane, '::1', now)
  access.revokeSession(id, now)
  approvals.add({ route: 'PUT /x', params: null, query: null, body: null, seen: null, author: jane }, now)
  const samples = watch.look(now)
  t.equal(measured(samples, 'seg_sessions_active', 'auditor'), 1)
  t.equal(measured(samples, 'seg_sessions_active', 'viewer'), 0)
  t.equal(measured(samples, 'seg_approvals_pending'), 1)
  const later = watch.look(new Date(+now + 25 * 3_600_000))
  t.equal(measured(later, 'seg_sessions_active', 'auditor'), 0)
  t.equal(measured(later, 'seg_approvals_pending'), 0)
  for (const one of [watch, access, approvals]) one.close()
})

t.test('counting a document costs about a microsecond', t => {
  const counter = new FactCounter(new MetricStore())
  const facts = Array.from({ length: 50 }, (_, i) => ({ ...accepted, partner: `M${i}` }))
  const rounds = 4000
  for (let i = 0; i < 500; i++) for (const fact of facts) counter.count(fact)
  const begin = process.cpuUsage()
  for (let i = 0; i < rounds; i++) for (const fact of facts) counter.count(fact)
  const { user, system } = process.cpuUsage(begin)
  const each = (user + system) / (rounds * facts.length)
  t.comment(`${each.toFixed(3)} µs`)
  t.ok(each < 5, `${each} µs a document`)
  t.end()
})

t.test('the page of metrics has each of them, with its labels, and no other', { skip: !existsSync(page()) }, t => {
  const rows = [...readFileSync(page(), 'utf8').matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]*)\|/gm)]
  const documented = rows.map(([, name, type, labels = '']) => `${name} ${type} ${labels.trim().replaceAll('`', '')}`)
  const known = metricNames.map(name => `${name} ${catalogue[name].type} ${catalogue[name].labels.join(', ')}`)
  t.same(documented.sort(), known.sort())
  t.end()
})

function page(): string {
  return join(import.meta.dirname, '../../../../docs/metrics.md')
}
