import t from 'tap'
import { positionOf } from '../desk/fact-columns.ts'
import { begin, noted, openTestDesk } from '../testing/desk.ts'
import { EventTail, MISSED } from './event-tail.ts'

t.test('the latest events are read once for all readers, and only what has settled', async t => {
  const { store, search } = await openTestDesk(t)
  let [pages, now] = [0, 0]
  const page: typeof search.page = (...given) => {
    pages++
    return search.page(...given)
  }
  const tail = new EventTail(
    Object.assign(Object.create(search), { page, countAfter: search.countAfter.bind(search) }),
    () => now,
  )
  const start = positionOf(begin, 0)
  t.same(tail.after(start, start, 10), [])
  store.enter([noted(1), noted(2), noted(3)])
  // What was just read counts for a moment.
  t.same(tail.after(start, positionOf(begin + 3, 0), 10), [])
  const before = pages
  t.equal(before, 1)
  now += 300
  const first = tail.after(start, positionOf(begin + 3, 0), 10)!
  t.match(
    first.map(({ text }) => text),
    [/^id: \d+\nevent: document\ndata: .*"doc1".*\n\n$/, /"doc2"/],
  )
  t.same(tail.after(first[0]!.position, positionOf(begin + 3, 0), 10), first.slice(1))
  t.same(tail.after(start, positionOf(begin + 3, 0), 1), first.slice(0, 1))
  t.equal(pages, before + 1, 'once')
  t.equal(tail.after(start - 1, positionOf(begin + 3, 0), 10), undefined, 'the desk has what is older')
})

t.test('so many events are kept, and after a pause it begins anew', async t => {
  const { store, search } = await openTestDesk(t)
  let now = 0
  const tail = new EventTail(search, () => now)
  const start = positionOf(begin, 0)
  const [later, end] = [positionOf(begin + MISSED + 10, 0), positionOf(begin + 3 * MISSED, 0)]
  tail.after(start, start, 1)
  store.enter(Array.from({ length: MISSED }, (_, i) => noted(i + 1)))
  now += 300
  t.equal(tail.after(start, later, 2 * MISSED)?.length, MISSED)
  store.enter(Array.from({ length: 10 }, (_, i) => noted(MISSED + i + 1)))
  now += 300
  t.equal(tail.after(start, end, 10), undefined, 'the oldest are in the desk alone')
  t.equal(tail.after(positionOf(begin + 10, 10), end, 2 * MISSED)?.length, MISSED)
  store.enter(Array.from({ length: MISSED + 1 }, (_, i) => noted(MISSED + 11 + i)))
  now += 300
  t.equal(tail.after(positionOf(begin + MISSED, 0), end, 10), undefined)
  t.same(tail.after(end, end, 10), [])
})
