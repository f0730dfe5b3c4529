// Events: from where a reader left off, at its pace, and only as long as its credential counts.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { openDatabase } from '@seg/ledger'
import { loadTrust } from '@seg/pki'
import t, { type Test } from 'tap'
import { IDLE_TIME } from '../access/access-rows.ts'
import { authenticate } from '../access/authenticate.ts'
import type { GatewayAnswers } from '../api/parts.ts'
import type { RawAnswer } from '../api/route.ts'
import { deskMigrations } from '../desk/desk-schema.ts'
import { openDeskSearch } from '../desk/desk-search.ts'
import { DeskStore } from '../desk/desk-store.ts'
import { MetricStore } from '../metrics/metric-store.ts'
import { makeConsoleCerts, openListener, type TestListener } from '../testing/listener.ts'
import { eventRoutes } from './event-routes.ts'

const certs = await makeConsoleCerts(t)

async function openDeskListener(t: Test, answers: Partial<GatewayAnswers> = {}) {
  const data = await mkdtemp(join(tmpdir(), 'seg-events-'))
  const listener = await openListener(t, certs, { data, answers })
  const database = await openDatabase(join(data, 'desk.sqlite'), deskMigrations)
  const store = new DeskStore(database, new MetricStore())
  t.teardown(async () => {
    database.close()
    await rm(data, { recursive: true, force: true })
  })
  const enter = (from: number, count: number) =>
    store.enter(
      Array.from({ length: count }, (_, i) => ({
        ...({ kind: 'refusal', outcome: 'refused', at: Date.now() - 60_000 + from + i, code: 'xml-name' } as const),
        document: `d${from + i}`,
      })),
    )
  return { listener, enter }
}

async function follow({ url }: TestListener, fields: Record<string, string>, query = '') {
  const { port } = new URL(url)
  const asked = request({
    ...{ host: '127.0.0.1', servername: 'localhost', port, path: `/api/v1/events${query}`, agent: false },
    ...{ headers: fields, ca: (await loadTrust(certs)).caPem },
  })
  asked.on('error', () => {})
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.setEncoding('utf8')
  answer.on('error', () => {})
  let text = ''
  answer.on('data', piece => {
    text += piece
  })
  const documents = () => [...text.matchAll(/"document":"(d\d+)"/g)].map(([, name]) => name!)
  const until = async (isThere: () => boolean) => {
    while (!isThere()) await once(answer, 'data')
  }
  return { asked, answer, text: () => text, documents, until }
}

t.test('a reader gets what it missed in order, then what is new, each once', async t => {
  const { listener, enter } = await openDeskListener(t)
  enter(0, 450)
  const key = listener.keyOf('viewer')
  const reader = await follow(listener, key, '?after=0')
  t.match(reader.answer.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  await reader.until(() => reader.documents().length >= 450)
  enter(500, 2)
  await reader.until(() => reader.documents().length >= 452)
  t.same(reader.documents(), [...Array.from({ length: 450 }, (_, i) => `d${i}`), 'd500', 'd501'])
  const [, id] = /id: (\d+)\nevent: refusal\ndata: [^\n]*"d448"/.exec(reader.text()) ?? []
  reader.asked.destroy()
  const again = await follow(listener, { ...key, 'last-event-id': id! })
  await again.until(() => again.documents().length >= 3)
  t.same(again.documents(), ['d449', 'd500', 'd501'])
  again.asked.destroy()
  for (const [fields, query] of [
    [{ 'last-event-id': 'x' }, ''],
    [{}, '?after=-1'],
  ] as const)
    t.equal((await listener.ask('GET', `/api/v1/events${query}`, { ...key, ...fields })).status, 400)
})

t.test('what happens now reaches each reader, in order and once, however late the desk enters it', async t => {
  const { listener, enter } = await openDeskListener(t)
  const key = listener.keyOf('viewer')
  const readers = await Promise.all([follow(listener, key), follow(listener, key)])
  await Promise.all(readers.map(reader => reader.until(() => reader.text().includes('retry:'))))
  const names: string[] = []
  for (const first of [0, 10, 20]) {
    // The tests' facts are a minute old: these happen now.
    enter(60_000 + first, 5)
    names.push(...Array.from({ length: 5 }, (_, i) => `d${60_000 + first + i}`))
    await Promise.all(readers.map(reader => reader.until(() => reader.documents().length >= names.length)))
  }
  for (const { documents, asked } of readers) {
    t.same(documents(), names)
    asked.destroy()
  }
})

t.test('who missed too much gets a gap instead, and the newest from there', async t => {
  let gaps = 0
  const { listener, enter } = await openDeskListener(t, { noteEventGap: () => void gaps++ })
  enter(0, 5001)
  const reader = await follow(listener, listener.keyOf('viewer'), '?after=0')
  await reader.until(() => reader.text().includes('event: gap'))
  t.same(reader.documents(), [])
  t.equal(gaps, 1, 'the metrics count it')
  reader.asked.destroy()
})

t.test('a key that is revoked ends what it reads', async t => {
  const { listener, enter } = await openDeskListener(t)
  enter(0, 1)
  const reader = await follow(listener, listener.keyOf('viewer'), '?after=0')
  await reader.until(() => reader.documents().length === 1)
  const ended = once(reader.answer, 'end')
  listener.access.revokeKey(listener.access.keys()[0]!.id, new Date())
  await ended
  t.pass('the stream is over')
})

t.test('a key that is revoked ends what it reads also while it catches up', async t => {
  const { listener, enter } = await openDeskListener(t)
  enter(0, 1000)
  const headers = listener.keyOf('viewer')
  const search = openDeskSearch(listener.folder)
  t.teardown(() => search.close())
  const operator = authenticate('GET', headers, listener.access, new Date())
  const asked = { headers, operator, query: { after: '0' }, signal: new AbortController().signal }
  const parts = { access: listener.access, desk: () => search, now: () => new Date() }
  // Without a connection: its buffers would take all of it before anybody reads.
  const { body } = eventRoutes[0]!.handle(asked as never, parts as never) as RawAnswer
  let events = 0
  for await (const piece of body as Readable) {
    const text = String(piece)
    if (events === 0 && text.startsWith('id: ')) listener.access.revokeKey(operator.credential, new Date())
    events += text.split('\nevent: ').length - 1
  }
  t.ok(events >= 200, `${events}`)
  t.ok(events <= 600, `${events} of 1000, no more than was read ahead`)
})

t.test('there are so many readers at once and no more, and who goes makes room', async t => {
  const { listener } = await openDeskListener(t)
  const keys = Array.from({ length: 4 }, () => listener.keyOf('viewer'))
  const [key, other] = keys as [Record<string, string>, Record<string, string>]
  const readersOf = (one: Record<string, string>) => Array.from({ length: 16 }, () => follow(listener, one))
  const readers = await Promise.all(readersOf(key))
  t.equal((await listener.ask('GET', '/api/v1/events', key)).status, 503, 'one key has its part')
  readers.push(...(await Promise.all(keys.slice(1).flatMap(readersOf))))
  t.same([...new Set(readers.map(({ answer }) => answer.statusCode))], [200], 'and leaves that of others')
  t.equal((await listener.ask('GET', '/api/v1/events', listener.keyOf('viewer'))).status, 503)
  t.equal((await listener.ask('GET', '/api/v1/events', other)).status, 503)
  const [first] = readers
  first!.asked.destroy()
  let status = 503
  for (const end = Date.now() + 5000; status === 503 && Date.now() < end; ) {
    const reader = await follow(listener, key)
    status = reader.answer.statusCode!
    reader.asked.destroy()
  }
  t.equal(status, 200)
  for (const { asked } of readers) asked.destroy()
})

t.test('a stream of events, and opening one again, keep no session alive', async t => {
  const { listener } = await openDeskListener(t)
  const start = Date.now()
  const at = (time: number) => listener.setTime(new Date(start + time))
  at(0)
  const session = { ...listener.sessionOf('viewer'), 'sec-fetch-site': 'same-origin' }
  const reader = await follow(listener, session)
  at(IDLE_TIME - 60_000)
  const again = await follow(listener, session)
  t.equal(again.answer.statusCode, 200)
  // Each looks at its session within half a second.
  at(IDLE_TIME + 1000)
  await Promise.all([reader, again].map(({ answer }) => answer.complete || once(answer, 'end')))
  t.equal((await listener.ask('GET', '/api/v1/me', session)).status, 401)
})
