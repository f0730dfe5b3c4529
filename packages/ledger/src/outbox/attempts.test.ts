// What the outbox keeps of each attempt, and of those that nobody saw the end of.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openDatabase } from '../sqlite/database.ts'
import { makeFolder } from '../testing/sample-documents.ts'
import type { AttemptNotes, Outbox, OutboxReason } from './outbox.ts'
import { openOutboxReader } from './outbox-reader.ts'
import { OUTBOX_FILE, outboxMigrations } from './outbox-schema.ts'
import { openOutbox } from './sqlite-outbox.ts'

const receiver = 'https://localhost:8443'
const HOUR = 3_600_000
const now = 1_800_000_000_000
const reason: OutboxReason = { code: 'delivery-pending', detail: 'nothing listens there', at: now }
const request = 'urn:uuid:01234567-89ab-4cde-8f01-23456789abcd'

async function open(t: Test, folder: string): Promise<Outbox> {
  const outbox = await openOutbox(folder)
  t.teardown(() => outbox.close())
  return outbox
}

async function queue(outbox: Outbox, delivery: string, queuedAt = now) {
  const document = { path: `${delivery}.xml`, bytes: 5, sha256: 'ab'.repeat(32), id: delivery, receiverId: 'B' }
  const asked = { delivery, receiver, file: 'a.xml', document: { ...document, own: undefined } }
  return (await outbox.queue({ ...asked, queuedAt, expiresAt: queuedAt + HOUR })).entry.number
}

const take = async (outbox: Outbox, number: number) => (await outbox.leaseOne(number))!

function attemptAt(startedAt: number, seen: Partial<AttemptNotes> = {}): AttemptNotes {
  return { startedAt, duration: 12.5, ...seen }
}

const numbersOf = (attempts: readonly { number: number }[]) => attempts.map(({ number }) => number)

t.test('keeps each attempt with its end, the latest first; a lease that is given back is none', async t => {
  const outbox = await open(t, await makeFolder(t))
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
  const outbox = await open(t, await makeFolder(t))
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

t.test('an attempt whose process was killed has its number, and no row', async t => {
  const folder = await makeFolder(t)
  const outbox = await open(t, folder)
  await queue(outbox, 'a', Date.now())
  await outbox.postpone(await take(outbox, 1), reason, 0, attemptAt(now))
  const script = join(import.meta.dirname, '../testing/lease-and-wait.ts')
  const child = spawn(process.execPath, [script, folder, receiver], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const closed = once(child, 'close')
  await once(createInterface(child.stdout), 'line')
  child.kill('SIGKILL')
  await closed
  const held = await take(outbox, 1)
  t.equal(held.tries, 2)
  await outbox.refuse(held, reason, attemptAt(now))
  t.match(await outbox.find(1), { tries: 3 })
  t.same(numbersOf(await outbox.attempts(1)), [3, 1])
})

t.test('an attempt and its end are one commit', async t => {
  const folder = await makeFolder(t)
  const outbox = await open(t, folder)
  await queue(outbox, 'a')
  const held = await take(outbox, 1)
  const other = new DatabaseSync(join(folder, OUTBOX_FILE))
  other.exec("CREATE TRIGGER none BEFORE INSERT ON attempts BEGIN SELECT RAISE(ABORT, 'no room'); END")
  await t.rejects(outbox.refuse(held, reason, attemptAt(now)), /no room/)
  t.match(await outbox.find(1), { state: 'queued', tries: 0, lease: /./ })
  other.exec('DROP TRIGGER none')
  other.close()
  await outbox.refuse(held, reason, attemptAt(now))
  t.equal((await outbox.attempts(1)).length, 1)
})

t.test('an outbox from before has no attempts of what it tried, and those that come', async t => {
  const folder = await makeFolder(t)
  const { '0007-attempts': added, ...before } = outboxMigrations
  t.ok(added)
  const old = await openDatabase(join(folder, OUTBOX_FILE), before)
  old.exec(`INSERT INTO outbox (number, delivery, receiver, file, document, bytes, sha256, queued_at, expires_at,
    state, tries, next_try) VALUES (1, 'a', '${receiver}', 'f', 'd', 1, 'aa', 0, ${now}, 'queued', 3, 0)`)
  old.close()
  const reader = openOutboxReader(folder)!
  t.teardown(() => reader.close())
  t.match(reader.entriesAfter(0, 9), [{ number: 1, tries: 3 }], 'read by a console that is newer than its sender')
  const outbox = await open(t, folder)
  t.same(await outbox.attempts(1), [])
  await outbox.postpone(await take(outbox, 1), reason, 0, attemptAt(now, { address: '192.0.2.1', request }))
  t.same(numbersOf(await outbox.attempts(1)), [4])
  t.match(reader.entries([1]), [{ number: 1, tries: 4, address: '192.0.2.1', request }], 'from the same reader')
})

t.test('finds those that are the last of their delivery', async t => {
  const outbox = await open(t, await makeFolder(t))
  for (const delivery of ['a', 'b', 'c']) await queue(outbox, delivery)
  await outbox.cancel(2, now)
  await outbox.retry(2, now, now + HOUR)
  t.same(numbersOf(await outbox.latestOf([4, 3, 2, 7])), [3, 4])
})
