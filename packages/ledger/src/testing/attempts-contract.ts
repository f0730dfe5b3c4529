// What any outbox must keep of the attempts of a delivery: the tests that every implementation
// passes.
import type { Test } from 'tap'
import type { AttemptNotes, Outbox, OutboxReason } from '../outbox/outbox.ts'
import { type OutboxImplementation, outboxRequest } from './outbox-contract.ts'
import { makeFolder } from './sample-documents.ts'

const HOUR = 3_600_000
const now = 1_800_000_000_000
const reason: OutboxReason = { code: 'delivery-pending', detail: 'nothing listens there', at: now }
const request = 'urn:uuid:01234567-89ab-4cde-8f01-23456789abcd'

const take = async (outbox: Outbox, number: number) => (await outbox.leaseOne(number))!
const queue = (outbox: Outbox, delivery: string) => outbox.queue(outboxRequest(delivery))
const numbersOf = (attempts: readonly { number: number }[]) => attempts.map(({ number }) => number)

function attemptAt(startedAt: number, seen: Partial<AttemptNotes> = {}): AttemptNotes {
  return { startedAt, duration: 12.5, ...seen }
}

export function testAttempts(t: Test, implementation: OutboxImplementation): void {
  const open = async (t: Test, folder?: string) => {
    const outbox = await implementation.open(folder ?? (await makeFolder(t)))
    t.teardown(() => outbox.close())
    return outbox
  }

  t.test('keeps each attempt with its end, the latest first; a lease that is given back is none', async t => {
    const outbox = await open(t)
    for (const delivery of ['a', 'b', 'c']) await queue(outbox, delivery)
    await outbox.postpone(await take(outbox, 1), reason, now + 1, attemptAt(now))
    await outbox.release(await take(outbox, 1))
    await outbox.deliver(
      await take(outbox, 1),
      Buffer.from('receipt'),
      now,
      attemptAt(now + 2, { status: 201, address: '192.0.2.1' }),
    )
    const unknown = { status: undefined, address: undefined, request: undefined }
    const [code, detail] = [reason.code, reason.detail]
    t.same(await outbox.attempts(1), [
      {
        ...{ number: 2, startedAt: now + 2, duration: 12.5, outcome: 'delivered', code: undefined, detail: undefined },
        ...{ status: 201, address: '192.0.2.1', request: undefined },
      },
      { number: 1, startedAt: now, duration: 12.5, outcome: 'postponed', code, detail, ...unknown },
    ])
    await outbox.refuse(
      await take(outbox, 2),
      { ...reason, code: 'schema-invalid' },
      attemptAt(now, { status: 422, request }),
    )
    t.match(await outbox.attempts(2), [{ number: 1, outcome: 'refused', code: 'schema-invalid', status: 422, request }])
    await outbox.giveUp(await take(outbox, 3), reason, attemptAt(now))
    t.match(await outbox.attempts(3), [{ number: 1, outcome: 'expired', code: reason.code }])
    t.same(await outbox.attempts(9), [])
  })

  t.test('keeps the first attempt and the latest 99, and bounds what was said', async t => {
    const outbox = await open(t)
    await queue(outbox, 'a')
    const said = { ...reason, detail: `${'x'.repeat(999)}🎯${'y'.repeat(50)}` }
    for (let i = 1; i <= 103; i++) {
      await outbox.postpone(await take(outbox, 1), said, now, attemptAt(now + i))
      if (i === 100) t.equal((await outbox.attempts(1)).length, 100, 'all of a hundred')
    }
    const kept = await outbox.attempts(1)
    t.same(numbersOf(kept), [...Array.from({ length: 99 }, (_, i) => 103 - i), 1])
    t.equal(kept[0]?.detail, `${'x'.repeat(999)}…`)
  })

  t.test('an attempt whose lease was lost has its number, and no row', async t => {
    const folder = await makeFolder(t)
    const outbox = await open(t, folder)
    await queue(outbox, 'a')
    await take(outbox, 1)
    await implementation.loseLeases(folder)
    const other = await open(t, folder)
    const held = await take(other, 1)
    t.equal(held.tries, 1)
    await other.refuse(held, reason, attemptAt(now))
    t.same(numbersOf(await other.attempts(1)), [2])
  })

  t.test('finds those that are the last of their delivery', async t => {
    const outbox = await open(t)
    for (const delivery of ['a', 'b', 'c']) await queue(outbox, delivery)
    await outbox.cancel(2, now)
    await outbox.retry(2, now, now + HOUR)
    t.same(numbersOf(await outbox.latestOf([4, 3, 2, 7])), [3, 4])
  })
}
