// What any outbox must do, through its port alone: the tests that every implementation passes.
import type { Test } from 'tap'
import type { LeasedEntry, Outbox, OutboxRequest } from '../outbox/outbox.ts'
import { makeFolder } from './sample-documents.ts'

/** How to open the outbox under test. */
export type OutboxImplementation = {
  /** Of this data folder; several may be open at once. */
  open(folder: string): Promise<Outbox>
  /** What others do once they take each holder of leases to have ended. */
  loseLeases(folder: string): Promise<void>
}

const receiver = 'https://localhost:8443'
const HOUR = 3_600_000
const now = 1_800_000_000_000
const attempt = { startedAt: now - 40, duration: 40 }
const reason = { code: 'overloaded', detail: 'later', at: now } as const
const receipt = Buffer.from('a receipt')
/** What LeaseLost says. */
const lost = { code: 'delivery-pending', detail: /lease of number [12345] of the outbox was lost/ }

export function outboxRequest(delivery: string, change: Partial<OutboxRequest> = {}): OutboxRequest {
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

const request = outboxRequest

async function take(outbox: Outbox, number: number): Promise<LeasedEntry> {
  const held = await outbox.leaseOne(number)
  if (held === undefined) throw new Error(`entry ${number} cannot be leased`)
  return held
}

export function testOutbox(t: Test, implementation: OutboxImplementation): void {
  const openIn = async (t: Test, folder: string) => {
    const outbox = await implementation.open(folder)
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
    const free = { lease: undefined, leases: 0, settledAt: undefined, reason: undefined }
    const fresh = { state: 'queued', tries: 0, nextTry: now, isHurried: false, ...free }
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
    const delivered = await outbox.deliver(await take(outbox, 1), receipt, now, attempt)
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
    const foreign = { ...first[0]!, lease: 'another' }
    await t.rejects(two.deliver(foreign, receipt, now, attempt), lost)
    await t.rejects(two.postpone(foreign, reason, now, attempt), lost)
    await t.rejects(two.cancel(1, now), { code: 'usage', detail: /on its way/ })
    await one.release(first[0]!)
    t.match(await two.leaseOne(1), { number: 1, tries: 0, leases: 2 })
  })

  t.test('keeps an entry back until its next try, and leases the longest due first', async t => {
    const outbox = await open(t)
    for (const delivery of ['a', 'b']) await outbox.queue(request(delivery))
    t.match(await outbox.postpone(await take(outbox, 1), reason, now + 1000, attempt), {
      state: 'queued',
      tries: 1,
      reason,
      lease: undefined,
    })
    const due = await outbox.lease({ receiver, limit: 9, now: now + 999 })
    t.same(
      due.map(({ number }) => number),
      [2],
    )
    await outbox.postpone(due[0]!, reason, now + 500, attempt)
    t.same(
      (await outbox.lease({ receiver, limit: 9, now: now + 1000 })).map(({ number }) => number),
      [2, 1],
    )
    t.same(await outbox.lease({ receiver: 'https://other', limit: 9, now: now + 1000 }), [])
  })

  t.test('moves forward only', async t => {
    const outbox = await open(t)
    for (const delivery of ['delivered', 'refused', 'expired', 'cancelled']) await outbox.queue(request(delivery))
    const held = [await take(outbox, 1), await take(outbox, 2), await take(outbox, 3)]
    t.match(await outbox.deliver(held[0]!, receipt, now + 1, attempt), {
      state: 'delivered',
      settledAt: now + 1,
      tries: 1,
      reason: undefined,
    })
    t.match(await outbox.refuse(held[1]!, { ...reason, code: 'schema-invalid' }, attempt), {
      state: 'refused',
      reason: { code: 'schema-invalid' },
      settledAt: now,
    })
    t.match(await outbox.cancel(4, now), { state: 'cancelled' })
    t.match(await outbox.giveUp(held[2]!, reason, attempt), {
      state: 'expired',
      reason,
      tries: 1,
      settledAt: now,
      lease: undefined,
    })
    t.same(await outbox.receipt(1), receipt)
    for (const late of held) {
      await t.rejects(outbox.deliver(late, receipt, now, attempt), lost)
      await t.rejects(outbox.refuse(late, reason, attempt), lost)
      await t.rejects(outbox.postpone(late, reason, now, attempt), lost)
    }
    for (const number of [1, 2, 3, 4]) {
      t.equal(await outbox.leaseOne(number), undefined)
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
    await outbox.postpone(await take(outbox, 1), reason, now + HOUR, attempt)
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
    await outbox.deliver(await take(outbox, 2), receipt, now, attempt)
    await t.rejects(outbox.retry(2, now, now), { code: 'usage' })
    await t.rejects(outbox.retry(7, now, now), { code: 'usage', detail: /no entry 7/ })
  })

  t.test('makes a new entry for what has expired unnoticed, and renews what was never tried', async t => {
    const outbox = await open(t)
    await outbox.queue(request('a'))
    const tried = await outbox.postpone(await take(outbox, 1), reason, now, attempt)
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
    await outbox.postpone(await take(outbox, 2), reason, now + HOUR, attempt)
    t.match(await outbox.lease({ receiver, limit: 9, now }), [{ number: 1 }])
  })

  t.test('leases an entry that is due now although the receiver asked for a pause', async t => {
    const outbox = await open(t)
    for (const delivery of ['a', 'b', 'c']) await outbox.queue(request(delivery))
    for (const number of [1, 2]) await outbox.postpone(await take(outbox, number), reason, now + HOUR, attempt)
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
    const held = await take(outbox, 1)
    await t.rejects(outbox.replaceDocument({ ...held, leases: 2 }, document), lost)
    await t.rejects(outbox.replaceDocument({ ...held, delivery: 'other' }, document), lost)
    t.match(await outbox.replaceDocument(held, document), { document, lease: held.lease, leases: 1 })
  })

  t.test('a checkpoint replaces the one that was compared with it, and no other', async t => {
    const outbox = await open(t)
    const [one, two, three] = [1, 2, 3].map(size => ({ size, root: Buffer.alloc(32, size), note: `note ${size}` }))
    const { logs } = outbox
    const nothing = await logs.witnessed('log+a')
    t.same(nothing, { own: undefined, latest: undefined })
    t.ok(await outbox.remember('log+a', nothing, one!))
    t.notOk(await outbox.remember('log+a', nothing, two!), 'another process was first')
    const first = await logs.witnessed('log+a')
    t.ok(await outbox.remember('log+a', first, two!))
    t.notOk(await outbox.remember('log+a', first, three!))
    t.match(await logs.witnessed('log+a'), { own: two!, latest: two! })
    t.same(await logs.witnessed('other+a'), nothing)
  })

  t.test('two processes that follow one log under two of its keys cannot cross', async t => {
    const folder = await makeFolder(t)
    const [one, two] = [await openIn(t, folder), await openIn(t, folder)]
    const trees = [1, 2, 3].map(size => ({ size, root: Buffer.alloc(32, size), note: `note ${size}` }))
    t.ok(await one.remember('log+a', await one.logs.witnessed('log+a'), trees[0]!))
    const [byOne, byTwo] = [await one.logs.witnessed('log+a'), await two.logs.witnessed('log+b')]
    t.ok(await two.remember('log+b', byTwo, trees[2]!), 'proven to continue the tree of 1')
    t.notOk(await one.remember('log+a', byOne, trees[1]!), 'so was this, and nobody has proven the two')
    t.match(await one.logs.witnessed('log+a'), { own: trees[0]!, latest: { log: 'log+b', size: 3 } })
  })

  t.test('knows from where on the entries of a log are blinded', async t => {
    const { logs } = await open(t)
    t.equal(await logs.versions('log'), undefined)
    for (const [version, index] of [
      [1, 3],
      [1, 2],
      [2, 9],
      [2, 8],
      [2, 12],
    ] as const)
      await logs.noteVersion('log', version, index)
    t.same(await logs.versions('log'), { lastShown: 3, firstBlinded: 8 })
  })

  t.test('writes nothing under a lease that was lost, and what its new holder writes stays', async t => {
    const folder = await makeFolder(t)
    const [one, two] = [await openIn(t, folder), await openIn(t, folder)]
    for (const delivery of ['a', 'b']) await one.queue(request(delivery))
    const [first, second] = [await take(one, 1), await take(one, 2)]
    await implementation.loseLeases(folder)
    const [again] = await two.lease({ receiver, limit: 1, now })
    t.match(again, { number: 1, leases: 2 })
    await t.rejects(one.deliver(first, receipt, now, attempt), lost)
    await t.rejects(one.postpone(first, reason, now, attempt), lost)
    await t.rejects(one.refuse(first, reason, attempt), lost)
    await t.rejects(one.giveUp(first, reason, attempt), lost)
    await one.release({ ...first, number: 99 })
    t.pass("a lease of nothing is nobody's to give")
    await t.rejects(one.replaceDocument(first, { ...first.document, path: 'other.xml' }), lost)
    await one.release(first)
    t.same(await one.find(1), again, 'it is as its holder has it')
    await two.deliver(again!, receipt, now, attempt)
    await t.rejects(one.postpone(first, reason, now, attempt), lost)
    t.same(await one.receipt(1), receipt)
    await t.rejects(one.deliver(second, receipt, now, attempt), lost, 'free, and not ours')
    t.match(await two.find(2), { state: 'queued', lease: undefined, tries: 1 }, 'the lost one counts')
  })

  t.test('knows two leases of one holder apart', async t => {
    const outbox = await open(t)
    await outbox.queue(request('a'))
    const first = await take(outbox, 1)
    await outbox.release(first)
    const second = await take(outbox, 1)
    t.equal(second.lease, first.lease)
    await t.rejects(outbox.postpone(first, reason, now, attempt), lost)
    await outbox.release(first)
    t.match(await outbox.deliver(second, receipt, now, attempt), { state: 'delivered', tries: 1 })
  })

  t.test('gives back its leases when it is closed', async t => {
    const folder = await makeFolder(t)
    const [one, two] = [await openIn(t, folder), await openIn(t, folder)]
    await one.queue(request('a'))
    await one.leaseOne(1)
    await one.close()
    t.match(await two.leaseOne(1), { number: 1 })
  })

  t.test('remembers what was seen of the logs, and what is doubted of them', async t => {
    const folder = await makeFolder(t)
    const [outbox, other] = [await openIn(t, folder), await openIn(t, folder)]
    const [one, two] = [1, 2].map(size => ({ size, root: Buffer.alloc(32, size), note: `note ${size}` }))
    await outbox.logs.note('log+a', [one!, two!], now)
    await outbox.logs.note('log+a', [two!], now + 1)
    await outbox.logs.note('log+b', [one!], now + 2)
    t.same(await other.logs.seen('log+a'), [
      { ...one!, log: 'log+a', seenAt: now },
      { ...two!, log: 'log+a', seenAt: now },
    ])
    t.same(
      (await other.logs.seen()).map(({ log, size }) => [log, size]),
      [
        ['log+a', 1],
        ['log+a', 2],
        ['log+b', 1],
      ],
    )
    await outbox.logs.doubt('log+a', { at: now, isRefusal: true, reason: 'first' })
    const doubt = { since: now, looks: 2, refusals: 1, reason: 'second' }
    t.same(await other.logs.doubt('log+a', { at: now + 1, isRefusal: false, reason: 'second' }), doubt)
    t.same([...(await outbox.logs.doubts())], [['log+a', doubt]])
    await other.logs.settleDoubt('log+a')
    t.same([...(await outbox.logs.doubts())], [])
    t.notOk(await outbox.logs.end('log+a'), 'nothing was proven of it')
    await outbox.remember('log+a', await outbox.logs.witnessed('log+a'), one!)
    t.ok(await outbox.logs.end('log+a'))
    t.match(await other.logs.remembered(), [{ ...one!, log: 'log+a', hasEnded: true }])
    t.same(await other.logs.witnessed('log+b'), { own: undefined, latest: undefined }, 'it need not continue that')
  })
}
