// Attempts as a person reads them.
import type { Attempt } from '@seg/ledger'
import t from 'tap'
import { describeAttempts } from './attempt-lines.ts'

const unknown = { code: undefined, detail: undefined, status: undefined, address: undefined, request: undefined }

function attempt(number: number, change: Partial<Attempt> = {}): Attempt {
  return { number, startedAt: Date.UTC(2026, 10, 29, 8), duration: 1234, outcome: 'postponed', ...unknown, ...change }
}

t.test('names each try down to the first, and those that were not recorded by their numbers', async t => {
  const seen = { status: 503, address: '192.0.2.1', code: 'delivery-pending', detail: 'a\u001b[31m' } as const
  t.same(describeAttempts([attempt(7, { outcome: 'delivered' }), attempt(5, seen), attempt(2)], 8), [
    '8: not recorded',
    '7: 2026-11-29T08:00:00.000Z, delivered after 1.23 s',
    '6: not recorded',
    '5: 2026-11-29T08:00:00.000Z, postponed after 1.23 s, from 192.0.2.1, HTTP status 503, ' +
      'delivery-pending: a\\u001b[31m',
    '3 to 4: not recorded',
    '2: 2026-11-29T08:00:00.000Z, postponed after 1.23 s',
    '1: not recorded',
  ])
  t.same(describeAttempts([], 3), ['1 to 3: not recorded'])
  t.same(describeAttempts([], 0), [])
})
