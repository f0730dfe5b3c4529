import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import type { LogEvent } from '@seg/ledger'
import t, { type Test } from 'tap'
import { type Act, type AuditRecord, digestRecord, writeCanonical } from './audit-record.ts'
import { type AuditTrail, openAuditTrail } from './audit-trail.ts'
import { enterRecords } from './enter-records.ts'
import { performAct } from './perform-act.ts'
import { verifyAudit } from './verify-audit.ts'

const act: Act = {
  action: 'partner.suspended',
  category: 'partner',
  actor: { id: 'jane (1000)', method: 'shell' },
  from: { host: 'gate', pid: 1 },
  on: { kind: 'partner', id: 'M1' },
}
const now = () => new Date('2026-11-28T10:00:00.000Z')

async function openTrail(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'seg-audit-'))
  const trail = await openAuditTrail(folder, 'receiver', '1.2.3')
  t.teardown(async () => {
    trail.close()
    await rm(folder, { recursive: true, force: true })
  })
  const log: LogEvent[] = []
  const ledger = { record: async (event: LogEvent) => log.push(event) - 1 }
  const edit = (sql: string) => {
    const database = new DatabaseSync(join(folder, 'audit.sqlite'))
    database.exec(sql)
    database.close()
  }
  const entries = async function* () {
    yield* log.map((event, index) => [index, event] as const)
  }
  return { trail, log, ledger, edit, verify: () => verifyAudit(trail, entries()) }
}

const recordsOf = (trail: AuditTrail) => trail.after(0, 100).map(({ text }) => JSON.parse(text) as AuditRecord)

t.test('an act leaves its intent and its outcome, each naming the record before', async t => {
  const { trail } = await openTrail(t)
  let state = { state: 'active', pin: { sha256: 'ab' } }
  const planned = { action: act.action, category: act.category, on: act.on, why: 'key stolen', look: async () => state }
  const result = await performAct(trail, planned, async () => {
    t.match(recordsOf(trail), [{ outcome: 'pending', why: 'key stolen' }], 'the intent is there before the act')
    state = { state: 'suspended', pin: { sha256: 'ab' } }
    return 7
  })
  t.equal(result, 7)
  const [intent, outcome] = recordsOf(trail)
  t.match(outcome, { outcome: 'success', intent: intent!.id, version: '1.2.3', actor: { method: 'shell' } })
  t.same(outcome!.change, [{ path: 'state', before: 'active', after: 'suspended' }])
  t.equal(intent!.prev, null)
  t.equal(outcome!.prev, digestRecord(writeCanonical(intent)))
  t.equal(Buffer.from(outcome!.nonce, 'base64').length, 32)
  t.not(outcome!.nonce, intent!.nonce)
})

t.test('an act that fails has a record that says why, and nothing is done without one', async t => {
  const { trail } = await openTrail(t)
  const planned = { action: act.action, category: act.category, on: act.on, look: async () => null }
  await t.rejects(
    performAct(trail, planned, async () => {
      throw new Fault('not-found', 'no such partner')
    }),
    { code: 'not-found' },
  )
  t.match(recordsOf(trail)[1], { outcome: 'failure', reason: { code: 'not-found', detail: 'no such partner' } })
  trail.close()
  let isDone = false
  await t.rejects(
    performAct(trail, planned, async () => {
      isDone = true
    }),
  )
  t.notOk(isDone)
})

t.test('an entry of the log has the digest of the record and a pseudonym, never a name', async t => {
  const { trail, log, ledger, verify } = await openTrail(t)
  for (const id of ['jane', 'jane', 'joe']) trail.add({ ...act, actor: { id, method: 'shell' } }, 'success', now())
  t.match(await verify(), { records: 3, entered: 0, notEntered: 3, problems: [] })
  await enterRecords(trail, ledger, now)
  const bys = log.map(event => (event.type === 'admin' ? event.by : ''))
  t.equal(bys[0], bys[1])
  t.not(bys[0], bys[2])
  t.notMatch(JSON.stringify(log), /jane|joe/)
  t.match(log[0], { action: 'partner.suspended', subject: 'M1', record: trail.find('1')!.digest })
  t.match(await verify(), { records: 3, entered: 3, notEntered: 0, problems: [] })
  await enterRecords(trail, ledger, now)
  t.equal(log.length, 3, 'once each')
})

const forgeries: Readonly<Record<string, readonly [sql: string, problem: RegExp]>> = {
  'an edited text': [`UPDATE records SET record = replace(record, 'M1', 'M2') WHERE number = 2`, /record 2 was edited/],
  'an edited text with its own digest': ['', /record 2 is not the one of entry 1/],
  'text that is not canonical': [`UPDATE records SET record = record || ' ' WHERE number = 2`, /record 2 was edited/],
  'a deleted record': ['DELETE FROM records WHERE number = 2', /a record before record 3 was deleted/],
  'the first deleted': ['DELETE FROM records WHERE number = 1', /a record before record 2 was deleted/],
  'the last deleted': ['DELETE FROM records WHERE number = 3', /the record of entry 2 of the log was deleted/],
  'all deleted': ['DELETE FROM records', /the record of entry 0 of the log was deleted/],
  'two exchanged': [
    'UPDATE records SET number = 9 WHERE number = 2; UPDATE records SET number = 2 ' +
      'WHERE number = 3; UPDATE records SET number = 3 WHERE number = 9',
    /before record 2/,
  ],
  'another entry named': ['UPDATE records SET leaf_index = 0 WHERE number = 2', /record 2 is not the one of entry 0/],
}

for (const [name, [sql, problem]] of Object.entries(forgeries))
  t.test(`finds ${name}`, async t => {
    const { trail, ledger, edit, verify } = await openTrail(t)
    for (let i = 0; i < 3; i++) trail.add(act, 'success', now())
    await enterRecords(trail, ledger, now)
    t.same((await verify()).problems, [])
    if (sql !== '') edit(sql)
    else {
      const text = trail.find('2')!.text.replace('M1', 'M2')
      edit(
        `UPDATE records SET record = '${text.replaceAll("'", "''")}', digest = '${digestRecord(text)}' ` +
          'WHERE number = 2',
      )
    }
    t.match((await verify()).problems.join('; '), problem)
  })

t.test('several processes add records to one chain', async t => {
  const { trail, verify } = await openTrail(t)
  const folder = await mkdtemp(join(tmpdir(), 'seg-audit-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const trails = await Promise.all([1, 2, 3].map(() => openAuditTrail(folder, 'sender', '')))
  for (let i = 0; i < 30; i++) trails[i % 3]!.add(act, 'success', now())
  t.match(await verifyAudit(trails[0]!, undefined), { records: 30, problems: [] })
  for (const one of trails) one.close()
  t.match(await verify(), { records: 0, problems: [] })
  t.equal(trail.find('1'), undefined)
})
