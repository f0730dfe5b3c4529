import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type LogEvent, openDatabase } from '@seg/ledger'
import t, { type Test } from 'tap'
import { MetricStore } from '../metrics/metric-store.ts'
import type { DeskFilter, Query } from './desk-query.ts'
import { deskMigrations } from './desk-schema.ts'
import { DeskSearch, openDeskSearch } from './desk-search.ts'
import { prepareStatements } from './desk-statements.ts'
import { DeskStore } from './desk-store.ts'
import type { Fact } from './fact.ts'
import { prune, usedBytes } from './retention.ts'

const DAY = 24 * 3600 * 1000
const begin = Date.parse('2026-11-01T00:00:00.000Z')
const sha256 = 'ab'.repeat(32)
const request = 'urn:uuid:01234567-89ab-4cde-8f01-23456789abcd'

async function openStore(t: Test): Promise<{ database: DatabaseSync; store: DeskStore; search: DeskSearch }> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-desk-'))
  const database = await openDatabase(join(folder, 'desk.sqlite'), deskMigrations)
  t.teardown(async () => {
    database.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { database, store: new DeskStore(database, new MetricStore()), search: new DeskSearch(database) }
}

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
const noted = (index: number): Fact => ({
  kind: 'document',
  outcome: 'accepted',
  at: begin + index,
  index,
  partner: 'M1',
  document: `doc${index}`,
  bytes: 100,
  sha256,
  certificate: 'AA:'.repeat(31).concat('AA'),
  tlsVersion: 'TLSv1.3',
  receiveTime: 1.5,
  request,
  address: '192.0.2.7',
})
/** Some of each kind. */
const mixed: readonly Fact[] = [
  noted(0),
  { kind: 'refusal', outcome: 'refused', at: begin, code: 'xml-comment', partner: 'M1' },
  { kind: 'refusal', outcome: 'conflict', at: begin, code: 'document-id-conflict', partner: 'M1', document: 'doc0' },
  { kind: 'connection', outcome: 'failed', at: begin, address: '192.0.2.7' },
  { kind: 'delivery', outcome: 'refused', at: begin, entry: 1, partner: 'M2' },
]
const planOf = (database: DatabaseSync, { sql, values }: Query) =>
  database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => String(detail))
const all = (search: DeskSearch, filter: DeskFilter = {}) => search.page(filter, { limit: 1000 }).facts

t.test('what memory and ledger report of one document is one row, in any order', async t => {
  for (const order of ['memory first', 'ledger first']) {
    const { store, search } = await openStore(t)
    const steps = [() => store.enter([noted(0)]), () => store.enterEvents(0, [accepted(0)])]
    for (const step of order === 'memory first' ? steps : steps.reverse()) step()
    const [fact, ...others] = all(search)
    t.same(others, [], order)
    t.match(fact, { index: 0, document: 'doc0', bytes: 100, tlsVersion: 'TLSv1.3', receiveTime: 1.5, request }, order)
    t.equal(fact?.isRecorded, true)
    t.match(search.counts(begin, begin + DAY), [{ partner: 'M1', outcome: 'accepted', events: 1, bytes: 100 }])
  }
})

t.test('what a crash lost says that it is not recorded, and is there', async t => {
  const { store, search } = await openStore(t)
  store.enterEvents(0, [accepted(0), undefined, accepted(2)])
  t.match(all(search), [
    { index: 2, isRecorded: false },
    { index: 0, isRecorded: false },
  ])
  t.equal(all(search)[0]!.tlsVersion, undefined)
  t.equal(store.cursor('ledger'), 3)
})

t.test('a desk that is rebuilt gives the same rows in the same order', async t => {
  const events = Array.from({ length: 300 }, (_, i) => accepted(i, begin + Math.floor(i / 50)))
  const first = await openStore(t)
  first.store.enter(
    Array.from({ length: 300 }, (_, i) => ({ ...noted(299 - i), at: begin + Math.floor((299 - i) / 50) })),
  )
  first.store.enterEvents(0, events)
  const second = await openStore(t)
  second.store.enterEvents(0, events)
  const rows = (search: DeskSearch) =>
    all(search).map(({ position, index, document }) => ({ position, index, document }))
  t.same(rows(second.search), rows(first.search))
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
    const { store, search } = await openStore(t)
    const steps = [() => store.enter([conflict]), () => store.enterEvents(1, [event])]
    for (const step of order === 'memory first' ? steps : steps.reverse()) step()
    t.match(all(search), [{ index: 1, at: begin + 4, outcome: 'conflict', request, code }], order)
    t.equal(all(search).length, 1, order)
  }
})

t.test('facts in the spool are entered after a crash', async t => {
  const { database, store, search } = await openStore(t)
  store.spool([JSON.stringify([noted(0), noted(1)]), JSON.stringify([noted(2)])])
  t.same(all(search), [])
  const next = new DeskStore(database, new MetricStore())
  t.ok(next.enterSpooled(), 'all batches at once')
  t.notOk(next.enterSpooled())
  t.same(
    all(search).map(({ index }) => index),
    [2, 1, 0],
  )
})

t.test('each filter finds its rows, two of them those of both, and an unknown value none', async t => {
  const { store, search } = await openStore(t)
  store.enter([noted(0), { ...noted(1), partner: 'M2', address: '192.0.2.8' }])
  store.enter([
    {
      kind: 'refusal',
      outcome: 'refused',
      at: begin + 5,
      partner: 'M1',
      code: 'xml-comment',
      detail: 'expected no comment, found one in line 3',
    },
  ])
  store.enter([
    {
      kind: 'connection',
      outcome: 'failed',
      at: begin + 6,
      address: '198.51.100.9',
      detail: 'the client sent no certificate',
    },
  ])
  const found = (filter: DeskFilter) => all(search, filter).map(({ at }) => at - begin)
  t.same(found({ request }), [1, 0])
  t.same(found({ index: 1 }), [1])
  t.same(found({ document: 'doc1' }), [1])
  t.same(found({ sha256 }), [1, 0])
  t.same(found({ certificate: 'aa'.repeat(32) }), [1, 0])
  t.same(found({ address: '198.51.100.9' }), [6])
  t.same(found({ code: 'xml-comment' }), [5])
  t.same(found({ partner: 'M1' }), [5, 0])
  t.same(found({ outcome: 'failed' }), [6])
  t.same(found({ kind: 'document' }), [1, 0])
  t.same(found({ from: begin + 1, to: begin + 6 }), [5, 1])
  t.same(found({ sha256, partner: 'M2' }), [1])
  t.same(found({ partner: 'M3' }), [])
})

t.test('pages lead from the newest to the oldest and back, without a row twice', async t => {
  const { store, search } = await openStore(t)
  store.enter(Array.from({ length: 25 }, (_, i) => noted(i)))
  const seen: number[] = []
  let page = search.page({}, { limit: 10 })
  t.equal(page.prev, undefined)
  for (; ; page = search.page({}, { limit: 10, after: page.next! })) {
    seen.push(...page.facts.map(({ index }) => index!))
    if (page.next === undefined) break
  }
  t.same(
    seen,
    Array.from({ length: 25 }, (_, i) => 24 - i),
  )
  const last = search.page({}, { limit: 10, last: true })
  t.same(
    last.facts.map(({ index }) => index),
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  )
  t.same(
    search.page({}, { limit: 10, before: last.prev! }).facts.map(({ index }) => index),
    [19, 18, 17, 16, 15, 14, 13, 12, 11, 10],
  )
})

t.test('no query of the desk scans or sorts, and none reads rows of another kind or outcome', async t => {
  const { database, store, search } = await openStore(t)
  store.enter(mixed)
  const columns: DeskFilter[] = [
    {},
    { document: 'doc0' },
    { sha256 },
    { certificate: 'aa'.repeat(32) },
    { address: '192.0.2.7' },
    { code: 'xml-comment' },
    { partner: 'M1' },
    { partner: 'M1', code: 'xml-comment' },
  ]
  const pages = [
    { limit: 50 },
    { limit: 50, after: 1e15 },
    { limit: 50, before: 1 },
    { limit: 50, last: true } as const,
  ]
  const stepsOf = (filter: DeskFilter, page: (typeof pages)[number]) =>
    planOf(database, search.query(filter, page)!).filter(step => !/^(MERGE \(UNION ALL\)|LEFT|RIGHT)$/.test(step))
  const check = (filter: DeskFilter, expected: string) => {
    for (const page of pages)
      for (const step of stepsOf(filter, page)) t.match(step, new RegExp(expected), JSON.stringify({ filter, page }))
  }
  const bounded = 'rowid>\\? AND rowid<\\?\\)$'
  for (const column of columns)
    for (const more of [{}, { kind: 'refusal' }, { outcome: 'refused' }, { kind: 'delivery', outcome: 'refused' }]) {
      const filter = { ...column, ...more, from: begin, to: begin + DAY }
      const equal = ['kind', 'outcome', ...Object.keys(column)].map(name => `${name}=\\? AND `).join('')
      const isAny = Object.keys({ ...column, ...more }).length === 0
      check(
        filter,
        isAny ? `INTEGER PRIMARY KEY \\(${bounded}` : `^SEARCH facts USING INDEX facts_\\w+ \\(${equal}${bounded}`,
      )
    }
  check({ request, kind: 'refusal' }, `INDEX facts_request \\(request=\\? AND ${bounded}`)
  check({ index: 0, partner: 'M1', kind: 'document' }, 'INDEX facts_leaf_index \\(leaf_index=\\?')
  const sql = prepareStatements(database).openDeliveries.sourceSQL
  t.match(planOf(database, { sql, values: [1, 1, 1] }), [/^SEARCH facts USING COVERING INDEX facts_open/])
  t.match(planOf(database, search.countQuery(begin, begin + DAY))[0], /^SEARCH minutes USING PRIMARY KEY/)
})

t.test('of two filters, the one with the fewest rows leads to the rows', async t => {
  const { database, store, search } = await openStore(t)
  store.enter(Array.from({ length: 1200 }, (_, i) => ({ ...noted(i), document: 'sent again and again' })))
  store.enter([{ ...noted(1200), partner: 'M2' }])
  const filter = { document: 'sent again and again', partner: 'M2', kind: 'document' }
  t.match(planOf(database, search.query(filter, { limit: 50 })!), [/INDEX facts_partner /])
  t.same(all(search, filter), [])
})

t.test('a desk of the version before has the same rows, before it has the new indexes and after', async t => {
  const folder = t.testdir()
  const path = join(folder, 'desk.sqlite')
  const { '0003-indexes-by-kind': _, ...former } = deskMigrations
  const old = await openDatabase(path, former)
  new DeskStore(old, new MetricStore()).enter(mixed)
  const positions = (search: DeskSearch) =>
    ([{}, { partner: 'M1' }, { kind: 'refusal', partner: 'M1' }, { outcome: 'refused' }] as const).map(filter =>
      all(search, filter).map(({ position }) => position),
    )
  const search = openDeskSearch(folder)
  const before = positions(search)
  search.close()
  old.close()
  const database = await openDatabase(path, deskMigrations)
  t.teardown(() => database.close())
  t.same(
    before.map(found => found.length),
    [5, 3, 2, 2],
  )
  t.same(positions(new DeskSearch(database)), before)
})

t.test('rows older than the limit are removed, and their counts', async t => {
  const { database, store, search } = await openStore(t)
  store.enter([noted(0), { ...noted(1), at: begin + 80 * DAY }])
  const retention = { days: 30, bytes: 1e12 }
  while (prune(database, retention, begin + 100 * DAY));
  t.same(
    all(search).map(({ index }) => index),
    [1],
  )
  t.equal(search.counts(0, begin + 200 * DAY).length, 1)
})

t.test('where there is no room, who has the most rows loses the oldest of them', async t => {
  const { database, store, search } = await openStore(t)
  store.enter(Array.from({ length: 20 }, (_, i) => ({ ...noted(i), partner: 'M2' })))
  store.enter(Array.from({ length: 8000 }, (_, i) => ({ ...noted(100 + i), partner: 'M1' })))
  const retention = { days: 36_500, bytes: Math.floor(usedBytes(database) / 2) }
  while (prune(database, retention, begin));
  t.ok(usedBytes(database) <= retention.bytes)
  t.equal(all(search, { partner: 'M2' }).length, 20, 'a quiet partner loses nothing')
  const [newest] = all(search, { partner: 'M1' })
  t.equal(newest?.index, 8099, 'the newest stay')
})

t.test('where refusals of nobody known take the room, they are removed, and no partner loses rows', async t => {
  const { database, store, search } = await openStore(t)
  store.enter(Array.from({ length: 20 }, (_, i) => noted(i)))
  const refusal = { kind: 'refusal', outcome: 'refused', code: 'partner-unknown', address: '192.0.2.9' } as const
  store.enter(Array.from({ length: 8000 }, (_, i) => ({ ...refusal, at: begin + i })))
  const retention = { days: 36_500, bytes: Math.floor(usedBytes(database) / 2) }
  while (prune(database, retention, begin));
  t.ok(usedBytes(database) <= retention.bytes)
  t.equal(all(search, { partner: 'M1' }).length, 20)
})

t.test('a disk without room is a Fault of the storage, and what was spooled comes later', async t => {
  const { database, store } = await openStore(t)
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number }
  database.exec(`PRAGMA max_page_count = ${pages}`)
  const facts = [JSON.stringify(Array.from({ length: 500 }, (_, i) => noted(i)))]
  t.throws(() => store.spool(facts), { code: 'storage-unavailable', detail: /cannot write the desk: SQLITE_FULL/ })
  database.exec('PRAGMA max_page_count = 100000')
  store.spool(facts)
})
