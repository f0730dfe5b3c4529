// What a real receiver measures, and when it says that it is ready.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import { openAccess } from '@seg/operators'
import t, { type Test } from 'tap'
import { consoleCertificateOf } from '../own-certificates.ts'
import { call, post } from '../testing/client.ts'
import { makeCerts, makeDocument, makeFolder, openGateway, senderId } from '../testing/gateway.ts'
import { openGatewayMeasure } from './measure-gateway.ts'
import { watchReadiness } from './readiness.ts'
import { openWitnesses } from './witnesses.ts'

const certs = await makeCerts(t)

async function openMeasured(t: Test) {
  const gateway = await openGateway(t, certs)
  const readiness = watchReadiness(gateway.gate)
  const handOff = { target: 'inbox', waiting: () => ({ senders: 2, since: 5000 }), close: async () => {} }
  const forwarding = { lag: () => [{ sink: 'file' as const, records: 7 }], close: async () => {} }
  const consoleCertificate = consoleCertificateOf(certs, 'auto')
  const credentials = { reload: { takenAt: 4000, isTaken: true } }
  const eventGaps = { value: 3 }
  const ours = { handOffs: [handOff], forwarding, readiness, consoleCertificate, credentials, eventGaps }
  const measured = { receiver: gateway, ...ours }
  gateway.gate.desk.measureWith(openGatewayMeasure(gateway.gate, measured))
  t.teardown(() => readiness.close())
  return { ...gateway, readiness }
}

async function linesOf({ gate }: Awaited<ReturnType<typeof openMeasured>>): Promise<string[]> {
  return (await gate.desk.metrics(false)).text.split('\n')
}

t.test('documents and the state of a receiver are among its metrics', async t => {
  const gateway = await openMeasured(t)
  const document = await makeDocument(gateway)
  const access = await openAccess(gateway.data)
  access.addSession({ id: 'jane', role: 'auditor', method: 'link', credential: 'x' }, '::1', new Date())
  access.close()
  t.equal((await post(gateway, document)).status, 201)
  t.equal((await post(gateway, Buffer.from('no document'))).status, 400)
  await gateway.readiness.look()
  const wanted = [
    `seg_documents_total{direction="in",partner="${senderId}",outcome="accepted"} 1`,
    `seg_documents_refused_total{partner="${senderId}",code="xml-malformed"} 1`,
    'seg_ready 1',
    'seg_storage_room 1',
    'seg_log_consistent 1',
    'seg_uploads_limit{size="small"} 256',
    'seg_handoff_waiting_senders{target="inbox"} 2',
    'seg_handoff_oldest_timestamp_seconds{target="inbox"} 5',
    'seg_audit_forward_lag_entries{sink="file"} 7',
    'seg_config_reload_timestamp_seconds 4',
    'seg_config_reload_ok 1',
    'seg_event_gaps_total 3',
    'seg_ledger_queue_length 0',
    'seg_sessions_active{role="auditor"} 1',
    'seg_sessions_active{role="viewer"} 0',
    'seg_approvals_pending 0',
  ]
  const missing = async () => {
    const lines = await linesOf(gateway)
    return wanted.filter(line => !lines.includes(line))
  }
  await eventually(t, missing, [])
  const lines = await linesOf(gateway)
  for (const name of ['seg_tls_handshakes_total', 'seg_ledger_commits_total', 'seg_ledger_commit_seconds_total'])
    t.ok(Number(lines.find(line => line.startsWith(`${name} `))?.split(' ')[1]) > 0, name)
  const ofSeal = (name: string) => Number(lines.find(line => line.startsWith(`${name}{use="seal"`))?.split(' ')[1])
  const [from, to] = [
    ofSeal('seg_certificate_not_before_timestamp_seconds'),
    ofSeal('seg_certificate_not_after_timestamp_seconds'),
  ]
  t.equal(Math.round(ofSeal('seg_certificate_renewal_due_timestamp_seconds')), Math.round((from + 2 * to) / 3))
  for (const start of [
    'seg_certificate_not_after_timestamp_seconds{use="seal",fingerprint="',
    'seg_certificate_not_after_timestamp_seconds{use="console",fingerprint="',
    'seg_log_entries ',
    'seg_storage_free_bytes ',
    'seg_storage_used_bytes{part="ledger"} ',
    'seg_event_loop_delay_seconds{quantile="0.99"} ',
    'process_resident_memory_bytes ',
  ])
    t.ok(
      lines.some(line => line.startsWith(start)),
      start,
    )
})

t.test('a receiver is ready until a check fails, and says which one and why', async t => {
  const gateway = await openMeasured(t)
  const { checks, isReady } = await gateway.readiness.look()
  t.ok(isReady)
  t.same(
    checks.map(({ check }) => check),
    ['ledger', 'log', 'certificates', 'seal', 'disk', 'clock'],
  )
  const text = await readFile(join(import.meta.dirname, '../../../../docs/metrics.md'), 'utf8')
  for (const { check } of checks) t.ok(text.includes(`| \`${check}\``), `${check} is documented`)
  const found = async (time: Date, gate = gateway.gate) => {
    gateway.setTime(time)
    const again = watchReadiness(gate)
    const report = await again.look()
    await again.close()
    return report
  }
  const year = 365 * 24 * 3600 * 1000
  const late = await found(new Date(Date.now() + 20 * year))
  t.notOk(late.isReady)
  const ok = { ok: true }
  t.match(late.checks, [ok, ok, { ok: false, found: /seal\.crt/ }, ok, ok, ok])
  const early = await found(new Date(Date.now() - 3600_000))
  t.match(early.checks.at(-1), { check: 'clock', ok: false, found: /ahead of the clock/ })
  const { ledger } = gateway.gate
  const shared = {
    isShared: true,
    log: ledger.log,
    moveCursor: ledger.moveCursor.bind(ledger),
  } as unknown as typeof ledger
  const apart = await found(new Date(Date.now() - 3600_000), { ...gateway.gate, ledger: shared })
  t.match(apart.checks.at(-1), { ok: true, found: /compared/ }, 'other nodes have clocks of their own')
  const full = Object.assign(Object.create(gateway.gate.room), {})
  Object.defineProperty(full, 'trouble', { value: '0 bytes are free' })
  const packed = await found(new Date(), { ...gateway.gate, room: full })
  t.match(packed.checks[4], { check: 'disk', ok: false, found: '0 bytes are free' })
  await gateway.gate.ledger.close()
  const closed = await found(new Date())
  t.notOk(closed.isReady)
})

t.test(
  'a partner that reads the log is its witness from then on; one that asks for what is not there is none',
  async t => {
    const gateway = await openMeasured(t)
    const { witnesses } = gateway.gate
    const start = witnesses.samples()
    t.match(start, [{ name: 'seg_log_read_timestamp_seconds' }])
    t.equal((await call(gateway, { path: '/v1/log/tile/0/999' })).status, 404)
    t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
    t.same(witnesses.samples(), start)
    gateway.setTime(new Date(Date.now() + 60_000))
    const value = gateway.gate.now().getTime() / 1000
    const seenBy = async (path: string) => {
      t.equal((await call(gateway, { path: `/v1/log/${path}` })).status, 200)
      t.match(witnesses.list(), [{ partner: senderId, at: value * 1000 }])
      return witnesses.list().map(({ size }) => size)
    }
    t.same(await seenBy('tile/0/000.p/1'), [1], 'what tiles show')
    t.same(await seenBy('checkpoint'), [2], 'and a checkpoint')
    t.same(await seenBy('tile/entries/000.p/1'), [2], 'it has seen more before')
    t.same(witnesses.samples(), [
      { name: 'seg_log_read_timestamp_seconds', value },
      { name: 'seg_witness_checkpoint_timestamp_seconds', labels: { partner: senderId }, value },
    ])
  },
)

t.test('readers of the log are known after a restart, unless the file is damaged; 500 are kept', async t => {
  const folder = await makeFolder(t)
  const path = join(folder, 'witnesses.json')
  const complaints: string[] = []
  let time = 1000
  const open = () =>
    openWitnesses(
      folder,
      () => new Date(time),
      line => complaints.push(line),
    )
  const newest = (samples: readonly object[]) => samples[0]
  const first = await open()
  t.match(newest(first.samples()), { value: 1 })
  time = 5000
  for (let i = 0; i < 501; i++) first.note(`M${i}`, 1)
  first.note('M1', 1)
  await first.close()
  time = 9000
  const second = await open()
  t.match(newest(second.samples()), { value: 5 })
  const partners = second.samples().map(({ labels }) => labels?.partner)
  t.equal(partners.length, 501)
  t.notOk(partners.includes('M0'), 'the one that read first has left')
  t.equal(partners.at(-1), 'M1')
  await second.close()
  await writeFile(path, '{"since":1,"partners":[["M1",2000],["M2",3000,7],["M3",4000,null]]}')
  const older = await open()
  const rows = [
    ['M3', 4000, null],
    ['M2', 3000, 7],
    ['M1', 2000, null],
  ]
  t.same(
    older.list().map(({ partner, at, size }) => [partner, at, size]),
    rows,
    'of a version that kept no sizes, too',
  )
  await older.close()
  t.same(complaints, [])
  for (const damaged of [
    '{',
    '{"since":1}',
    '{"since":1,"partners":[["M1","now"]]}',
    '{"since":1,"partners":[["M1",1,"x"]]}',
  ]) {
    await writeFile(path, damaged)
    const third = await open()
    t.match(third.samples(), [{ value: 9 }], damaged)
    await third.close()
  }
  t.equal(complaints.length, 4)
})
