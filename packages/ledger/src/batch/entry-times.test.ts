import t from 'tap'
import type { LogEvent } from '../log/events.ts'
import { enterTime } from './entry-times.ts'

t.test('no entry goes back in time by more than an hour, but that of a start', async t => {
  let latest = Number.NEGATIVE_INFINITY
  const at = (type: string, time: string) => {
    latest = enterTime({ type, at: `2026-01-02T${time}:00.000Z` } as LogEvent, latest)
  }
  at('accepted', '12:00')
  at('accepted', '11:30')
  t.throws(() => at('accepted', '10:30'), { code: 'clock-behind', detail: /2026-01-02T10:30.*an entry of .*T12:00/ })
  at('start', '10:30')
  at('accepted', '10:31')
})
