// Alerts: when rules fire and end, and who is notified by real servers over TLS.
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createWebServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createServer, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { MetricName } from '../metrics/catalogue.ts'
import { MetricStore } from '../metrics/metric-store.ts'
import { loadOutboundContext } from '../outbound/outbound-tls.ts'
import { makeServerFiles, startCollector } from '../testing/tls-collector.ts'
import { advanceAlerts, dueFor, noteSent } from './advance-alerts.ts'
import { type Alert, openAlertStore } from './alert-store.ts'
import { type Channel, mailChannel, syslogChannel, webhookChannel } from './channels.ts'
import { messageSubjectOf, messageTextOf, notifiedOf, testNotification } from './notification.ts'
import { ruleOf, rules } from './rules.ts'
import { SeriesHistory } from './series-history.ts'
import { watchAlerts } from './watch-alerts.ts'

const MINUTE = 60_000
const files = makeServerFiles(t.testdir())
const none = { acknowledgements: [], mutes: [] }
const { signal } = new AbortController()
const notification = testNotification('M2', new Date(0))

/** Metrics at some moments: `change` makes the next ones. */
function openWorld() {
  const metrics = new MetricStore()
  const history = new SeriesHistory()
  let now = Date.parse('2026-11-28T10:00:00Z')
  let alerts: Alert[] = []
  return {
    metrics,
    get alerts() {
      return alerts
    },
    get now() {
      return now
    },
    set: (name: MetricName, value: number, labels = {}) => metrics.replace([name], [{ name, labels, value }]),
    pass(minutes: number): string[] {
      now += minutes * MINUTE
      history.take(metrics, now)
      alerts = advanceAlerts(alerts, rules, history, now)
      return alerts.map(({ rule, state }) => `${rule} ${state}`)
    },
  }
}

t.test('an alert waits for its time, fires, ends, and is then forgotten', async t => {
  const world = openWorld()
  world.set('seg_ready', 1)
  t.same(world.pass(1), [])
  world.set('seg_ready', 0)
  t.same(world.pass(1), ['SegNotReady pending'])
  t.same(world.pass(1), ['SegNotReady pending'])
  t.same(world.pass(1), ['SegNotReady firing'])
  world.set('seg_ready', 1)
  t.same(world.pass(1), ['SegNotReady resolved'])
  t.same(world.pass(23 * 60), ['SegNotReady resolved'])
  t.same(world.pass(120), [])
  world.set('seg_ready', 0)
  world.pass(1)
  world.set('seg_ready', 1)
  t.same(world.pass(1), [], 'what was only pending leaves nothing')
})

t.test('each rule fires for what it is about, and not a moment before', async t => {
  const add = (world: ReturnType<typeof openWorld>, name: MetricName, labels: object, by: number) =>
    world.metrics.add(name, { ...labels }, by)
  const document = (outcome: string) => ({ direction: 'in', partner: 'M1', outcome })
  const seconds = (world: ReturnType<typeof openWorld>, minutes: number) => world.now / 1000 + minutes * 60
  const DAY = 24 * 60
  type World = ReturnType<typeof openWorld>
  const dates = (world: World, name: 'certificate' | 'crl', before: number, after: number) => {
    const [from, until, labels] =
      name === 'crl'
        ? ([
            'seg_crl_this_update_timestamp_seconds',
            'seg_crl_next_update_timestamp_seconds',
            { issuer: 'CA' },
          ] as const)
        : ([
            'seg_certificate_not_before_timestamp_seconds',
            'seg_certificate_not_after_timestamp_seconds',
            { use: 'seal', fingerprint: 'ab' },
          ] as const)
    world.set(from, seconds(world, before), labels)
    world.set(until, seconds(world, after), labels)
  }
  const disk = (world: World, free: number) => {
    world.set('seg_storage_free_bytes', free)
    world.set('seg_storage_total_bytes', 100)
  }
  /** What is still quiet, and what is not. */
  const rows: Record<string, readonly [quiet: (world: World) => void, loud: (world: World) => void]> = {
    SegNotReady: [w => w.set('seg_ready', 1), w => w.set('seg_ready', 0)],
    SegLogInconsistent: [w => w.set('seg_log_consistent', 1), w => w.set('seg_log_consistent', 0)],
    SegLogRewrittenByPartner: [() => {}, w => add(w, 'seg_log_rewritten_total', { receiver: 'r' }, 1)],
    SegReceiptInvalid: [() => {}, w => add(w, 'seg_receipts_invalid_total', { receiver: 'r' }, 1)],
    SegConflict: [
      w => add(w, 'seg_documents_total', document('accepted'), 9),
      w => add(w, 'seg_documents_total', document('conflict'), 1),
    ],
    SegRefusalRatio: [
      w => {
        add(w, 'seg_documents_total', document('accepted'), 400)
        add(w, 'seg_documents_total', document('refused'), 10)
      },
      w => add(w, 'seg_documents_total', document('refused'), 20),
    ],
    SegSignatureAttack: [
      w => add(w, 'seg_documents_refused_total', { partner: 'M1', code: 'signature-value' }, 20),
      w => add(w, 'seg_documents_refused_total', { partner: 'M1', code: 'signature-digest' }, 1),
    ],
    SegHandshakeFailures: [
      w => add(w, 'seg_tls_failures_total', { code: 'none' }, 500),
      w => add(w, 'seg_tls_failures_total', { code: 'certificate-untrusted' }, 1),
    ],
    SegLatency: [
      w => {
        for (let i = 0; i < 200; i++)
          w.metrics.series('seg_document_duration_seconds', { outcome: 'accepted' }).observe(0.01)
      },
      w => {
        for (let i = 0; i < 5; i++)
          w.metrics.series('seg_document_duration_seconds', { outcome: 'accepted' }).observe(3)
      },
    ],
    SegOverloaded: [
      w => add(w, 'seg_documents_refused_total', { partner: 'M1', code: 'xml-malformed' }, 10),
      w => add(w, 'seg_documents_refused_total', { partner: 'M1', code: 'overloaded' }, 20),
    ],
    SegEventLoop: [
      w => w.set('seg_event_loop_delay_seconds', 0.3, { quantile: '1' }),
      w => w.set('seg_event_loop_delay_seconds', 0.3, { quantile: '0.99' }),
    ],
    SegStorageLow: [w => disk(w, 16), w => disk(w, 14)],
    SegStorageCritical: [w => disk(w, 6), w => disk(w, 4)],
    SegHandoffStuck: [
      w => w.set('seg_handoff_oldest_timestamp_seconds', seconds(w, -5), { target: 'inbox' }),
      w => w.set('seg_handoff_oldest_timestamp_seconds', seconds(w, -16), { target: 'inbox' }),
    ],
    SegDeadLetter: [
      w => add(w, 'seg_handoff_attempts_total', { target: 'webhook', result: 'taken' }, 1),
      w => add(w, 'seg_handoff_attempts_total', { target: 'webhook', result: 'given-up' }, 1),
    ],
    SegOutboxStuck: [
      w => w.set('seg_outbox_oldest_timestamp_seconds', seconds(w, -20), { receiver: 'r' }),
      w => w.set('seg_outbox_oldest_timestamp_seconds', seconds(w, -31), { receiver: 'r' }),
    ],
    SegCertificateRenewalDue: [
      w => dates(w, 'certificate', -60 * DAY, 40 * DAY),
      w => dates(w, 'certificate', -70 * DAY, 30 * DAY),
    ],
    SegCertificateExpiring: [
      w => dates(w, 'certificate', -80 * DAY, 20 * DAY),
      w => dates(w, 'certificate', -95 * DAY, 5 * DAY),
    ],
    SegCertificateNotYetValid: [
      w => dates(w, 'certificate', -1, 100 * DAY),
      w => dates(w, 'certificate', 9000, 100 * DAY),
    ],
    SegCrlStale: [w => dates(w, 'crl', -5 * DAY, 5 * DAY), w => dates(w, 'crl', -9 * DAY, DAY)],
    SegAuditForwardBehind: [
      w => w.set('seg_audit_forward_lag_entries', 1000, { sink: 'file' }),
      w => w.set('seg_audit_forward_lag_entries', 1001, { sink: 'file' }),
    ],
    SegAlertChannelBroken: [
      w => w.set('seg_alert_channel_failing', 0, { channel: 'mail' }),
      w => w.set('seg_alert_channel_failing', 1, { channel: 'mail' }),
    ],
    SegDeskBehind: [w => w.set('seg_desk_lag_entries', 10_000), w => w.set('seg_desk_lag_entries', 10_001)],
    SegSilentPartner: [
      w => w.set('seg_partner_silent', 0, { partner: 'M1' }),
      w => w.set('seg_partner_silent', 1, { partner: 'M1' }),
    ],
    SegClockOff: [
      w => add(w, 'seg_documents_refused_total', { partner: 'M1', code: 'timestamp-stale' }, 5),
      w => add(w, 'seg_documents_refused_total', { partner: 'M2', code: 'timestamp-stale' }, 1),
    ],
    SegLoginFailures: [
      w => add(w, 'seg_logins_total', { result: 'refused' }, 10),
      w => add(w, 'seg_logins_total', { result: 'refused' }, 1),
    ],
    SegAdminActAtNight: [() => {}, w => add(w, 'seg_night_acts_total', { action: 'partner.changed' }, 1)],
    SegBackupOld: [
      w => w.set('seg_backup_timestamp_seconds', seconds(w, -25 * 60)),
      w => w.set('seg_backup_timestamp_seconds', seconds(w, -27 * 60)),
    ],
    SegWitnessOld: [
      w => {
        add(w, 'seg_documents_total', document('accepted'), 11)
        w.set('seg_log_read_timestamp_seconds', seconds(w, -23 * 60))
      },
      w => w.set('seg_log_read_timestamp_seconds', seconds(w, -25 * 60)),
    ],
    SegWitnessLost: [
      w => {
        add(w, 'seg_documents_total', { ...document('accepted'), partner: 'M2' }, 1)
        w.set('seg_witness_checkpoint_timestamp_seconds', seconds(w, -25 * 60), { partner: 'M1' })
      },
      w => add(w, 'seg_documents_total', document('accepted'), 1),
    ],
    SegFactsLost: [() => {}, w => add(w, 'seg_desk_lost_facts_total', {}, 1)],
  }
  for (const { name, when } of rules) {
    const row = rows[name]
    if (row === undefined) {
      t.match(when.expression, /^(up|vector)/, `${name} is for Prometheus alone`)
      continue
    }
    const world = openWorld()
    world.pass(1)
    row[0](world)
    t.notOk(
      world.pass(1).some(found => found.startsWith(`${name} `)),
      `${name} is quiet`,
    )
    row[1](world)
    t.ok(
      world.pass(1).some(found => found.startsWith(`${name} `)),
      `${name} has its condition`,
    )
  }
})

t.test('a counter that has long stopped is no increase any more', async t => {
  const world = openWorld()
  world.metrics.add('seg_documents_total', { direction: 'in', partner: 'M1', outcome: 'conflict' }, 5)
  t.same(world.pass(1), ['SegConflict firing'])
  t.same(world.pass(4), ['SegConflict firing'])
  t.same(world.pass(2), ['SegConflict resolved'])
})

t.test('who is notified: each channel once, again after a day, and of the end', async t => {
  const alert: Alert = { id: 'a', rule: 'SegNotReady', labels: {}, state: 'firing', since: 1, value: 0, notified: {} }
  const due = (one: Alert, said: Parameters<typeof dueFor>[2] = none, now = 100) =>
    ['mail', 'syslog'].filter(channel => dueFor(channel, [one], said, now).length > 0)
  t.same(due(alert), ['mail', 'syslog'])
  const sent = noteSent(alert, 'mail', 100)
  t.same(due(sent), ['syslog'])
  t.same(due(sent, none, 100 + 24 * 60 * MINUTE), ['mail', 'syslog'])
  t.same(due({ ...alert, state: 'pending' }), [])
  const known = { acknowledgements: [{ id: 'a', since: 1, by: 'jane', at: 50 }], mutes: [] }
  t.same(due(sent, known, 100 + 48 * 60 * MINUTE), [], 'somebody takes care of it')
  t.same(due({ ...alert, since: 2 }, known), ['mail', 'syslog'], 'not of the next one')
  t.same(due(alert, { ...none, mutes: [{ rule: 'SegNotReady', until: 200, by: 'jane', why: 'x' }] }), [])
  const over: Alert = { ...sent, state: 'resolved' }
  t.same(due(over), ['mail'], 'who was notified of it')
  t.same(due(noteSent(over, 'mail', 200)), [])
  t.same(due({ ...alert, rule: 'SegAlertChannelBroken', labels: { channel: 'mail' } }), ['syslog'])
})

t.test('one message has all that is due, and nothing that a partner chose moves a line', async t => {
  const alert = (rule: string, partner: string, state: Alert['state']): Alert => ({
    ...{ id: 'a', rule, labels: { partner }, state, since: 0, value: 1, notified: {} },
  })
  const alerts = [alert('SegConflict', 'M1\r\nBcc: x', 'firing'), alert('SegConflict', 'M2', 'resolved')].map(
    notifiedOf,
  )
  const message = { gateway: 'M2', at: new Date(0), alerts }
  t.equal(messageSubjectOf(message), '[SEG M2] 1 firing, 1 resolved: SegConflict')
  t.notMatch(messageTextOf(message), /\r|^Bcc/m)
  t.match(messageTextOf(message), /partner: "M1\\r\\nBcc: x"/)
})

async function startMailServer(t: Test, answerToData = '250 taken') {
  const mails: string[] = []
  const talk = (socket: TLSSocket) => {
    socket.on('error', () => {})
    socket.write('220 test\r\n')
    let data: string | undefined
    socket.setEncoding('utf8').on('data', (piece: string) => {
      if (data !== undefined) {
        data += piece
        if (!data.endsWith('\r\n.\r\n')) return
        mails.push(data)
        data = undefined
        return void socket.write(`${answerToData}\r\n`)
      }
      for (const line of piece.split('\r\n').filter(one => one !== '')) {
        if (line === 'DATA') data = ''
        socket.write(line === 'DATA' ? '354 go on\r\n' : line.startsWith('QUIT') ? '221 bye\r\n' : '250 ok\r\n')
      }
    })
  }
  const server = createServer({ cert: readFileSync(files.ca), key: readFileSync(files.key) }, talk)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { mails, port: (server.address() as AddressInfo).port }
}

function mailTo(port: number, ca: string | undefined): Channel {
  const from = 'seg@example.org'
  return mailChannel({ ...{ host: 'localhost', port, isImplicit: true, user: undefined, ca, from }, to: [from] })
}

t.test('mail arrives over TLS, and goes to no server that is not trusted or refuses it', async t => {
  const { mails, port } = await startMailServer(t)
  await mailTo(port, readFileSync(files.ca, 'utf8')).send(notification, signal)
  t.match(mails, [/Subject: \[SEG M2\] 1 firing: SegTest/])
  await t.rejects(mailTo(port, undefined).send(notification, signal), /self-signed/)
  const refusing = await startMailServer(t, '550 no')
  await t.rejects(mailTo(refusing.port, readFileSync(files.ca, 'utf8')).send(notification, signal), /550/)
  t.equal(mails.length, 1)
})

t.test('a webhook gets a signed post, and syslog a message for each alert', async t => {
  const secret = Buffer.from('0123456789012345678901234567890123')
  const secureContext = await loadOutboundContext({ ca: files.ca })
  let status = 204
  const posts: string[] = []
  const server = createWebServer(
    { cert: readFileSync(files.ca), key: readFileSync(files.key) },
    async (request, answer) => {
      const body = await text(request)
      const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers
      const expected = createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64')
      posts.push(signature === `v1,${expected}` ? body : 'forged')
      answer.writeHead(status).end()
    },
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}/alerts`)
  await webhookChannel({ url, secret, secureContext }).send(notification, signal)
  t.match(JSON.parse(posts[0]!), { type: 'alerts', gateway: 'M2', alerts: [{ rule: 'SegTest', state: 'firing' }] })
  status = 302
  await t.rejects(webhookChannel({ url, secret, secureContext }).send(notification, signal), /found 302/)
  const { port, received } = await startCollector(t, files)
  await syslogChannel({ host: 'localhost', port, secureContext }).send(notification, signal)
  t.match(received.join(''), /<116>1 \S+ \S+ seg \d+ SegTest - \{"gateway":"M2","id":"test"/)
})

t.test(
  'a channel that is broken is an alert of its own, which another one sends; a restart forgets nothing',
  async t => {
    const folder = t.testdir()
    const metrics = new MetricStore()
    const messages: string[] = []
    const complaints: string[] = []
    let isBroken = true
    const mail: Channel = {
      name: 'mail',
      async send({ alerts }) {
        if (isBroken) throw new Error('connect ECONNREFUSED')
        messages.push(...alerts.map(({ rule, state }) => `mail ${rule} ${state}`))
      },
    }
    const other: Channel = {
      name: 'syslog',
      send: async ({ alerts }) => void messages.push(...alerts.map(({ rule, state }) => `syslog ${rule} ${state}`)),
    }
    const open = () => {
      const complain = (line: string) => complaints.push(line)
      return watchAlerts({ folder, gateway: 'M2', channels: [mail, other], metrics, complain })
    }
    let now = Date.now()
    const pass = (watch: ReturnType<typeof open>, seconds: number) => {
      now += seconds * 1000
      return watch.evaluate(new Date(now))
    }
    const inconsistent = (value: number) =>
      metrics.replace(['seg_log_consistent'], [{ name: 'seg_log_consistent', value }])
    inconsistent(0)
    const first = open()
    await pass(first, 15)
    t.same(messages, ['syslog SegLogInconsistent firing'])
    await pass(first, 15)
    t.same(messages.slice(1), ['syslog SegAlertChannelBroken firing'])
    t.match(complaints, [/^alerts do not reach mail: .*ECONNREFUSED/])
    const store = await openAlertStore(folder)
    t.match(
      store.channels().find(({ name }) => name === 'mail'),
      { failure: /ECONNREFUSED/ },
    )
    const shown = store.alerts().find(({ rule }) => rule === 'SegLogInconsistent')!
    first.close()
    const second = open()
    isBroken = false
    await pass(second, 90)
    t.ok(messages.includes('mail SegLogInconsistent firing'), 'it comes when the channel works again')
    t.equal(
      messages.filter(line => line === 'syslog SegLogInconsistent firing').length,
      1,
      'and is not repeated elsewhere',
    )
    inconsistent(1)
    await pass(second, 15)
    t.ok(
      messages.includes('mail SegLogInconsistent resolved') && messages.includes('syslog SegLogInconsistent resolved'),
    )
    t.equal(store.alerts().find(({ id }) => id === shown.id)?.state, 'resolved')
    second.close()
    store.close()
  },
)

t.test('one of several nodes sends the alerts about their ledger, and each those about itself', async t => {
  const metrics = new MetricStore()
  const sent: string[] = []
  const channel: Channel = {
    name: 'syslog',
    send: async ({ node, alerts }) => void sent.push(...alerts.map(({ rule }) => `${node} ${rule}`)),
  }
  const watch = watchAlerts({
    folder: t.testdir(),
    gateway: 'M2',
    node: 'n1',
    channels: [channel],
    metrics,
    complain() {},
  })
  t.teardown(() => watch.close())
  metrics.replace(
    ['seg_log_consistent', 'seg_storage_free_bytes', 'seg_storage_total_bytes'],
    [
      { name: 'seg_log_consistent', value: 0 },
      { name: 'seg_storage_free_bytes', value: 1 },
      { name: 'seg_storage_total_bytes', value: 100 },
    ],
  )
  const now = Date.now()
  await watch.evaluate(new Date(now), false)
  t.same(sent, ['n1 SegStorageCritical'])
  await watch.evaluate(new Date(now + 15_000), false)
  t.equal(sent.length, 1)
  await watch.evaluate(new Date(now + 30_000), true)
  t.same(sent.slice(1), ['n1 SegLogInconsistent'], 'from when it is the one')
})

t.test('every rule says what it means and what to do, and has a name of its own', async t => {
  t.equal(new Set(rules.map(({ name }) => name)).size, rules.length)
  for (const { name, summary, impact, command } of rules) {
    t.ok(summary !== '' && impact !== '' && command !== '', name)
    t.equal(ruleOf(name)?.name, name)
  }
})
