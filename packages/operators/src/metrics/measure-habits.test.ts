// Who is silent, who logs in, who acts at night, and how old the backup is: measured from what is
// kept.
import { join } from 'node:path'
import { openDatabase } from '@seg/ledger'
import t from 'tap'
import { openAuditTrail } from '../audit/audit-trail.ts'
import { deskMigrations } from '../desk/desk-schema.ts'
import { DeskStore } from '../desk/desk-store.ts'
import type { Fact } from '../desk/fact.ts'
import { watchAudit } from './measure-audit.ts'
import { measureHabits } from './measure-habits.ts'
import { MetricStore } from './metric-store.ts'

const HOUR = 3_600_000
const WEEK = 7 * 24 * HOUR
const now = Date.parse('2026-11-26T10:00:30Z')

t.test('a partner is silent that sent at this hour of this day in each of the last four weeks', async t => {
  const database = await openDatabase(join(t.testdir(), 'desk.sqlite'), deskMigrations)
  t.teardown(() => database.close())
  const store = new DeskStore(database, new MetricStore())
  let index = 0
  const send = (partner: string, at: number, outcome: Fact['outcome'] = 'accepted') =>
    store.enter([{ kind: 'document', outcome, at, index: index++, partner, document: `d${index}`, bytes: 1 }])
  for (const week of [1, 2, 3, 4]) {
    for (const partner of ['weekly', 'silent', 'refused']) send(partner, now - week * WEEK - HOUR)
    if (week !== 3) send('irregular', now - week * WEEK - HOUR)
    send('at night', now - week * WEEK - 8 * HOUR)
  }
  send('weekly', now - HOUR)
  send('new', now - HOUR)
  send('silent', now - 3 * HOUR)
  send('refused', now - HOUR, 'replayed')
  t.same(
    measureHabits(database, now).map(({ labels, value }) => [labels!.partner, value]),
    [
      ['weekly', 0],
      ['silent', 1],
      ['refused', 1],
    ],
  )
})

t.test('logins, acts at night and the age of the backup come from the audit trail', async t => {
  const folder = t.testdir()
  const trail = await openAuditTrail(folder, 'receiver', '1.2.3')
  t.teardown(() => trail.close())
  const add = (action: string, category: 'system' | 'partner' | 'authentication', at: Date, isGood = true) => {
    const actor = { id: 'jane', method: 'shell' } as const
    const act = { action, category, actor, from: {}, on: { kind: 'x', id: 'y' } }
    trail.add(act, isGood ? 'success' : 'failure', at)
  }
  const [start, night, day] = [new Date(now - WEEK), new Date(2026, 10, 26, 3), new Date(2026, 10, 26, 11)]
  add('system.started', 'system', start)
  const metrics = new MetricStore()
  const watch = watchAudit(folder, metrics)
  t.teardown(() => watch.close())
  t.same(watch.look(), [{ name: 'seg_backup_timestamp_seconds', value: start.getTime() / 1000 }], 'none was made')
  add('partner.changed', 'partner', day)
  add('partner.changed', 'partner', night)
  add('partner.changed', 'partner', night, false)
  add('partner.suspended', 'partner', new Date(2026, 10, 28, 11))
  add('authentication.login-refused', 'authentication', day, false)
  add('authentication.login', 'authentication', day)
  add('system.backed-up', 'system', day)
  add('system.backed-up', 'system', night, false)
  t.same(watch.look(), [{ name: 'seg_backup_timestamp_seconds', value: day.getTime() / 1000 }])
  const valuesOf = (name: 'seg_logins_total' | 'seg_night_acts_total') =>
    metrics.of(name).map(({ labels, value }) => [Object.values(labels)[0], value])
  t.same(valuesOf('seg_night_acts_total'), [
    ['partner.changed', 1],
    ['partner.suspended', 1],
  ])
  t.same(valuesOf('seg_logins_total'), [
    ['refused', 1],
    ['accepted', 1],
  ])
  const acts = metrics
    .of('seg_admin_acts_total')
    .map(({ labels, value }) => `${labels.action} ${labels.outcome} ${value}`)
  t.same(acts.sort(), [
    'authentication.login success 1',
    'authentication.login-refused failure 1',
    'partner.changed failure 1',
    'partner.changed success 2',
    'partner.suspended success 1',
    'system.backed-up failure 1',
    'system.backed-up success 1',
  ])
  const again = watchAudit(folder, new MetricStore())
  t.teardown(() => again.close())
  t.same(again.look(), watch.look(), 'also after a start')
})
