// The outbox on disk keeps the whole contract, and its leases are those of processes that live.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { testAttempts } from '../testing/attempts-contract.ts'
import { type OutboxImplementation, outboxRequest, testOutbox } from '../testing/outbox-contract.ts'
import { makeFolder } from '../testing/sample-documents.ts'
import { openOutbox } from './open-outbox.ts'

const receiver = 'https://localhost:8443'
const HOUR = 3_600_000
const now = 1_800_000_000_000

const implementation: OutboxImplementation = {
  open: openOutbox,
  // A holder without its file has ended.
  loseLeases: folder => rm(join(folder, 'leases'), { recursive: true }),
}
testOutbox(t, implementation)
testAttempts(t, implementation)

async function openIn(t: Test, folder: string) {
  const outbox = await openOutbox(folder)
  t.teardown(() => outbox.close())
  return outbox
}

t.test('takes over what a killed process had on its way, and nothing of one that lives', async t => {
  const folder = await makeFolder(t)
  const outbox = await openIn(t, folder)
  for (const delivery of ['a', 'b'])
    await outbox.queue(outboxRequest(delivery, { expiresAt: Date.now() + HOUR, queuedAt: 0 }))
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
  await one.close()
  t.same(await readdir(leases), [])
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
  await outbox.queue(outboxRequest('a'))
  using database = new DatabaseSync(join(folder, 'outbox.sqlite'))
  const set = (assignments: string) => () => database.exec(`UPDATE outbox SET ${assignments}`)
  t.throws(set("state = 'delivered', settled_at = 1"), /CHECK/)
  t.throws(set("state = 'refused'"), /CHECK/)
  t.throws(set("state = 'lost', settled_at = 1"), /CHECK/)
  t.throws(set("state = 'expired', settled_at = 1, lease = 'x'"), /CHECK/)
})
