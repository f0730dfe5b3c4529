import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { post } from '../testing/client.ts'
import { makeCerts, makeDocument, makeFolder, openGateway, senderId } from '../testing/gateway.ts'
import { measureSpace, openStorageRoom, type Space, type StorageLimits, StorageRoom } from './storage-room.ts'

const HOUR = 3600 * 1000

async function openScene(limits: Partial<StorageLimits> = {}, space: Space = { free: 1100, total: 2000 }) {
  let time = 0
  let measured = space
  const room = new StorageRoom(
    { reserve: 100, quota: 'off', ...limits },
    async () => measured,
    () => time,
  )
  await room.measure()
  const measure = async (free: number) => {
    measured = { ...space, free }
    await room.measure()
  }
  const pass = (milliseconds: number) => {
    time += milliseconds
  }
  return { room, measure, pass }
}

t.test('leaves the reserve free', async t => {
  const { room, measure } = await openScene({ quota: 'off' }, { free: 200, total: 2000 })
  t.throws(() => room.take('A', 101), {
    code: 'storage-unavailable',
    status: 503,
    detail: /100 bytes are left above the reserve of 100/,
  })
  await measure(100)
  t.throws(() => room.take('A', 0), { code: 'storage-unavailable', detail: '100 bytes are free, 100 are the reserve' })
  await measure(1100)
  room.take('A', 100)
})

t.test('one partner gets three quarters of what is free, and leaves the rest to others', async t => {
  const { room, measure } = await openScene()
  for (let i = 0; i < 75; i++) room.take('A', 10)
  t.throws(() => room.take('A', 10), {
    code: 'rate-limit',
    status: 429,
    detail: /^"A" would have stored 760 .* 240 are left/,
  })
  for (let i = 0; i < 18; i++) room.take('B', 10)
  t.throws(() => room.take('B', 10), { code: 'rate-limit' })
  room.take('C', 10)
  await measure(10_000)
  room.take('A', 1000)
})

t.test('what was stored long ago counts less, and what was not stored not at all', async t => {
  const { room, pass } = await openScene({ quota: 500 }, { free: 100_000, total: 200_000 })
  room.take('A', 500)
  t.throws(() => room.take('A', 10), {
    code: 'rate-limit',
    detail: /"A" may store 500 bytes in a day, this would be 510/,
  })
  room.giveBack('A', 10)
  room.take('A', 10)
  pass(HOUR)
  room.take('A', 20)
  t.throws(() => room.take('A', 10), { code: 'rate-limit' })
  pass(24 * HOUR)
  room.take('A', 400)
})

t.test('the reserve is a part of the file system at the most; one that cannot be measured is full', async t => {
  const { room } = await openScene({ reserve: 'auto' }, { free: 105, total: 2000 })
  t.throws(() => room.take('A', 6), { code: 'storage-unavailable', detail: /reserve of 100/ })
  const { free, total } = await measureSpace(await makeFolder(t))
  t.ok(free > 0 && free <= total)
  const none = { storedSince: async () => [] }
  const measure = () => measureSpace('/there/is/nothing')
  const lost = await openStorageRoom({ reserve: 0, quota: 'off' }, measure, none, new Date())
  t.throws(() => lost.take('A', 0), { code: 'storage-unavailable', detail: /cannot be measured/ })
})

t.test('what was stored in the last day counts after a restart, too', async t => {
  const gateway = await openGateway(t, await makeCerts(t))
  const document = await makeDocument(gateway, { payload: 'x'.repeat(50_000) })
  t.equal((await post(gateway, document)).status, 201)
  const check = async (hours: number, bytes: number) => {
    const now = new Date(Date.now() + hours * HOUR)
    const limits = { reserve: 0, quota: 100_000 }
    const room = await openStorageRoom(limits, () => measureSpace(gateway.data), gateway.gate.ledger, now)
    return () => room.check(senderId, bytes)
  }
  t.doesNotThrow(await check(0, 30_000))
  t.throws(await check(0, 50_000), { code: 'rate-limit' })
  t.doesNotThrow(await check(12, 60_000), 'and less by the hour')
  t.throws(await check(12, 75_000), { code: 'rate-limit' })
  t.doesNotThrow(await check(25, 100_000))
})

t.test('logs once that there is no room, and once that there is again', async t => {
  const { room, measure } = await openScene({ reserve: 2000 })
  const lines: string[] = []
  const logged = async (count: number) => {
    while (lines.length < count) await pause(5)
  }
  const watch = room.watch({
    error: (line: string) => lines.push(line),
    info: (line: string) => lines.push(line),
  } as never)
  t.teardown(() => watch.close())
  await logged(1)
  await measure(1200)
  await measure(3000)
  await logged(2)
  t.match(lines, [
    /^no documents are accepted: 1100 bytes are free, 2000 are the reserve; free space on the disk/,
    'there is room on the disk, documents are accepted again',
  ])
})
