// Logging in and out, and what is left of each attempt.
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import t from 'tap'
import { LINK_TIME, MOST_SESSIONS, openAccess } from '../access/access-store.ts'
import { logIn } from '../access/log-in.ts'
import { Denials } from '../api/denials.ts'
import { route } from '../api/route.ts'
import { routeTable } from '../api/route-table.ts'
import { exactly, Type } from '../api/schema.ts'
import { openAuditTrail } from '../audit/audit-trail.ts'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'

const certs = await makeConsoleCerts(t)
const jane = { actor: 'jane (1000)', role: 'auditor' } as const

t.test('a link logs in once: its cookie is for this host, over TLS, and not for scripts', async t => {
  const listener = await openListener(t, certs)
  const { text } = listener.access.addLink(jane, new Date())
  const ahead = await listener.ask('GET', `/login/${text}`, { 'sec-purpose': 'prefetch' })
  t.match(ahead, { status: 401, json: { code: 'login-refused' } }, 'a browser that looks ahead does not use it up')
  const login = await listener.ask('GET', `/login/${text}`)
  t.match({ status: login.status, to: login.fields.location }, { status: 303, to: '/' })
  const [cookie] = login.fields['set-cookie'] ?? []
  t.match(cookie, /^__Host-seg=s_[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  const session = { cookie: cookie!.split(';')[0]! }
  t.match((await listener.ask('GET', '/api/v1/me', session)).json, {
    id: 'jane (1000)',
    role: 'auditor',
    method: 'link',
    permissions: { 0: 'access.read', 3: 'audit.read' },
    gateway: { id: 'MINISTRY 2_SEG01' },
  })
  t.match(await listener.ask('GET', `/login/${text}`), { status: 401, json: { code: 'login-refused' } })
  const out = await listener.ask('POST', '/api/v1/logout', { ...session, 'sec-fetch-site': 'same-origin' })
  t.match(out.fields['set-cookie'], [/Max-Age=0/])
  t.equal((await listener.ask('GET', '/api/v1/me', session)).status, 401)
  const [refusedAhead, came, refused, intent, left] = listener.records()
  t.match([refusedAhead, refused], [{ action: 'authentication.login-refused', outcome: 'failure' }, { reason: {} }])
  const actor = { id: 'jane (1000)', method: 'link', role: 'auditor', session: came!.on.id }
  t.match(came, { action: 'authentication.login', outcome: 'success', actor, from: { address: '127.0.0.1' } })
  t.match([intent, left], [{ outcome: 'pending' }, { action: 'authentication.logout', outcome: 'success', actor }])
  t.notMatch(JSON.stringify(listener.records()), text.slice(-40))
})

t.test('a link counts for five minutes, and of two requests at once one gets it', async t => {
  const listener = await openListener(t, certs)
  const { text } = listener.access.addLink(jane, new Date())
  listener.setTime(new Date(Date.now() + LINK_TIME))
  t.equal((await listener.ask('GET', `/login/${text}`)).status, 401)
  listener.setTime(new Date())
  const twice = listener.access.addLink(jane, new Date())
  const answers = await Promise.all([1, 2, 3].map(() => listener.ask('GET', `/login/${twice.text}`)))
  t.same(answers.map(({ status }) => status).sort(), [303, 401, 401])
})

t.test('who tries links is held up after some, and a link that counts is still taken', async t => {
  const listener = await openListener(t, certs)
  const statuses: number[] = []
  for (let i = 0; i < 30; i++) statuses.push((await listener.ask('GET', `/login/link_${i}`)).status)
  t.same([...new Set(statuses)], [401, 429])
  const limited = await listener.ask('GET', '/login/x')
  t.match(limited, { json: { code: 'login-limit' }, fields: { 'retry-after': '60' } })
  const { text } = listener.access.addLink(jane, new Date())
  t.equal((await listener.ask('GET', `/login/${text}`)).status, 303)
  t.ok(listener.records().length < 25, 'what is recorded of it is bounded')
})

t.test('a denial is a record that says who, where and what', async t => {
  const listener = await openListener(t, certs)
  const acting = route({
    method: 'POST',
    path: '/api/v1/only-officers',
    permission: 'partners.act',
    act: 'partner.changed',
    summary: 'For this test.',
    response: exactly({}),
    handle: () => ({}),
  })
  const other = await openListener(t, certs, { routes: [...routeTable, acting] })
  t.match(await other.ask('POST', '/api/v1/only-officers', other.keyOf('viewer'), '{}'), {
    status: 403,
    json: { code: 'not-permitted', detail: /partners\.act, found viewer/ },
  })
  t.match(other.records(), [
    {
      action: 'authorization.denied',
      outcome: 'failure',
      actor: { id: 'key viewer', method: 'api-key', role: 'viewer' },
      on: { kind: 'route', id: 'POST /api/v1/only-officers' },
      reason: { code: 'not-permitted' },
    },
  ])
  for (let i = 0; i < 30; i++) await listener.ask('GET', '/api/v1/me', { authorization: `Bearer seg_${i}` })
  t.equal(listener.records().length, 20)
  for (let i = 30; i < 100; i++) await listener.ask('GET', '/api/v1/me', { authorization: `Bearer seg_${i}` })
  t.match(listener.records()[20], { reason: { detail: /; 100 within a minute$/ } })
})

t.test('what does not fit the description is refused part by part, and a defect shows nothing', async t => {
  const strict = route({
    method: 'POST',
    path: '/api/v1/strict',
    permission: 'me',
    onlyReads: true,
    summary: 'For this test.',
    query: exactly({ limit: Type.Integer({ minimum: 1 }) }),
    body: exactly({ why: Type.String({ minLength: 3 }) }),
    response: exactly({ limit: Type.Integer() }),
    handle: ({ query, body }) => {
      if (body.why === 'defect') throw new Error('secret state')
      if (body.why === 'fault') throw new Fault('storage-unavailable', 'no space in /srv')
      return { limit: query.limit, other: 'never leaves' } as { limit: number }
    },
  })
  const listener = await openListener(t, certs, { routes: [strict] })
  const key = listener.keyOf('viewer')
  const ask = (query: string, body: string) => listener.ask('POST', `/api/v1/strict${query}`, key, body)
  t.equal((await ask('?limit=2', '{"why":"because"}')).text, '{"limit":2}')
  for (const [query, body, pointer] of [
    ['?limit=2&other=1', '{"why":"because"}', '/querystring/other'],
    ['?limit=0', '{"why":"because"}', '/querystring/limit'],
    ['', '{"why":"because"}', '/querystring/limit'],
    ['?limit=1', '{"why":"because","x":1}', '/body/x'],
    ['?limit=1', '{}', '/body/why'],
  ] as const)
    t.match(
      await ask(query, body),
      { status: 400, json: { code: 'parameter-invalid', errors: [{ pointer }] } },
      `${query} ${body}`,
    )
  for (const body of ['{', '[]', '', `{"why":"${'a'.repeat(70_000)}"}`])
    t.match(await ask('?limit=1', body), { status: 400, json: { code: 'parameter-invalid' } }, body.slice(0, 20))
  t.match(await listener.ask('POST', '/api/v1/strict?limit=1', { ...key, 'content-type': 'text/plain' }, 'x'), {
    status: 400,
  })
  const defect = await ask('?limit=1', '{"why":"defect"}')
  t.match(defect, { status: 500, json: { code: 'internal' } })
  t.notMatch(defect.text, 'secret state')
  t.match(
    listener.complaints,
    [/^POST \/api\/v1\/strict: .*secret state/],
    'its route, and no path: that may be a login link',
  )
  t.match(await ask('?limit=1', '{"why":"fault"}'), { status: 503, json: { code: 'storage-unavailable' } })
})

t.test('the database of who may log in is for its user alone, and holds no secret', async t => {
  const { access, folder } = await openListener(t, certs)
  const at = new Date()
  const made = [
    access.addLink(jane, at).text,
    access.addKey({ name: 'x', role: 'viewer', madeBy: 'y', endsAt: +at + 1 }, at).text,
  ]
  const file = join(folder, 'access.sqlite')
  t.equal(statSync(file).mode & 0o777, 0o600)
  const octets = Buffer.concat([await readFile(file), await readFile(`${file}-wal`)]).toString('latin1')
  for (const text of made) t.notOk(octets.includes(text.split('_').slice(2).join('_').slice(0, 20)))
})

t.test('a partner is found by the longest id that there may be, whatever its characters', async t => {
  const id = '𝄞'.repeat(128)
  const partner = {
    id,
    state: 'active',
    certificates: [],
    limits: {},
    requiresHybrid: false,
    needsApproval: undefined,
    line: 1,
  } as const
  const rest = { name: undefined, contact: undefined, documents: undefined }
  const read = async () => ({ mode: 'listed', authorities: [], partners: [{ ...partner, ...rest }] }) as const
  const listener = await openListener(t, certs, { partners: { read } })
  const { status, json } = await listener.ask(
    'GET',
    `/api/v1/partners/${encodeURIComponent(id)}`,
    listener.keyOf('viewer'),
  )
  t.match({ status, json }, { status: 200, json: { id } })
})

t.test('who logs in again and again ends the oldest sessions of their own, and holds up nobody', async t => {
  const folder = t.testdir()
  const [access, audit] = [await openAccess(folder), await openAuditTrail(folder, 'receiver', '1.2.3')]
  t.teardown(() => void [access.close(), audit.close()])
  const at = new Date()
  const parts = { access, audit, people: { list: async () => [] } }
  const login = (id: string, now = at) =>
    logIn({ id, role: 'viewer', method: 'link', credential: 'l' }, { address: '::1', id: 'r' }, parts, now)
  const other = await login('joe')
  const texts = await Promise.all(Array.from({ length: 60 }, (_, i) => login('jane', new Date(+at + i))))
  const now = new Date(+at + 60)
  const isThere = (text: string) => 'id' in access.findSession(text, now, true)
  t.same(
    texts.map(isThere),
    texts.map((_, i) => i >= 60 - MOST_SESSIONS),
  )
  t.ok(isThere(other))
  const ended = audit.after(0, 10_000).filter(({ text }) => text.includes('authentication.session-ended'))
  t.equal(ended.length, 60 - MOST_SESSIONS)
})

t.test('records and lines of refusals are bounded in a minute, from however many addresses they come', async t => {
  const audit = await openAuditTrail(t.testdir(), 'receiver', '1.2.3')
  t.teardown(() => audit.close())
  const at = new Date()
  const lines: string[] = []
  const denials = new Denials({ audit, now: () => at, complain: line => lines.push(line) })
  const fault = new Fault('login-refused', 'expected a link that counts')
  for (let i = 0; i < 5000; i++)
    denials.note(fault, { method: 'GET', id: 'r', ip: `2001:db8::${i}`, routeOptions: {} }, undefined)
  t.equal(audit.after(0, 10_000).length, 201, '200, and that there were 1000')
  t.equal(lines.length, 20)
  t.match(lines, [/^a login is refused: expected a link that counts \(r\)$/])
})
