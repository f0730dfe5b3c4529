// What the outbox keeps of each attempt, and of those that nobody saw the end of.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openDatabase } from '../sqlite/database.ts'
import { makeFolder } from '../testing/sample-documents.ts'
import { openOutbox, openOutboxReader } from './open-outbox.ts'
import type { AttemptNotes, Outbox, OutboxReason } from './outbox.ts'
import { OUTBOX_FILE, outboxMigrations } from './outbox-schema.ts'

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
  const { '0005-lease-numbers': numbers, '0006-attempts': attempts, ...before } = outboxMigrations
  t.ok(numbers && attempts)
  const old = await openDatabase(join(folder, OUTBOX_FILE), before)
  old.exec(`INSERT INTO outbox (number, delivery, receiver, file, document, bytes, sha256, queued_at, expires_at,
    state, tries, next_try) VALUES (1, 'a', '${receiver}', 'f', 'd', 1, 'aa', 0, ${now}, 'queued', 3, 0)`)
  old.close()
  const reader = (await openOutboxReader(folder))!
  t.teardown(() => reader.close())
  t.match(await reader.entriesAfter(0, 9), [{ number: 1, tries: 3 }], 'read by a console that is newer than its sender')
  const outbox = await open(t, folder)
  t.same(await outbox.attempts(1), [])
  await outbox.postpone(await take(outbox, 1), reason, 0, attemptAt(now, { address: '192.0.2.1', request }))
  t.same(numbersOf(await outbox.attempts(1)), [4])
  t.match(await reader.entries([1]), [{ number: 1, tries: 4, address: '192.0.2.1', request }], 'from the same reader')
})
