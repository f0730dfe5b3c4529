// What a client may try, before it has logged in and after: each attempt is refused or ends, and
// costs nobody else anything.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { openDatabase } from '@seg/ledger'
import { loadTrust } from '@seg/pki'
import t from 'tap'
import { deskMigrations } from '../desk/desk-schema.ts'
import { DeskStore } from '../desk/desk-store.ts'
import { MetricStore } from '../metrics/metric-store.ts'
import { makeConsoleCerts, openListener, type TestListener } from '../testing/listener.ts'
import { RawAnswer, route } from './route.ts'
import { Type } from './schema.ts'

const certs = await makeConsoleCerts(t)
const { caPem: ca } = await loadTrust(certs)

/** An answer that nobody reads. */
async function stall({ url }: TestListener, path: string, headers: Record<string, string>, method = 'GET') {
  const { port } = new URL(url)
  const asked = request({ host: '127.0.0.1', servername: 'localhost', port, path, method, agent: false, ca, headers })
  asked.on('error', () => {})
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.on('error', () => {})
  t.teardown(() => asked.destroy())
  return answer
}

t.test('a reader that takes nothing is disconnected, and what it was sent ends', async t => {
  const body = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(65_536)
    })(),
  )
  const endless = route({
    method: 'GET',
    path: '/api/v1/endless',
    permission: 'me',
    summary: 'For this test.',
    response: Type.String(),
    type: 'application/octet-stream',
    handle: () => new RawAnswer('application/octet-stream', body),
  })
  const listener = await openListener(t, certs, { routes: [endless], limits: { stallTime: 200 } })
  const ended = once(body, 'close')
  await stall(listener, '/api/v1/endless', listener.keyOf('viewer'))
  // It is ended with an error, for nobody has read it.
  await ended.catch(() => {})
  t.ok(body.destroyed)
})

t.test('exports of one who stalls leave room for those of others', async t => {
  const listener = await openListener(t, certs)
  const database = await openDatabase(join(listener.folder, 'desk.sqlite'), deskMigrations)
  t.teardown(() => database.close())
  const facts = Array.from({ length: 8000 }, (_, i) => ({
    ...({ kind: 'document', outcome: 'accepted', at: 1_700_000_000_000 + i, index: i } as const),
    document: 'x'.repeat(250),
  }))
  new DeskStore(database, new MetricStore()).enter(facts)
  const path = '/api/v1/exports/documents'
  const [one, other] = [listener.keyOf('viewer'), listener.keyOf('viewer')]
  const answers = await Promise.all([1, 2, 3, 4].map(() => stall(listener, path, one)))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, 200, 503, 503])
  t.equal((await listener.ask('GET', `${path}?to=2023-11-14T22:13:21.000Z`, other)).status, 200)
})

t.test('a body of values in each other without end is refused as such', async t => {
  const listener = await openListener(t, certs, { fourEyes: true })
  const officer = listener.keyOf('security-officer')
  const deep = `${'['.repeat(25_000)}${']'.repeat(25_000)}`
  const map = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`
  for (const value of [deep, map])
    for (const fields of [{}, { 'idempotency-key': 'k' }])
      t.match(
        await listener.ask(
          'POST',
          '/api/v1/partners',
          { ...officer, ...fields },
          `{"why":"x","record":{"id":"M1","x":${value}}}`,
        ),
        { status: 400, json: { code: 'parameter-invalid' } },
      )
  t.same(listener.complaints, [])
})

t.test('a request names itself, its pages and its way on in vain', async t => {
  const pages = {
    page: async () => ({ status: 200, type: 'text/html', body: 'page', fields: {} }),
    login: () => ({ status: 401, type: 'text/html', body: 'login', fields: {} }),
    file: async (path: string) =>
      path === '/assets/a.js' ? { status: 200, type: 'text/javascript', body: 'file', fields: {} } : undefined,
  }
  const listener = await openListener(t, certs, { pages })
  const session = { ...listener.sessionOf('viewer'), 'sec-fetch-site': 'same-origin' }
  const named = await listener.ask('GET', '/api/v1/me', {
    ...session,
    'x-request-id': 'urn:uuid:mine',
    'request-id': 'mine',
  })
  t.match(named.fields['x-request-id'], /^urn:uuid:[0-9a-f-]{36}$/)
  for (const path of [
    '/assets/../a.js',
    '/assets/%2e%2e/a.js',
    '/assets/..%2fa.js',
    '/assets//a.js',
    '/assets/a.js%00',
    '/assets/a.js/',
    '//assets/a.js',
  ])
    t.equal((await listener.ask('GET', path, session)).status, 404, path)
  t.equal((await stall(listener, '/assets/a.js', session, 'HEAD')).statusCode, 404)
  t.match(await listener.ask('GET', '/assets/a.js', { ...session, range: 'bytes=0-1' }), { status: 200, text: 'file' })
  t.equal((await listener.ask('GET', '/assets/a.js')).status, 401)
  for (const to of [
    '//evil.example',
    '/%5c%5cevil.example',
    '/\\evil.example',
    'https://evil.example',
    '/a%0d%0ax: y',
    '/a%09b',
    '/a?b',
    '/a"b',
    '/a<b',
    'javascript:1',
    '/é',
  ])
    for (const path of [`${new URL(listener.linkOf('viewer')).pathname}?to=`, '/login/openid?to='])
      t.equal((await listener.ask('GET', encodeURI(decodeURI(`${path}${to}`)))).status, 400, to)
  for (const to of ['/.//evil.example', '/..//evil.example', '/%2f%2fevil.example', '/%252f']) {
    const { status, fields } = await listener.ask('GET', `${new URL(listener.linkOf('viewer')).pathname}?to=${to}`)
    const leads = new URL(fields.location ?? '/', listener.url)
    t.ok(status === 400 || leads.origin === listener.url, `${to}: ${status} ${leads}`)
    t.notMatch(leads.pathname, /^\/\//, 'a page would take its path for that of another host')
  }
})
