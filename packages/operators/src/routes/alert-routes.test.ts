// Alerts by the API: anybody with a role reads them, operators acknowledge and mute, with records.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { dueFor } from '../alerts/advance-alerts.ts'
import { type Alert, openAlertStore } from '../alerts/alert-store.ts'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'
import { makeServerFiles, startCollector } from '../testing/tls-collector.ts'

const certs = await makeConsoleCerts(t)
const files = makeServerFiles(t.testdir())
const HOUR = 3_600_000
const firing: Alert = {
  ...{ id: 'abc', rule: 'SegConflict', labels: { partner: 'M1' }, state: 'firing' },
  ...{ since: 1000, value: 1, notified: {} },
}
const over: Alert = { ...firing, id: 'def', rule: 'SegLatency', labels: {}, state: 'resolved', since: 2000 }

async function openWithAlerts(t: Test, configuration?: () => string) {
  const listener = await openListener(t, certs, { answers: configuration ? { configuration } : {} })
  const store = await openAlertStore(listener.folder)
  t.teardown(() => store.close())
  store.save([firing, over], [{ name: 'syslog', sentAt: 0, failedSince: 3000, failure: 'no answer' }])
  const [viewer, operator] = [listener.keyOf('viewer'), listener.keyOf('operator')]
  const get = async (path: string) => (await listener.ask('GET', `/api/v1/${path}`, viewer)).json
  const act = (path: string, body?: object) =>
    listener.ask('POST', `/api/v1/${path}`, operator, body && JSON.stringify(body))
  const recordsOf = (action: string) => listener.records().filter(record => record.action === action)
  return { listener, store, get, act, recordsOf }
}

t.test('alerts are listed with their meaning, and acknowledged once they fire', async t => {
  const { store, get, act, recordsOf } = await openWithAlerts(t)
  t.match(await get('alerts'), {
    data: [
      { id: 'def', state: 'resolved' },
      {
        ...{ id: 'abc', rule: 'SegConflict', labels: { partner: 'M1' }, state: 'firing', severity: 'ticket' },
        ...{ since: '1970-01-01T00:00:01.000Z', security: true, summary: /other bytes/, impact: /first/ },
        ...{ command: /facts list/, acknowledgedBy: null, acknowledgedAt: null, mutedUntil: null },
      },
    ],
  })
  t.match(await act('alerts/abc/acknowledge', {}), { status: 400 }, 'without a reason')
  const taken = await act('alerts/abc/acknowledge', { why: 'case 4711' })
  t.match(taken, { status: 200, json: { id: 'abc', acknowledgedBy: 'key operator', acknowledgedAt: String } })
  t.match(await get('alerts/abc'), taken.json)
  const said = { acknowledgements: store.acknowledgements(), mutes: [] }
  t.same(dueFor('mail', [firing], said, Date.now()), [], 'it is not sent')
  t.match(recordsOf('configuration.alert-acknowledged'), [
    { outcome: 'pending', why: 'case 4711', on: { kind: 'alert', id: 'abc' }, actor: { role: 'operator' } },
    { outcome: 'success', change: [{ before: null, after: { id: 'abc', by: 'key operator' } }] },
  ])
  for (const id of ['def', '123']) t.equal((await act(`alerts/${id}/acknowledge`, { why: 'x' })).status, 404, id)
  t.match(recordsOf('configuration.alert-acknowledged').at(-1), { outcome: 'failure', reason: { code: 'not-found' } })
  t.match(await get('alerts/123'), { code: 'not-found' })
})

t.test('a rule is muted with an end within 30 days and a reason, until then or until it is unmuted', async t => {
  const { listener, store, get, act, recordsOf } = await openWithAlerts(t)
  const now = new Date()
  listener.setTime(now)
  const body = { hours: 720, why: 'load test' }
  for (const bad of [{ ...body, hours: 721 }, { ...body, hours: 0 }, { hours: 1 }, { hours: 1, why: '' }])
    t.equal((await act('alert-rules/SegConflict/mute', bad)).status, 400, JSON.stringify(bad))
  t.equal((await act('alert-rules/SegNothing/mute', body)).status, 404)
  t.same(store.mutes(0), [])
  const mutedUntil = new Date(now.getTime() + 720 * HOUR).toISOString()
  const expected = { mutedUntil, mutedBy: 'key operator', mutedWhy: 'load test' }
  t.match(await act('alert-rules/SegConflict/mute', body), { status: 200, json: { name: 'SegConflict', ...expected } })
  const { data } = await get('alert-rules')
  const muted = data.filter((row: { mutedUntil: string | null }) => row.mutedUntil !== null)
  t.match(muted, [{ name: 'SegConflict', severity: 'ticket', expression: /seg_documents_total/, ...expected }])
  t.match(await get('alerts/abc'), expected, 'its alerts are shown')
  t.match(await act('alert-rules/SegConflict/unmute', { why: 'done' }), { status: 200, json: { mutedUntil: null } })
  t.equal((await act('alert-rules/SegConflict/unmute', { why: 'again' })).status, 404)
  t.match(recordsOf('configuration.alert-unmuted'), [
    { outcome: 'pending', why: 'done' },
    { outcome: 'success', change: [{ before: { by: 'key operator' }, after: null }] },
    { outcome: 'pending' },
    { outcome: 'failure' },
  ])
  await act('alert-rules/SegLatency/mute', { hours: 1, why: 'x' })
  t.match(await get('alerts/def'), { mutedUntil: String })
  listener.setTime(new Date(now.getTime() + HOUR))
  const later = await listener.ask('GET', '/api/v1/alerts/def', listener.keyOf('viewer'))
  t.match(later.json, { mutedUntil: null }, 'its end has come')
})

t.test('channels are those of seg.yaml, each with its latest result and a test that is recorded', async t => {
  const collector = await startCollector(t, files)
  const config = join(t.testdir(), 'seg.yaml')
  const { ca } = files
  await writeFile(config, `alerts: { syslog: { to: "localhost:${collector.port}", ca: ${ca} } }\n`)
  const { get, act, recordsOf } = await openWithAlerts(t, () => config)
  t.same(await get('alert-channels'), {
    data: [{ name: 'syslog', sentAt: null, failedSince: '1970-01-01T00:00:03.000Z', failure: 'no answer' }],
  })
  t.match(await act('alert-channels/syslog/test'), { status: 200, json: { channel: 'syslog', ok: true, reason: '' } })
  t.equal((await act('alert-channels/mail/test')).status, 404)
  await writeFile(config, `alerts: { syslog: { to: "127.0.0.1:1", ca: ${ca} } }\n`)
  t.match(await act('alert-channels/syslog/test'), { status: 200, json: { ok: false, reason: /ECONNREFUSED/ } })
  const record = { actor: { role: 'operator' }, on: { kind: 'alert-channel', id: 'syslog' } }
  t.match(recordsOf('configuration.alert-channel-tested'), Array(4).fill(record))
})
