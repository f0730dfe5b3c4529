import type { LogEvent } from '@seg/ledger'
import t from 'tap'
import { MetricStore } from '../metrics/metric-store.ts'
import { allFacts, begin, noted, openTestDesk, request, sha256 } from '../testing/desk.ts'
import type { DeskSearch } from './desk-search.ts'
import { DeskStore } from './desk-store.ts'
import type { Fact } from './fact.ts'
import { Pruner, usedBytes } from './retention.ts'

const DAY = 24 * 3600 * 1000

const accepted = (index: number, at = begin + index, sender = 'M1'): LogEvent => ({
  type: 'accepted',
  at: new Date(at).toISOString(),
  sender,
  document: `doc${index}`,
  bytes: 100,
  sha256: Buffer.from(sha256, 'hex').toString('base64'),
  reference: '',
  certificate: Buffer.alloc(32, 7).toString('base64'),
})

t.test('what memory and ledger report of one document is one row, in any order', async t => {
  for (const order of ['memory first', 'ledger first']) {
    const { store, search } = await openTestDesk(t)
    const steps = [() => store.enter([noted(0)]), () => store.enterEvents(0, [accepted(0)])]
    for (const step of order === 'memory first' ? steps : steps.reverse()) step()
    const [fact, ...others] = allFacts(search)
    t.same(others, [], order)
    t.match(fact, { index: 0, document: 'doc0', bytes: 100, tlsVersion: 'TLSv1.3', receiveTime: 1.5, request }, order)
    t.equal(fact?.isRecorded, true)
    t.match(search.counts(begin, begin + DAY), [{ partner: 'M1', outcome: 'accepted', events: 1, bytes: 100 }])
  }
})

t.test('what a crash lost says that it is not recorded, and is there', async t => {
  const { store, search } = await openTestDesk(t)
  store.enterEvents(0, [accepted(0), undefined, accepted(2)])
  t.match(allFacts(search), [
    { index: 2, isRecorded: false },
    { index: 0, isRecorded: false },
  ])
  t.equal(allFacts(search)[0]!.tlsVersion, undefined)
  t.equal(store.cursor('ledger'), 3)
})

t.test('a desk that is rebuilt gives the same rows in the same order', async t => {
  const events = Array.from({ length: 300 }, (_, i) => accepted(i, begin + Math.floor(i / 50)))
  const first = await openTestDesk(t)
  first.store.enter(
    Array.from({ length: 300 }, (_, i) => ({ ...noted(299 - i), at: begin + Math.floor((299 - i) / 50) })),
  )
  first.store.enterEvents(0, events)
  const second = await openTestDesk(t)
  second.store.enterEvents(0, events)
  const rows = (search: DeskSearch) =>
    allFacts(search).map(({ position, index, document }) => ({ position, index, document }))
  t.same(rows(second.search), rows(first.search))
})

t.test('rows of one millisecond are all kept, also more than it has positions', async t => {
  const { database, store } = await openTestDesk(t)
  const count = 10_000
  store.enter(Array.from({ length: count }, (_, index) => ({ ...noted(index), at: begin })))
  t.equal(Number(database.prepare('SELECT COUNT(*) AS count FROM facts').get()!.count), count)
})

t.test('a conflict finds its entry, in any order', async t => {
  const event: LogEvent = {
    type: 'conflict',
    at: new Date(begin + 4).toISOString(),
    sender: 'M1',
    document: 'doc0',
    sha256: Buffer.from(sha256, 'hex').toString('base64'),
    accepted: 0,
  }
  const code = 'document-id-conflict' as const
  const conflict: Fact = {
    kind: 'refusal',
    outcome: 'conflict',
    at: begin + 9,
    partner: 'M1',
    document: 'doc0',
    sha256,
    code,
    request,
  }
  for (const order of ['memory first', 'ledger first']) {
    const { store, search } = await openTestDesk(t)
    const steps = [() => store.enter([conflict]), () => store.enterEvents(1, [event])]
    for (const step of order === 'memory first' ? steps : steps.reverse()) step()
    t.match(allFacts(search), [{ index: 1, at: begin + 4, outcome: 'conflict', request, code }], order)
    t.equal(allFacts(search).length, 1, order)
  }
})

t.test('facts in the spool are entered after a crash', async t => {
  const { database, store, search } = await openTestDesk(t)
  store.spool([JSON.stringify([noted(0), noted(1)]), JSON.stringify([noted(2)])])
  t.same(allFacts(search), [])
  const next = new DeskStore(database, new MetricStore())
  t.ok(next.enterSpooled(), 'all batches at once')
  t.notOk(next.enterSpooled())
  t.same(
    allFacts(search).map(({ index }) => index),
    [2, 1, 0],
  )
})

t.test('rows older than the limit are removed, and their counts', async t => {
  const { database, store, search } = await openTestDesk(t)
  store.enter([noted(0), { ...noted(1), at: begin + 80 * DAY }])
  const retention = { days: 30, bytes: 1e12 }
  const pruner = new Pruner(database, retention)
  while (pruner.removeSome(begin + 100 * DAY));
  t.same(
    allFacts(search).map(({ index }) => index),
    [1],
  )
  t.equal(search.counts(0, begin + 200 * DAY).length, 1)
})

t.test('where there is no room, who has the most rows loses the oldest of them', async t => {
  const { database, store, search } = await openTestDesk(t)
  store.enter(Array.from({ length: 20 }, (_, i) => ({ ...noted(i), partner: 'M2' })))
  store.enter(Array.from({ length: 8000 }, (_, i) => ({ ...noted(100 + i), partner: 'M1' })))
  const retention = { days: 36_500, bytes: Math.floor(usedBytes(database) / 2) }
  const pruner = new Pruner(database, retention)
  while (pruner.removeSome(begin));
  t.ok(usedBytes(database) <= retention.bytes)
  t.equal(allFacts(search, { partner: 'M2' }).length, 20, 'a quiet partner loses nothing')
  const [newest] = allFacts(search, { partner: 'M1' })
  t.equal(newest?.index, 8099, 'the newest stay')
})

t.test('a partner loses rows only while it has the most', async t => {
  const { database, store, search } = await openTestDesk(t)
  const rows = (partner: string, first: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...noted(first + i), partner }))
  store.enter([...rows('M1', 0, 9000), ...rows('M2', 10_000, 5000), ...rows('M3', 20_000, 20)])
  const retention = { days: 36_500, bytes: Math.floor(usedBytes(database) / 2) }
  const pruner = new Pruner(database, retention)
  while (pruner.removeSome(begin));
  const left = (partner: string) =>
    Number(
      database
        .prepare('SELECT COUNT(*) AS rows FROM facts WHERE partner = (SELECT id FROM terms WHERE text = ?)')
        .get(partner)?.rows,
    )
  t.ok(left('M1') > 1000 && Math.abs(left('M1') - left('M2')) <= 1000, `${left('M1')} and ${left('M2')}`)
  t.equal(left('M3'), 20)
  t.equal(allFacts(search, { partner: 'M1' })[0]?.index, 8999, 'the newest stay')
})

t.test('sums of long ago are removed in steps, with the rows', async t => {
  const { database, store, search } = await openTestDesk(t)
  store.enter(Array.from({ length: 500 }, (_, i) => ({ ...noted(i), at: begin + i * 60_000 })))
  const pruner = new Pruner(database, { days: 30, bytes: 1e12 })
  const sums = (table: string) => Number(database.prepare(`SELECT COUNT(*) AS rows FROM ${table}`).get()?.rows)
  const now = begin + 30 * DAY + 300 * 60_000
  t.ok(pruner.removeSome(now))
  t.ok(sums('minutes') > 400, 'no transaction is long')
  while (pruner.removeSome(now));
  t.same([allFacts(search).length, sums('minutes'), sums('hours'), sums('days')], [200, 200, 4, 1])
})

t.test('refusals without a partner that fill the desk are removed, and no partner loses rows', async t => {
  const { database, store, search } = await openTestDesk(t)
  store.enter(Array.from({ length: 20 }, (_, i) => noted(i)))
  const refusal = { kind: 'refusal', outcome: 'refused', code: 'partner-unknown', address: '192.0.2.9' } as const
  store.enter(Array.from({ length: 8000 }, (_, i) => ({ ...refusal, at: begin + i })))
  const retention = { days: 36_500, bytes: Math.floor(usedBytes(database) / 2) }
  const pruner = new Pruner(database, retention)
  while (pruner.removeSome(begin));
  t.ok(usedBytes(database) <= retention.bytes)
  t.equal(allFacts(search, { partner: 'M1' }).length, 20)
})

t.test('a disk without room is a Fault of the storage, and what was spooled comes later', async t => {
  const { database, store } = await openTestDesk(t)
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number }
  database.exec(`PRAGMA max_page_count = ${pages}`)
  const facts = [JSON.stringify(Array.from({ length: 500 }, (_, i) => noted(i)))]
  t.throws(() => store.spool(facts), { code: 'storage-unavailable', detail: /cannot write the desk: SQLITE_FULL/ })
  database.exec('PRAGMA max_page_count = 100000')
  store.spool(facts)
})
