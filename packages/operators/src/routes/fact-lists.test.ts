// Lists of the desk, as the API offers them: whatever is asked for, an index leads to it.
import type { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { linksOf } from '../api/cursors.ts'
import type { ApiParts } from '../api/parts.ts'
import type { ApiRequest } from '../api/route.ts'
import { DeskSearch } from '../desk/desk-search.ts'
import { begin, noted, openTestDesk, request, sha256 } from '../testing/desk.ts'
import { factRoutes } from './fact-lists.ts'
import { searchRoutes } from './search-routes.ts'
import { statsRoutes } from './stats.ts'

const time = (at: number) => new Date(at).toISOString()
/** For each parameter of a list a value that rows have. */
const values: Readonly<Record<string, unknown>> = {
  partner: 'M1',
  document: 'doc0',
  outcome: 'refused',
  code: 'xml-comment',
  sha256,
  certificate: 'aa'.repeat(32),
  request,
  address: '192.0.2.7',
  from: time(begin),
  to: time(begin + 3600_000),
  q: sha256,
  step: 5,
}
const paging = ['limit', 'after', 'before']

/** The database, and each statement that is prepared on it. */
function recordStatements(database: DatabaseSync): readonly [DatabaseSync, Set<string>] {
  const statements = new Set<string>()
  const recorder = new Proxy(database, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        if (name === 'prepare') statements.add(String(given[0]))
        return value.apply(target, given)
      }
    },
  })
  return [recorder, statements]
}

/** None, each, and each two of them. */
function* choices(names: readonly string[]): Generator<readonly string[]> {
  yield []
  for (const [i, name] of names.entries()) {
    yield [name]
    for (const other of names.slice(i + 1)) yield [name, other]
  }
}

t.test('no list, search or sum of the desk scans or sorts, whatever filters it has, in any direction', async t => {
  const { database, store } = await openTestDesk(t)
  const refusal = { ...noted(1), kind: 'refusal', outcome: 'refused', code: 'xml-comment' } as const
  const connection = { ...noted(2), kind: 'connection', outcome: 'failed', index: undefined } as const
  const delivery = { ...noted(3), kind: 'delivery', outcome: 'refused', index: undefined, entry: 1 } as const
  store.enter([noted(0), refusal, connection, delivery, { ...delivery, kind: 'hand-off', entry: 2 }])
  const [recorder, statements] = recordStatements(database)
  const parts = { desk: () => new DeskSearch(recorder), now: () => new Date(begin + 1000) } as unknown as ApiParts
  let asked = 0
  for (const route of [...factRoutes, ...searchRoutes, ...statsRoutes].filter(({ params }) => params === undefined)) {
    const names = Object.keys(route.query?.properties ?? {}).filter(name => !paging.includes(name))
    t.same(
      names.filter(name => !(name in values)),
      [],
      `${route.path}: a value for each parameter`,
    )
    for (const chosen of choices(names)) {
      const given = Object.fromEntries(chosen.map(name => [name, values[name]]))
      const links = linksOf(route.path, given, { next: 1e15, prev: 1 })
      const cursors = [links.next, links.prev].map(link => Object.fromEntries(new URL(link!, 'http://x').searchParams))
      if (route.path === '/api/v1/search' && chosen.length === 0) continue
      const isList = 'after' in (route.query?.properties ?? {})
      for (const query of [given, ...(isList ? cursors : [])]) {
        await route.handle({ query } as unknown as ApiRequest<never, never, never>, parts)
        asked++
      }
    }
  }
  t.ok(asked > 800, `${asked} requests`)
  t.ok(statements.size > 50, `${statements.size} statements`)
  for (const sql of statements) {
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
    t.same(
      plan.filter(step => /^SCAN (?!\(subquery)|TEMP B-TREE FOR ORDER BY/.test(step)),
      [],
      sql,
    )
    // What is compared without a plus before it must be part of the index.
    const led = [...sql.matchAll(/(?<![+\w.])(\w+) = \?/g)].map(([, name]) => name)
    for (const step of plan.filter(step => step.startsWith('SEARCH facts')))
      t.same(
        led.filter(name => !step.includes(name === 'position' ? 'rowid=?' : `${name}=?`)),
        [],
        `${step}: ${sql}`,
      )
  }
})
