import t from 'tap'
import { parseRetryAfter, retryDelay } from './retry.ts'

t.test('spreads tries over an interval that doubles up to eight seconds', async t => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 60].map(attempt => retryDelay(attempt, 0, () => 0.999999))
  t.same(longest, [249, 499, 999, 1999, 3999, 7999, 7999, 7999])
  t.equal(
    retryDelay(5, 0, () => 0),
    0,
    'full jitter begins at no wait at all',
  )
})

t.test('never comes back sooner than the receiver asked', async t => {
  t.equal(
    retryDelay(1, 3000, () => 0),
    3000,
  )
  t.ok(retryDelay(1, 3000, () => 0.5) > 3000)
})

t.test('reads Retry-After as seconds or as an HTTP date in each of its forms, and anything else as none', async t => {
  const now = new Date('2026-11-23T12:00:00Z')
  t.equal(parseRetryAfter('120', now), 120_000)
  for (const field of ['Mon, 23 Nov 2026 12:00:05 GMT', 'Monday, 23-Nov-26 12:00:05 GMT', 'Mon Nov 23 12:00:05 2026'])
    t.equal(parseRetryAfter(field, now), 5_000, field)
  t.equal(parseRetryAfter('Sun Nov  1 12:00:00 2026', new Date('2026-11-01T11:59:59Z')), 1000, 'a day of one digit')
  t.equal(parseRetryAfter('Mon, 23 Nov 2026 11:00:05 GMT', now), 0, 'the past')
  for (const field of [
    undefined,
    '',
    '-1',
    '-86400',
    '1.5',
    'soon',
    '1e9',
    '2026-11-23',
    'Mon, 99 Nov 2026 12:00:05 GMT',
  ])
    t.equal(parseRetryAfter(field, now), 0, String(field))
})

t.test('ignores a wait of more than an hour that a peer asks for', async t => {
  const now = new Date('2026-11-23T12:00:00Z')
  for (const field of ['3601', '86400', '99999999999', '9'.repeat(400), 'Mon, 23 Nov 2099 12:00:00 GMT'])
    t.equal(parseRetryAfter(field, now), 3_600_000, field)
})
