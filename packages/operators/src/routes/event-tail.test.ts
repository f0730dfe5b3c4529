import t from 'tap'
import type { Fact } from '../desk/fact.ts'
import { positionOf } from '../desk/fact-columns.ts'
import { allFacts, begin, noted, openTestDesk } from '../testing/desk.ts'
import { type EventRun, EventTail, MISSED } from './event-tail.ts'
import { factRow } from './fact-lists.ts'

const documentsOf = (run: EventRun | undefined) =>
  [...`${run?.octets}`.matchAll(/^id: \d+\nevent: document\ndata: \{.*"(doc\d+)".*\}\n\n/gm)].map(([, name]) => name)

/** All that a reader gets from here on. */
function* followed(tail: EventTail, position: number, horizon: number): Generator<EventRun> {
  for (let run = tail.after(position, horizon); run !== undefined && run.count > 0; run = tail.after(run.to, horizon))
    yield run
}

t.test('the latest events are read and written once for all readers, and only what has settled', async t => {
  const { store, search } = await openTestDesk(t)
  let [reads, now] = [0, 0]
  const newer: typeof search.newer = (...given) => {
    reads++
    return search.newer(...given)
  }
  const counted = { newer, countAfter: search.countAfter.bind(search) }
  const tail = new EventTail(Object.assign(Object.create(search), counted), () => now)
  const start = positionOf(begin, 0)
  t.equal(tail.after(start, start)?.count, 0)
  store.enter([noted(1), noted(2), noted(3)])
  // What was just read counts for a moment.
  t.equal(tail.after(start, positionOf(begin + 3, 0))?.count, 0)
  const before = reads
  t.equal(before, 1)
  now += 300
  const first = tail.after(start, positionOf(begin + 3, 0))!
  t.same(documentsOf(first), ['doc1', 'doc2'])
  const after = reads
  t.equal(tail.after(start, positionOf(begin + 3, 0))?.octets, first.octets, 'the same octets')
  const second = tail.after(positionOf(begin + 1, 1), positionOf(begin + 3, 0))
  t.same(documentsOf(second), ['doc2'])
  t.equal(second?.octets.buffer, first.octets.buffer, 'of who comes between them, too')
  t.match(tail.after(first.to, positionOf(begin + 3, 0)), { count: 0, from: first.to, to: first.to })
  t.equal(reads, after, 'nothing was read for these')
  t.equal(tail.after(start - 1, positionOf(begin + 3, 0)), undefined, 'the desk has what is older')
})

t.test('so many events are kept, and after a pause it begins anew', async t => {
  const { store, search } = await openTestDesk(t)
  let now = 0
  const tail = new EventTail(search, () => now)
  const start = positionOf(begin, 0)
  const [later, end] = [positionOf(begin + MISSED + 10, 0), positionOf(begin + 3 * MISSED, 0)]
  tail.after(start, start)
  store.enter(Array.from({ length: MISSED }, (_, i) => noted(i + 1)))
  now += 300
  const runs = [...followed(tail, start, later)]
  t.same(
    runs.flatMap(documentsOf),
    Array.from({ length: MISSED }, (_, i) => `doc${i + 1}`),
  )
  t.ok(
    runs.every(({ count }) => count <= 200),
    'so many at a time',
  )
  store.enter(Array.from({ length: 10 }, (_, i) => noted(MISSED + i + 1)))
  now += 300
  t.equal(tail.after(start, end), undefined, 'the oldest are in the desk alone')
  const kept = [...followed(tail, positionOf(begin + 200, 200), end)].flatMap(documentsOf)
  t.same([kept.length, kept[0], kept.at(-1)], [MISSED - 190, 'doc201', `doc${MISSED + 10}`])
  store.enter(Array.from({ length: MISSED + 1 }, (_, i) => noted(MISSED + 11 + i)))
  now += 300
  t.equal(tail.after(positionOf(begin + MISSED, 0), end), undefined)
  t.equal(tail.after(end, end)?.count, 0)
})

t.test('an event has the very text of the row that lists answer', async t => {
  const { store, search } = await openTestDesk(t)
  const whole: Fact = {
    ...noted(1),
    ...{ kind: 'hand-off', outcome: 'given-up', entry: 7, code: 'xml-name', target: 'inbox', tries: 3, count: 2 },
    ...{
      detail: 'expected "a", found \\ \u2028 ü \u{1f512}\n',
      document: '"}\n\ndata: x',
      cipher: 'TLS_X',
      group: 'X25519',
    },
    ...{ canonicalization: 'c14n', digestAlgorithm: 'sha256', signatureAlgorithm: 'rsa', canonicalBytes: 99 },
    ...{ receiveTime: 0.001, verifyTime: 1, decideTime: 0, commitTime: 12.345, totalTime: 1e6 },
  }
  store.enter([whole, { kind: 'connection', outcome: 'failed', at: begin + 5 }])
  const rows = search.newer(0, positionOf(begin + 1000, 0), 10).map(({ text }) => text)
  t.same(
    rows,
    allFacts(search)
      .toReversed()
      .map(fact => JSON.stringify(factRow(fact))),
  )
  t.notMatch(rows.join(''), /[\n\r]/, 'one line each')
})
