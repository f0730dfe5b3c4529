// The outbox on disk: one entry for each delivery under way, one holder for each entry on its way,
// whoever else looks on or is killed.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { makeFolder } from '../testing/sample-documents.ts'
import type { OutboxRequest } from './outbox.ts'
import { openOutbox } from './sqlite-outbox.ts'

const receiver = 'https://localhost:8443'
const HOUR = 3_600_000
const now = 1_800_000_000_000
const reason = { code: 'overloaded', detail: 'later', at: now } as const
const receipt = Buffer.from('a receipt')

function request(delivery: string, change: Partial<OutboxRequest> = {}): OutboxRequest {
  const document = {
    path: `${delivery}.xml`,
    bytes: 5,
    sha256: 'ab'.repeat(32),
    id: delivery,
    receiverId: 'B',
    own: undefined,
  }
  return { delivery, receiver, file: 'a.xml', document, queuedAt: now, expiresAt: now + HOUR, ...change }
}

async function openIn(t: Test, folder: string) {
  const outbox = await openOutbox(folder)
  t.teardown(() => outbox.close())
  return outbox
}

const open = async (t: Test) => openIn(t, await makeFolder(t))

t.test('gives back what was queued, in every later opening', async t => {
  const folder = await makeFolder(t)
  const first = await openIn(t, folder)
  const own = { offset: 100, tailBytes: 20, fillsTime: true }
  const documents = [
    request('a').document,
    { ...request('b').document, own },
    { ...request('c').document, id: undefined, receiverId: undefined },
  ]
  for (const [i, document] of documents.entries()) await first.queue(request('abc'[i]!, { document }))
  await first.close()
  const second = await openIn(t, folder)
  const entries = await Array.fromAsync(second.list())
  const open = { lease: undefined, settledAt: undefined, reason: undefined }
  const fresh = { state: 'queued', tries: 0, nextTry: now, isHurried: false, ...open }
  t.same(
    entries,
    documents.map((document, i) => ({ number: i + 1, ...request('abc'[i]!, { document }), ...fresh })),
  )
  t.same(await second.find(2), entries[1])
  t.same(await second.latest('c'), entries[2])
  t.same(await second.findDocument('a'), [entries[0]])
  t.same([await second.find(9), await second.latest('x'), await second.receipt(1)], [undefined, undefined, undefined])
  t.same(await second.receivers(), [receiver])
})

t.test('has one entry under way for a delivery, however many ask for it', async t => {
  const folder = await makeFolder(t)
  const outboxes = [await openIn(t, folder), await openIn(t, folder)]
  const queued = await Promise.all(Array.from({ length: 20 }, (_, i) => outboxes[i % 2]!.queue(request('a'))))
  t.equal(queued.filter(({ isNew }) => isNew).length, 1)
  t.same(new Set(queued.map(({ entry }) => entry.number)), new Set([1]))
})

t.test('queues nothing when the delivery has come further than its caller knows', async t => {
  const outbox = await open(t)
  const { entry: queued } = await outbox.queue(request('a'))
  await outbox.leaseOne(1)
  const delivered = await outbox.deliver(1, receipt, now)
  for (const seen of [undefined, queued])
    t.same(await outbox.queue(request('a'), seen), { entry: delivered, isNew: false })
  t.match(await outbox.queue(request('a'), delivered), { isNew: true, entry: { number: 2, state: 'queued' } })
  t.match(await outbox.queue(request('a'), delivered), { isNew: false, entry: { number: 2, state: 'queued' } })
})

t.test('leases an entry to one holder at a time', async t => {
  const folder = await makeFolder(t)
  const [one, two] = [await openIn(t, folder), await openIn(t, folder)]
  for (const delivery of ['a', 'b', 'c']) await one.queue(request(delivery))
  const first = await one.lease({ receiver, limit: 2, now })
  t.same(
    first.map(({ number }) => number),
    [1, 2],
  )
  t.same(await two.lease({ receiver, limit: 2, now }), [], 'the limit is that of all holders together')
  t.same(
    (await two.lease({ receiver, limit: 9, now })).map(({ number }) => number),
    [3],
  )
  t.equal(await two.leaseOne(1), undefined)
  await t.rejects(two.deliver(1, receipt, now), TypeError)
  await t.rejects(two.postpone(1, reason, now), TypeError)
  await t.rejects(two.cancel(1, now), { code: 'usage', detail: /on its way/ })
  await one.release(1)
  t.match(await two.leaseOne(1), { number: 1, tries: 0 })
})

t.test('keeps an entry back until its next try, and leases the longest due first', async t => {
  const outbox = await open(t)
  for (const delivery of ['a', 'b']) await outbox.queue(request(delivery))
  await outbox.leaseOne(1)
  t.match(await outbox.postpone(1, reason, now + 1000), { state: 'queued', tries: 1, reason, lease: undefined })
  t.same(
    (await outbox.lease({ receiver, limit: 9, now: now + 999 })).map(({ number }) => number),
    [2],
  )
  await outbox.postpone(2, reason, now + 500)
  t.same(
    (await outbox.lease({ receiver, limit: 9, now: now + 1000 })).map(({ number }) => number),
    [2, 1],
  )
  t.same(await outbox.lease({ receiver: 'https://other', limit: 9, now: now + 1000 }), [])
})

t.test('moves forward only', async t => {
  const outbox = await open(t)
  for (const delivery of ['delivered', 'refused', 'expired', 'cancelled']) await outbox.queue(request(delivery))
  await outbox.leaseOne(1)
  t.match(await outbox.deliver(1, receipt, now + 1), {
    state: 'delivered',
    settledAt: now + 1,
    tries: 1,
    reason: undefined,
  })
  await outbox.leaseOne(2)
  t.match(await outbox.refuse(2, { ...reason, code: 'schema-invalid' }), {
    state: 'refused',
    reason: { code: 'schema-invalid' },
    settledAt: now,
  })
  t.match(await outbox.cancel(4, now), { state: 'cancelled' })
  await outbox.leaseOne(3)
  t.match(await outbox.giveUp(3, reason), { state: 'expired', reason, tries: 1, settledAt: now, lease: undefined })
  t.same(await outbox.receipt(1), receipt)
  for (const number of [1, 2, 3, 4]) {
    t.equal(await outbox.leaseOne(number), undefined)
    for (const late of [
      outbox.deliver(number, receipt, now),
      outbox.refuse(number, reason),
      outbox.postpone(number, reason, now),
    ])
      await t.rejects(late, TypeError)
    await t.rejects(outbox.cancel(number, now), { code: 'usage' })
  }
  t.same(
    (await Array.fromAsync(outbox.list(['refused', 'expired']))).map(({ number }) => number),
    [2, 3],
  )
})

t.test('queues again, as another entry, what was not delivered', async t => {
  const outbox = await open(t)
  await outbox.queue(request('a'))
  await outbox.leaseOne(1)
  await outbox.postpone(1, reason, now + HOUR)
  t.match(await outbox.retry(1, now, now), { number: 1, nextTry: now, tries: 1 }, 'what is queued is due now')
  await outbox.cancel(1, now)
  t.match(await outbox.retry(1, now + 5, now + 2 * HOUR), {
    number: 2,
    state: 'queued',
    tries: 0,
    document: request('a').document,
    reason: undefined,
  })
  await t.rejects(outbox.retry(1, now, now), { code: 'usage', detail: /already, as 2/ })
  t.match(await outbox.find(1), { state: 'cancelled' })
  await outbox.leaseOne(2)
  await outbox.deliver(2, receipt, now)
  await t.rejects(outbox.retry(2, now, now), { code: 'usage' })
  await t.rejects(outbox.retry(7, now, now), { code: 'usage', detail: /no entry 7/ })
})

t.test('makes a new entry for what has expired unnoticed, and renews what was never tried', async t => {
  const outbox = await open(t)
  await outbox.queue(request('a'))
  await outbox.leaseOne(1)
  const tried = await outbox.postpone(1, reason, now)
  t.match(await outbox.queue(request('a', { queuedAt: now + HOUR }), tried), { isNew: true, entry: { number: 2 } })
  t.match(await outbox.find(1), { state: 'expired' })
  const { entry } = await outbox.queue(request('b'))
  const later = { queuedAt: now + HOUR, expiresAt: now + 2 * HOUR }
  t.match(await outbox.queue(request('b', later), entry), { isNew: false, entry: { number: 3, state: 'queued' } })
  t.match(await outbox.find(3), { expiresAt: now + 2 * HOUR })
})

t.test('lets nothing expire by the clock: what is past its time is leased like another', async t => {
  const outbox = await open(t)
  for (const delivery of ['a', 'b']) await outbox.queue(request(delivery))
  const year = 365 * 24 * HOUR
  t.match(await outbox.lease({ receiver, limit: 9, now: now + year }), [{ number: 1 }, { number: 2 }])
})

t.test('leases what a clock that was ahead has put off further than any try is put off', async t => {
  const outbox = await open(t)
  await outbox.queue(request('a', { queuedAt: now + 100 * HOUR, expiresAt: now + 200 * HOUR }))
  await outbox.queue(request('b'))
  await outbox.leaseOne(2)
  await outbox.postpone(2, reason, now + HOUR)
  t.match(await outbox.lease({ receiver, limit: 9, now }), [{ number: 1 }])
})

t.test('leases an entry that is due now although the receiver asked for a pause', async t => {
  const outbox = await open(t)
  for (const delivery of ['a', 'b', 'c']) await outbox.queue(request(delivery))
  for (const number of [1, 2]) {
    await outbox.leaseOne(number)
    await outbox.postpone(number, reason, now + HOUR)
  }
  await outbox.retry(2, now, now)
  t.match(await outbox.lease({ receiver, limit: 0, urgent: 4, now }), [{ number: 2, isHurried: false }])
  t.same(await outbox.lease({ receiver, limit: 0, urgent: 4, now }), [], 'once')
  await outbox.cancel(3, now)
  await outbox.retry(3, now, now + HOUR)
  t.match(await outbox.lease({ receiver, limit: 0, urgent: 4, now }), [{ number: 4 }])
})

t.test('replaces the bytes of an entry for the holder of its lease', async t => {
  const outbox = await open(t)
  await outbox.queue(request('a'))
  const document = { ...request('a').document, path: 'other.xml', sha256: 'cd'.repeat(32) }
  await t.rejects(outbox.replaceDocument(1, document), TypeError)
  await outbox.leaseOne(1)
  t.match(await outbox.replaceDocument(1, document), { document, lease: /./ })
})

t.test('takes over what a killed process had on its way, and nothing of one that lives', async t => {
  const folder = await makeFolder(t)
  const outbox = await openIn(t, folder)
  for (const delivery of ['a', 'b'])
    await outbox.queue(request(delivery, { expiresAt: Date.now() + HOUR, queuedAt: 0 }))
  const script = join(import.meta.dirname, '../testing/lease-and-wait.ts')
  const child = spawn(process.execPath, [script, folder, receiver], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const [line] = await once(createInterface(child.stdout), 'line')
  t.same(JSON.parse(line), [1, 2])
  // Not even one that stands still loses its lease.
  child.kill('SIGSTOP')
  for (let i = 0; i < 5; i++) t.same(await outbox.lease({ receiver, limit: 9, now: Date.now() }), [])
  await t.rejects(outbox.cancel(1, now), { code: 'usage' })
  child.kill('SIGKILL')
  await closed
  t.same(
    (await outbox.lease({ receiver, limit: 9, now: Date.now() })).map(({ number }) => number),
    [1, 2],
  )
  t.equal((await readdir(join(folder, 'leases'))).length, 1, 'only ours is left')
})

t.test('removes what is left of a process that ended before it held its lock', async t => {
  const folder = await makeFolder(t)
  const leases = join(folder, 'leases')
  const [one, two] = [await openIn(t, folder), await openIn(t, folder)]
  await one.lease({ receiver, limit: 9, now })
  const [ours] = await readdir(leases)
  await writeFile(join(leases, randomUUID()), '')
  await two.lease({ receiver, limit: 9, now })
  await two.close()
  t.same(await readdir(leases), [ours])
})

t.test('gives back its leases when it is closed', async t => {
  const folder = await makeFolder(t)
  const [one, two] = [await openIn(t, folder), await openIn(t, folder)]
  await one.queue(request('a'))
  await one.leaseOne(1)
  await one.close()
  t.match(await two.leaseOne(1), { number: 1 })
  t.equal((await readdir(join(folder, 'leases'))).length, 1)
})

t.test('a checkpoint replaces the one that was compared with it, and no other', async t => {
  const outbox = await open(t)
  const [one, two, three] = [1, 2, 3].map(size => ({ size, root: Buffer.alloc(32, size), note: `note ${size}` }))
  const { logs } = outbox
  const nothing = logs.witnessed('log+a')
  t.same(nothing, { own: undefined, latest: undefined })
  t.ok(await outbox.remember('log+a', nothing, one!))
  t.notOk(await outbox.remember('log+a', nothing, two!), 'another process was first')
  const first = logs.witnessed('log+a')
  t.ok(await outbox.remember('log+a', first, two!))
  t.notOk(await outbox.remember('log+a', first, three!))
  t.match(logs.witnessed('log+a'), { own: two!, latest: two! })
  t.same(logs.witnessed('other+a'), nothing)
})

t.test('two processes that follow one log under two of its keys cannot cross', async t => {
  const folder = await makeFolder(t)
  const [one, two] = [await openIn(t, folder), await openIn(t, folder)]
  const trees = [1, 2, 3].map(size => ({ size, root: Buffer.alloc(32, size), note: `note ${size}` }))
  t.ok(await one.remember('log+a', one.logs.witnessed('log+a'), trees[0]!))
  const [byOne, byTwo] = [one.logs.witnessed('log+a'), two.logs.witnessed('log+b')]
  t.ok(await two.remember('log+b', byTwo, trees[2]!), 'proven to continue the tree of 1')
  t.notOk(await one.remember('log+a', byOne, trees[1]!), 'so was this, and nobody has proven the two')
  t.match(one.logs.witnessed('log+a'), { own: trees[0]!, latest: { log: 'log+b', size: 3 } })
})

t.test('knows from where on the entries of a log are blinded', async t => {
  const { logs } = await open(t)
  t.equal(logs.versions('log'), undefined)
  for (const [version, index] of [
    [1, 3],
    [1, 2],
    [2, 9],
    [2, 8],
    [2, 12],
  ] as const)
    logs.noteVersion('log', version, index)
  t.same(logs.versions('log'), { lastShown: 3, firstBlinded: 8 })
})

t.test('says what the disk does not let it do', async t => {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'file'), '')
  await t.rejects(openOutbox(join(folder, 'file')), { code: 'configuration', detail: /a folder/ })
  await mkdir(join(folder, 'broken'))
  await writeFile(join(folder, 'broken', 'outbox.sqlite'), 'no database'.repeat(200))
  await t.rejects(openOutbox(join(folder, 'broken')), { code: 'storage-unavailable' })
})

t.test('cannot store delivered without a receipt, from any writer', async t => {
  const folder = await makeFolder(t)
  const outbox = await openIn(t, folder)
  await outbox.queue(request('a'))
  using database = new DatabaseSync(join(folder, 'outbox.sqlite'))
  const set = (assignments: string) => () => database.exec(`UPDATE outbox SET ${assignments}`)
  t.throws(set("state = 'delivered', settled_at = 1"), /CHECK/)
  t.throws(set("state = 'refused'"), /CHECK/)
  t.throws(set("state = 'lost', settled_at = 1"), /CHECK/)
  t.throws(set("state = 'expired', settled_at = 1, lease = 'x'"), /CHECK/)
})
