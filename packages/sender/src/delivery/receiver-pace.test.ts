import t from 'tap'
import { ReceiverPace } from './receiver-pace.ts'

t.test('keeps to the limit while the receiver answers', async t => {
  t.equal(new ReceiverPace(8, () => 0.5).limitAt(0), 8)
})

t.test('after a failure waits, tries with one, and continues when that is answered', async t => {
  const pace = new ReceiverPace(8, () => 0.5)
  pace.failed(1000, 0)
  t.same([pace.limitAt(1000), pace.limitAt(1124), pace.limitAt(1125)], [0, 0, 1])
  pace.answered()
  t.equal(pace.limitAt(1125), 8)
})

t.test('waits longer each time, up to a minute, and counts tries that fail together once', async t => {
  const pace = new ReceiverPace(8, () => 1)
  let now = 0
  const waits: number[] = []
  for (let i = 0; i < 10; i++) {
    for (let together = 0; together < 8; together++) pace.failed(now, 0)
    let wait = 0
    while (pace.limitAt(now + wait) === 0) wait += 250
    waits.push(wait)
    now += wait
  }
  t.same(waits, [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
})

t.test('waits no less than it is asked to', async t => {
  const pace = new ReceiverPace(8, () => 0)
  pace.failed(0, 90_000)
  t.same([pace.limitAt(89_999), pace.limitAt(90_000)], [0, 1])
})
