// The attempts of a delivery by the API: their pages, and those that are not recorded.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Attempt, openOutbox } from '@seg/ledger'
import t from 'tap'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'

const certs = await makeConsoleCerts(t)
const now = Date.UTC(2026, 10, 29, 8)

t.test('each attempt of a delivery is a row, the latest first, in pages', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'seg-attempts-'))
  const outbox = await openOutbox(folder)
  t.teardown(async () => {
    await outbox.close()
    await rm(folder, { recursive: true })
  })
  const document = { path: 'a.xml', bytes: 1, sha256: '00', id: 'a', receiverId: 'R', own: undefined }
  const asked = { delivery: 'a', receiver: 'https://r.example', file: 'a', document, queuedAt: now }
  await outbox.queue({ ...asked, expiresAt: now + 3_600_000 })
  const listener = await openListener(t, certs, { outbox: folder })
  const viewer = listener.keyOf('viewer')
  const get = async (path: string) => (await listener.ask('GET', path, viewer)).json
  const path = '/api/v1/deliveries/1/attempts'
  t.same(await get(path), { data: [], next: null, prev: null, tries: 0, notRecorded: 0 })

  const request = 'urn:uuid:01234567-89ab-4cde-8f01-23456789abcd'
  for (let i = 1; i <= 102; i++) {
    const held = (await outbox.leaseOne(1))!
    const reason = { code: 'overloaded', detail: 'the receiver has too much to do', at: now } as const
    const seen = i % 2 === 0 ? { status: 503, address: '192.0.2.1', request } : {}
    await outbox.postpone(held, reason, now, { startedAt: now + i, duration: 12.5, ...seen })
  }
  const held = (await outbox.leaseOne(1))!
  await outbox.deliver(held, Buffer.from('receipt'), now, { startedAt: now + 103, duration: 40, status: 201 })

  const first = await get(`${path}?limit=2`)
  t.match(first, { tries: 103, notRecorded: 3, prev: null })
  t.same(first.data, [
    {
      ...{ attempt: 103, startedAt: '2026-11-29T08:00:00.103Z', duration: 40, outcome: 'delivered', code: null },
      ...{ detail: null, status: 201, address: null, request: null },
    },
    {
      ...{ attempt: 102, startedAt: '2026-11-29T08:00:00.102Z', duration: 12.5, outcome: 'postponed' },
      ...{ code: 'overloaded', detail: 'the receiver has too much to do' },
      ...{ status: 503, address: '192.0.2.1', request },
    },
  ])
  const seen: number[] = []
  for (let at: string | null = `${path}?limit=30`; at !== null; ) {
    const { data, next }: { data: { attempt: Attempt['number'] }[]; next: string | null } = await get(at)
    seen.push(...data.map(({ attempt }) => attempt))
    at = next
  }
  t.same(seen, [...Array.from({ length: 99 }, (_, i) => 103 - i), 1])
  const second = await get(first.next)
  t.same((await get(second.prev)).data, first.data)
  t.match(await get(`${path}?after=${new URL(second.prev, 'https://x').searchParams.get('before')}x`), {
    code: 'parameter-invalid',
  })
  t.match(await get('/api/v1/deliveries/2/attempts'), { status: 404, code: 'not-found' })
})
