import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { openDatabase } from '@seg/ledger'
import t from 'tap'
import { openReaders } from '../api/lazy-readers.ts'
import { allFacts, begin, noted, openTestDesk, request, sha256 } from '../testing/desk.ts'
import { type DeskFilter, type PageOf, pairsOf } from './desk-query.ts'
import { deskMigrations } from './desk-schema.ts'
import type { DeskSearch } from './desk-search.ts'
import { prepareStatements } from './desk-statements.ts'
import type { DeskStore } from './desk-store.ts'
import type { Fact } from './fact.ts'
import { LOOK, type Query } from './leading-filter.ts'

const DAY = 24 * 3600 * 1000
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

t.test('each filter finds its rows, two of them those of both, and an unknown value none', async t => {
  const { store, search } = await openTestDesk(t)
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
  const found = (filter: DeskFilter) => allFacts(search, filter).map(({ at }) => at - begin)
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
  const { store, search } = await openTestDesk(t)
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
  const { database, store, search } = await openTestDesk(t)
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
})

t.test('of two filters, the one with the fewest rows leads to the rows', async t => {
  const { database, store, search } = await openTestDesk(t)
  store.enter(Array.from({ length: 1200 }, (_, i) => ({ ...noted(i), document: 'sent again and again' })))
  store.enter([{ ...noted(1200), partner: 'M2' }])
  const filter = { document: 'sent again and again', partner: 'M2', kind: 'document' }
  t.match(planOf(database, search.query(filter, { limit: 50 })!), [/INDEX facts_partner /])
  t.same(allFacts(search, filter), [])
})

t.test('a desk of an earlier version gives the same answers, before it is brought up to date and after', async t => {
  const later = await openTestDesk(t)
  later.store.enter(mixed)
  const folder = t.testdir()
  const path = join(folder, 'desk.sqlite')
  const { '0001-desk': tables, '0002-values': values } = deskMigrations
  const old = await openDatabase(path, { '0001-desk': tables!, '0002-values': values! })
  old.exec(`ATTACH '${later.database.location()}' AS later`)
  for (const table of ['terms', 'facts', 'minutes']) old.exec(`INSERT INTO ${table} SELECT * FROM later.${table}`)
  const filters = [{}, { partner: 'M1' }, { kind: 'refusal', partner: 'M1' }, { outcome: 'refused' }] as const
  const answers = (search: DeskSearch) => [
    ...filters.map(filter => allFacts(search, filter)),
    search.counts(begin, begin + DAY),
    search.series(begin, begin + DAY, 60, 'M1'),
  ]
  const { desk } = openReaders(folder, undefined)
  const search = desk()
  const before = answers(search)
  t.equal(desk(), search)
  old.close()
  const database = await openDatabase(path, deskMigrations)
  t.teardown(() => database.close())
  t.same(
    before.map(found => found.length),
    [5, 3, 2, 2, 5, 3],
  )
  t.same(answers(search), before, 'what was opened before goes on')
  t.not(desk(), search, 'and what is asked next reads the new tables')
  t.same(answers(desk()), before)
  database.exec('UPDATE days SET events = 7')
  t.equal(desk().counts(begin, begin + DAY)[0]?.events, 7)
  search.close()
  desk().close()
})

t.test('a sum over time is in steps of so many minutes', async t => {
  const { store, search } = await openTestDesk(t)
  const MINUTE = 60_000
  store.enter([0, 1, 29, 30, 61].map((minute, i) => ({ ...noted(i), at: begin + minute * MINUTE })))
  const sums = (step: number) =>
    search
      .series(begin, begin + 120 * MINUTE, step)
      .map(({ at, events, bytes }) => [(at - begin) / MINUTE, events, bytes])
  t.same(sums(30), [
    [0, 3, 300],
    [30, 1, 100],
    [60, 1, 100],
  ])
  t.same(sums(1).length, 5)
})

t.test('sums of whole hours and of the minutes around them are the sums of all minutes', async t => {
  const { database, store, search } = await openTestDesk(t)
  const MINUTE = 60_000
  const facts = Array.from({ length: 600 }, (_, i) => ({ ...noted(i), at: begin + i * MINUTE, partner: `M${i % 3}` }))
  store.enter(facts)
  const [from, to] = [begin + 17 * MINUTE, begin + 432 * MINUTE]
  const within = facts.filter(({ at }) => at >= from && at < to)
  const total = (partner?: string) => within.filter(fact => partner === undefined || fact.partner === partner).length
  const sum = (points: readonly { readonly events: number }[]) => points.reduce((all, { events }) => all + events, 0)
  t.same(
    search.counts(from, to).map(({ events }) => events),
    [total('M0'), total('M1'), total('M2')],
  )
  t.same(
    search.series(from, to, 120).map(({ events }) => events),
    [103, 120, 120, 72],
  )
  t.equal(sum(search.series(from, to, 180, 'M1')), total('M1'))
  t.equal(sum(search.series(from, from + 5 * MINUTE, 60)), 5, 'within an hour')
  database.exec('UPDATE minutes SET events = 1000 WHERE events > 0')
  t.equal(sum(search.series(begin, begin + 600 * MINUTE, 60)), 600, 'whole hours read no minute')
  database.exec('UPDATE hours SET events = 1000 WHERE events > 0')
  t.equal(sum(search.counts(begin, begin + DAY)), 600, 'whole days read no hour')
  t.same(
    search.series(begin - DAY, begin + DAY, 1440).map(({ at, events }) => [at, events]),
    [[begin, 600]],
  )
  t.same(search.counts(from, from), [])
})

t.test('each kind and outcome that rows have is found, and no other', async t => {
  const { database, store } = await openTestDesk(t)
  t.same(pairsOf(database), [], 'of an empty desk')
  store.enter(mixed)
  const id = (text: string) => Number(database.prepare('SELECT id FROM terms WHERE text = ?').get(text)?.id)
  const ids = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([kind, outcome]) => ({ kind: id(kind), outcome: id(outcome) }))
  const refusals = [
    ['refusal', 'refused'],
    ['refusal', 'conflict'],
  ] as const
  const all = [['document', 'accepted'], ...refusals, ['connection', 'failed'], ['delivery', 'refused']] as const
  const sorted = (pairs: ReturnType<typeof pairsOf>) =>
    pairs.toSorted((a, b) => a.kind - b.kind || a.outcome - b.outcome)
  t.same(pairsOf(database), sorted(ids(all)))
  t.same(pairsOf(database, id('refusal')), sorted(ids(refusals)))
  t.same(pairsOf(database, undefined, id('refused')), sorted(ids([refusals[0], ['delivery', 'refused']])))
  t.same(pairsOf(database, id('refusal'), id('failed')), ids([['refusal', 'failed']]), 'of both, nothing to look for')
  t.same(pairsOf(database, id('M1')), [])
})

/** Very many rows of M1 from one address, as many of M2 from another, one of M1 from the latter. */
function enterDisjoint(database: DatabaseSync, store: DeskStore): void {
  store.enter([
    { ...noted(0), at: begin, partner: 'M1', address: '192.0.2.1', request: undefined },
    { ...noted(1), at: begin + 1, partner: 'M2', address: '192.0.2.2', request: undefined },
  ])
  const columns = 'kind, outcome, is_recorded, partner, address, certificate'
  database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${5 * LOOK})
    INSERT INTO facts (position, ${columns}) SELECT (${begin + 10} + i) * 4096, ${columns} FROM n
    JOIN facts ON leaf_index = i % 2`)
  store.enter([{ ...noted(2), at: begin + 10, partner: 'M1', address: '192.0.2.2', request: undefined }])
}

t.test('of filters with very many rows, a page looks through a part: the pages lead to each row once', async t => {
  const { database, store, search } = await openTestDesk(t)
  enterDisjoint(database, store)
  const filter = { kind: 'document', partner: 'M1', address: '192.0.2.2' }
  const walk = (first: PageOf, on: (page: ReturnType<DeskSearch['page']>) => PageOf | undefined) => {
    const pages = []
    for (let of: PageOf | undefined = first; of !== undefined; of = on(pages.at(-1)!)) {
      pages.push(search.page(filter, of))
      t.ok(pages.length < 10)
    }
    return pages
  }
  const older = walk({ limit: 50 }, ({ next }) => (next === undefined ? undefined : { limit: 50, after: next }))
  const newer = walk({ limit: 50, last: true }, ({ prev }) =>
    prev === undefined ? undefined : { limit: 50, before: prev },
  )
  for (const [pages, found] of [
    [older, [0, 0, 1]],
    [newer, [1, 0, 0]],
  ] as const) {
    t.same(
      pages.map(({ facts }) => facts.length),
      found,
    )
    t.equal(pages.flatMap(({ facts }) => facts)[0]?.index, 2)
  }
  const [first, second] = older
  t.equal(first!.prev, undefined, 'nothing is newer than the first page')
  const back = search.page(filter, { limit: 50, before: second!.prev! })
  t.equal(back.next, first!.next, 'a page without rows has one beside it in both directions')
  t.same(
    allFacts(search, { ...filter, to: begin + 11 }).map(({ index }) => index),
    [2],
  )
  t.same(allFacts(search, { partner: 'M1', address: '192.0.2.1' }).length, 1000, 'a full page needs no second look')
})

t.test('values that are in very many documents are looked through in parts, too', async t => {
  const { database, store, search } = await openTestDesk(t)
  enterDisjoint(database, store)
  store.enter([{ ...noted(3), at: begin + 1e9, partner: 'M3' }])
  database.exec("INSERT INTO terms (text) VALUES ('country'), ('case')")
  database.exec(`INSERT INTO indexed (name, value, position)
    SELECT (SELECT id FROM terms WHERE text = 'country'), 'DE', position FROM facts`)
  database.exec(`INSERT INTO indexed (name, value, position)
    SELECT (SELECT id FROM terms WHERE text = 'case'), '4711', position FROM facts WHERE leaf_index = 2`)
  const de = ['country', 'DE'] as const
  const page = (filter: DeskFilter, of: PageOf = { limit: 50 }) => search.page(filter, of)
  const first = page({ where: [de], partner: 'M2', address: '192.0.2.1' })
  t.match([first.facts.length, typeof first.next], [0, 'number'])
  t.match(page({ where: [de, ['case', '4711']] }), { facts: [{ index: 2 }], next: undefined }, 'the rarer one leads')
  t.match(page({ where: [de] }).facts.length, 50)
})
