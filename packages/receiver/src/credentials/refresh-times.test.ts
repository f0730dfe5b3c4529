import { Fault } from '@seg/core'
import t from 'tap'
import { RefreshTimes } from './refresh-times.ts'

const MINUTE = 60_000
const fails = () => Promise.reject(new Fault('revocation-unreachable', 'nobody answers'))

t.test('what was fetched is due at its end, at least a minute and at most its longest wait later', async t => {
  const waits = { refresh: 10 * MINUTE, retry: 1000 }
  for (const [end, wait] of [
    [0, MINUTE],
    [5 * MINUTE, 5 * MINUTE],
    [60 * MINUTE, 10 * MINUTE],
  ] as const) {
    let time = 0
    const times = new RefreshTimes(() => new Date(time))
    t.ok(times.isDue('list'))
    await times.fetch(
      'list',
      waits,
      async () => end,
      fault => t.fail(fault.message),
    )
    time = wait - 1
    t.notOk(times.isDue('list'), `${end}: not before`)
    time = wait
    t.ok(times.isDue('list'), `${end}: then`)
  }
})

t.test('each failure in a row doubles the wait up to the longest, and a success ends that', async t => {
  let time = 0
  const times = new RefreshTimes(() => new Date(time))
  const waits: number[] = []
  const fetch = (fetch: () => Promise<number>) =>
    times.fetch('list', { refresh: 5000, retry: 1000 }, fetch, ({ code }, wait) => {
      t.equal(code, 'revocation-unreachable')
      waits.push(wait)
    })
  for (let tries = 0; tries < 4; tries++) {
    await fetch(fails)
    t.notOk(times.isDue('list'))
    time += waits.at(-1)!
    t.ok(times.isDue('list'))
  }
  await fetch(async () => time)
  await fetch(fails)
  t.same(waits, [1000, 2000, 4000, 5000, 1000])
})

t.test('a clock that is set back, and a thing that was forgotten, are due at once', async t => {
  let time = 10 * MINUTE
  const times = new RefreshTimes(() => new Date(time))
  for (const key of ['kept', 'gone'])
    await times.fetch(
      key,
      { refresh: MINUTE, retry: 1000 },
      async () => time,
      () => {},
    )
  times.retain(new Set(['kept']))
  t.notOk(times.isDue('kept'))
  t.ok(times.isDue('gone'))
  time = 9 * MINUTE
  t.ok(times.isDue('kept'))
})
