// The outbox on PostgreSQL keeps the whole contract, on a real server; its leases end with their
// time, its commits wait for their standbys, and the bytes of documents are where each sender is.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { testAttempts } from '../../testing/attempts-contract.ts'
import { outboxRequest, testOutbox } from '../../testing/outbox-contract.ts'
import { MISSING, PostgresServer } from '../../testing/postgres-server.ts'
import { collect, makeFolder } from '../../testing/sample-documents.ts'
import { openNamedOutbox, openOutbox, openOutboxReader } from '../open-outbox.ts'

const server = await PostgresServer.start(t)
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}

const receiver = 'https://localhost:8443'
const attempt = { startedAt: 1_800_000_000_000, duration: 40, address: '192.0.2.1' }
const openAt = async (folder: string, outbox: string) => openOutbox(folder, { outbox, password: undefined })
await server.prepare(async url => openAt(await makeFolder(t), url))

/** The database of a folder. */
const databases = new Map<string, Promise<string>>()

function databaseOf(folder: string): Promise<string> {
  const found = databases.get(folder) ?? server!.makeDatabase()
  databases.set(folder, found)
  return found
}

async function ask(url: string, text: string) {
  return server!.ask(new URL(url.replace('@/', '@host/')).pathname.slice(1), text)
}

const END_HOLDERS = "UPDATE seg_outbox.holders SET until = clock_timestamp() - interval '1 second'"

const implementation = {
  open: async (folder: string) => openAt(folder, await databaseOf(folder)),
  loseLeases: async (folder: string) => void (await ask(await databaseOf(folder), END_HOLDERS)),
}
testOutbox(t, implementation)
testAttempts(t, implementation)

/** Two senders with folders of their own. */
async function openTwo(t: Test) {
  const url = await server!.makeDatabase()
  const folders = [await makeFolder(t), await makeFolder(t)]
  const outboxes = await Promise.all(folders.map(folder => openAt(folder, url)))
  t.teardown(() => Promise.all(outboxes.map(outbox => outbox.close())))
  return { url, folders, one: outboxes[0]!, two: outboxes[1]! }
}

t.test('is found in the folder that was opened with its address, by every command', async t => {
  const { url, folders, one } = await openTwo(t)
  await one.queue(outboxRequest('a'))
  const named = await openNamedOutbox(folders[1]!)
  t.match(await named.find(1), { delivery: 'a' })
  await named.close()
  const reader = (await openOutboxReader(folders[1]!))!
  t.match(await reader.entriesAfter(0, 9), [{ number: 1 }])
  t.match(await reader.entries([1, 7]), [{ number: 1 }])
  await one.deliver((await one.leaseOne(1))!, Buffer.from('receipt'), Date.now(), attempt)
  t.match(await reader.entries([1]), [{ number: 1, address: '192.0.2.1' }], 'with its latest attempt')
  await reader.close()
  t.equal(JSON.parse(await readFile(join(folders[0]!, 'outbox-place.json'), 'utf8')).outbox, url)
})

t.test('refuses a folder with an outbox of its own, and an address with a password', async t => {
  const folder = await makeFolder(t)
  await (await openOutbox(folder)).close()
  const url = await server!.makeDatabase()
  await t.rejects(openAt(folder, url), { code: 'configuration', detail: /has an outbox of its own/ })
  await t.rejects(openAt(await makeFolder(t), 'postgres://seg:secret@a/outbox'), {
    code: 'configuration',
    detail: /^the password of the outbox has no place in its address: give its file with --outbox-password$/,
  })
  await t.rejects(openAt(await makeFolder(t), `${url}&standbys=1`), {
    code: 'configuration',
    detail: /synchronous_standby_names/,
  })
  await t.rejects(openAt(await makeFolder(t), url.replace('postgres@', 'stranger@')), {
    code: 'configuration',
    detail: /--outbox-password/,
  })
})

t.test('loads its driver with an outbox in a database only', async t => {
  const script = join(import.meta.dirname, '../../testing/loaded-by-outbox.ts')
  const loaded = (...args: readonly string[]) =>
    JSON.parse(
      spawnSync(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout.toString(),
    )
  t.same(loaded(await makeFolder(t)), [])
  t.ok(loaded(await makeFolder(t), await server!.makeDatabase()).includes('pg'))
})

t.test('keeps the bytes of documents for all senders, whole or not at all', async t => {
  const { one, two } = await openTwo(t)
  const octets = Buffer.alloc(2 * 1024 * 1024 + 17, 'document ')
  const pieces = async function* () {
    for (let i = 0; i < octets.length; i += 65_536) yield octets.subarray(i, i + 65_536)
  }
  await Promise.all([one.documents!.keep('deliveries/a', pieces()), two.documents!.keep('deliveries/a', pieces())])
  t.ok(await two.documents!.has('deliveries/a'))
  t.ok(Buffer.concat(await collect(two.documents!.read('deliveries/a'))).equals(octets))
  const broken = async function* () {
    yield* pieces()
    throw new Error('no more')
  }
  await t.rejects(one.documents!.keep('deliveries/b', broken()), /no more/)
  t.notOk(await two.documents!.has('deliveries/b'))
  t.same(await collect(two.documents!.read('deliveries/b')), [])
  const endless = async function* () {
    for (;;) yield Buffer.alloc(1024 * 1024)
  }
  await t.rejects(one.documents!.keep('deliveries/c', endless()), { code: 'document-too-large' })
  t.notOk(await two.documents!.has('deliveries/c'))
})

t.test('a process that is stopped loses its leases in time, and writes nothing when it wakes', async t => {
  const { url, one } = await openTwo(t)
  for (const delivery of ['a', 'b']) await one.queue(outboxRequest(delivery))
  const script = join(import.meta.dirname, '../../testing/lease-and-wake.ts')
  const child = spawn(process.execPath, [script, await makeFolder(t), url, receiver], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  t.same(JSON.parse((await lines.next()).value!), [1, 2])
  t.same(await one.lease({ receiver, limit: 9, now: Date.now() }), [])
  child.kill('SIGSTOP')
  const taken = await until(
    () => one.lease({ receiver, limit: 9, now: Date.now() }),
    leased => leased.length > 0,
  )
  t.match(taken, [
    { number: 1, leases: 2 },
    { number: 2, leases: 2 },
  ])
  await one.deliver(taken[0]!, Buffer.from('ours'), Date.now(), attempt)
  child.kill('SIGCONT')
  child.stdin.write('deliver\n')
  t.match((await lines.next()).value, /the lease of number 1 of the outbox was lost/)
  child.stdin.end()
  await once(child, 'close')
  t.same(await one.receipt(1), Buffer.from('ours'))
  t.match(await one.find(2), { lease: taken[1]!.lease, tries: 1 })
})

t.test('frees what it leased itself when the answer to that commit was lost', async t => {
  const { url, one } = await openTwo(t)
  await one.queue(outboxRequest('a'))
  const held = (await one.leaseOne(1))!
  await one.release(held)
  // As a commit that came through, and whose answer did not.
  await ask(url, `UPDATE seg_outbox.outbox SET lease = '${held.lease}', leases = 2`)
  t.match(await one.lease({ receiver, limit: 9, now: Date.now() }), [{ number: 1, leases: 3 }])
})

t.test('goes on by itself after its connections were ended, and has lost nothing', async t => {
  const { url, one, two } = await openTwo(t)
  await one.queue(outboxRequest('a'))
  const held = (await one.leaseOne(1))!
  await server!.ask(
    'postgres',
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'seg outbox'",
  )
  const delivered = await until(() =>
    one.deliver(held, Buffer.from('receipt'), Date.now(), attempt).catch(error => {
      if (error.code !== 'storage-unavailable') throw error
    }),
  )
  t.match(delivered, { state: 'delivered' })
  t.same(await until(() => two.receipt(1).catch(() => undefined)), Buffer.from('receipt'))
  t.same(await ask(url, 'SELECT COUNT(*)::int AS entries FROM seg_outbox.outbox'), [{ entries: 1 }])
})

t.test('calls nothing written that no standby has', async t => {
  const primary = (await PostgresServer.start(t))!
  const standby = (await PostgresServer.start(t, primary))!
  await primary.set("synchronous_standby_names = 'ANY 1 (standby)'")
  await until(
    () => primary.ask('postgres', "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'quorum'"),
    rows => rows.length === 1,
  )
  const outbox = await openAt(await makeFolder(t), `${await primary.makeDatabase()}&standbys=1`)
  t.teardown(() => outbox.close())
  await outbox.queue(outboxRequest('a'))
  const held = (await outbox.leaseOne(1))!
  await standby.stop()
  await t.rejects(outbox.deliver(held, Buffer.from('receipt'), Date.now(), attempt), { code: 'storage-unavailable' })
  await standby.run()
  // The commit is on the disk of the primary: it is seen once a standby has it.
  const later = await until(
    () => outbox.find(1).catch(() => undefined),
    found => found?.state === 'delivered',
  )
  t.match(later, { state: 'delivered', tries: 1 })
  await t.rejects(
    until(() =>
      outbox.deliver(held, Buffer.from('another'), Date.now(), attempt).catch(error => {
        if (error.code !== 'storage-unavailable') throw error
      }),
    ),
    { code: 'delivery-pending' },
  )
  t.same(await outbox.receipt(1), Buffer.from('receipt'))
})
