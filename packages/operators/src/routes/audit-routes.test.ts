// The audit trail narrowed by who, what, on what and when: page by page in both directions, with a
// bound on what one request looks at.
import t from 'tap'
import { openAuditTrail } from '../audit/audit-trail.ts'
import { searchRecords } from '../audit/search-records.ts'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'

const certs = await makeConsoleCerts(t)
const start = Date.parse('2026-11-01T00:00:00Z')
const acts = [
  ['jane', 'partner.suspended', 'M1', 'success'],
  ['joe', 'partner.resumed', 'M1', 'failure'],
  ['jane', 'authentication.login', 's1', 'success'],
] as const

async function fill(folder: string, count: number) {
  const audit = await openAuditTrail(folder, 'receiver', '1.2.3')
  t.teardown(() => audit.close())
  for (let i = 0; i < count; i++) {
    const [who, action, on, outcome] = acts[i % acts.length]!
    const actor = { id: who, method: 'link', role: 'auditor' } as const
    const act = { action, category: 'partner', actor, from: {}, on: { kind: 'thing', id: on } } as const
    audit.add(act, outcome, new Date(start + i * 1000))
  }
  return audit
}

t.test('filters narrow by exactly what they say, and the pages are whole in both directions', async t => {
  const listener = await openListener(t, certs)
  await fill(listener.folder, 30)
  const auditor = listener.keyOf('auditor')
  const list = async (path: string) => (await listener.ask('GET', path, auditor)).json
  const numbers = ({ data }: { data: { number: number }[] }) => data.map(({ number }) => number)
  const of = (query: string) => list(`/api/v1/audit?${query}`).then(numbers)
  t.same((await of('who=joe')).slice(0, 3), [29, 26, 23])
  t.same((await of('action=partner.')).length, 20)
  t.same((await of('action=partner.suspended&outcome=success')).length, 10)
  t.same(await of('action=artner'), [])
  t.same((await of('on=s1')).length, 10)
  t.same(await of(`from=2026-11-01T00:00:28Z&to=2026-11-01T01:00:29%2B01:00`), [30, 29])
  t.same(await of("who=jane'%20OR%201=1--"), [], 'a filter is no SQL')
  const first = await list('/api/v1/audit?who=jane&limit=6')
  const second = await list(first.next)
  t.same([...numbers(first), ...numbers(second)], [30, 28, 27, 25, 24, 22, 21, 19, 18, 16, 15, 13])
  t.same(numbers(await list(second.prev)), numbers(first))
  t.equal((await listener.ask('GET', first.next.replace('who=jane', 'who=joe'), auditor)).status, 400)
  t.equal((await listener.ask('GET', '/api/v1/audit?outcome=perhaps', auditor)).status, 400)
  const all = await list('/api/v1/audit?limit=200')
  t.same([all.data.length, all.next, all.prev], [30, null, null])
})

t.test('what one request looks at is bounded, and the next page goes on from there', async t => {
  const looked: { low: number; high: number }[] = []
  const trail = {
    newest: 50_000,
    search(range: { low: number; high: number }) {
      looked.push(range)
      return []
    },
  }
  const page = searchRecords(trail as never, { who: 'nobody' }, { limit: 50 })
  t.same(page, { records: [], next: 30_001, prev: undefined })
  t.match(looked, [{ low: 30_001, high: 50_000 }])
  t.match(searchRecords(trail as never, { who: 'nobody' }, { limit: 50, before: 100 }), { next: 101, prev: 20_100 })
  t.match(searchRecords(trail as never, {}, { limit: 50 }), { next: 49_951 })
})
