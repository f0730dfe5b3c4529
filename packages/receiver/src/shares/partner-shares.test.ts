import t from 'tap'
import { Places, Rates } from './partner-shares.ts'

t.test('gives one partner its share, and the rest to others', async t => {
  const places = new Places(4, 3, 'guests are here')
  for (let i = 0; i < 3; i++) places.take('A')
  t.throws(
    () => places.take('A'),
    { code: 'overloaded', detail: '3 guests are here already, all of "A", of 4 that may be' },
    'alone',
  )
  places.take('B')
  t.throws(() => places.take('C'), { code: 'overloaded', detail: '4 guests are here already' })
  t.throws(() => places.take('A'), { code: 'overloaded' })
  places.giveBack('A')
  places.take('A')
  places.giveBack('A')
  places.giveBack('B')
  places.take('A')
  places.take('B')
  places.giveBack('B')
  places.take('C')
  places.giveBack('A')
  places.take('C')
  t.throws(() => places.take('B'), { code: 'overloaded' })
})

t.test('refuses a partner that has its share while others are there', async t => {
  const places = new Places(8, 3, 'guests are here')
  places.take('B')
  for (let i = 0; i < 3; i++) places.take('A')
  t.throws(() => places.take('A'), {
    code: 'rate-limit',
    detail: '3 guests are here already, all of "A", of 8 that may be',
  })
  places.take('B')
  places.giveBack('A')
  places.take('A')
  t.throws(() => places.take('A'), { code: 'rate-limit' })
})

t.test('takes so many a second of each partner, and as many at once as come in one', async t => {
  const rates = new Rates(5, 'documents')
  const takes = (partner: string, now: number, count: number) => {
    for (let i = 0; i < count; i++) rates.take(partner, now)
  }
  takes('A', 0, 5)
  t.throws(() => rates.take('A', 0), { code: 'rate-limit', detail: /more than 5 documents a second came from "A"/ })
  takes('B', 0, 5)
  t.throws(() => rates.take('A', 199), { code: 'rate-limit' })
  takes('A', 200, 1)
  t.throws(() => rates.take('A', 200), { code: 'rate-limit' })
  t.throws(() => rates.take('A', -1e6), { code: 'rate-limit' }, 'a clock that is set back gives nothing')
  takes('A', 60_000, 5)
  t.throws(() => rates.take('A', 60_000), { code: 'rate-limit' }, 'nor does a long rest give more than a second has')
})

t.test('has no limit when none is asked for', async () => {
  const rates = new Rates(Number.POSITIVE_INFINITY, 'documents')
  for (let i = 0; i < 10_000; i++) rates.take('A', 0)
})
