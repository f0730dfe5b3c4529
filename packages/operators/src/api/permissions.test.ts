// Every route of the table × every way not to be let in: a new route is in it by itself.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from '@seg/core'
import t from 'tap'
import { IDLE_TIME, SESSION_TIME } from '../access/access-rows.ts'
import { mayDo, type Permission, type Role, roleNames } from '../access/roles.ts'
import { makeConsoleCerts, openListener, someone } from '../testing/listener.ts'
import { actAs } from './api-act.ts'
import { buildOperatorsApi } from './build-api.ts'
import { type ApiRequest, type ApiRoute, route } from './route.ts'
import { routeTable } from './route-table.ts'
import { Type } from './schema.ts'

const certs = await makeConsoleCerts(t)
const guarded = routeTable.filter(({ permission }) => permission !== 'public')
const nameOf = ({ method, path }: ApiRoute) => `${method} ${path}`
/** Parameters that fit every form and name nothing. */
const pathOf = ({ path }: ApiRoute) => path.replaceAll(/:\w+/g, '0')

t.test('what is open to everybody is exactly this', async t => {
  t.same(routeTable.filter(({ permission }) => permission === 'public').map(nameOf), [
    'GET /login/:link',
    'GET /login/openid',
    'GET /login/openid/callback',
    'GET /livez',
    'GET /readyz',
  ])
})

t.test('no route lets in who is nobody, in any form', async t => {
  const listener = await openListener(t, certs)
  const { access } = listener
  const hour = 3_600_000
  const key = (text: string) => ({ authorization: `Bearer ${text}` })
  const cookie = (text: string) => ({ cookie: `__Host-seg=${text}`, 'sec-fetch-site': 'same-origin' })
  const at = Date.now()
  const of = (madeAt: number) => access.addSession(someone('administrator'), '::1', new Date(madeAt))
  const made = { name: 'x', role: 'administrator', madeBy: 'test' } as const
  const expired = access.addKey({ ...made, endsAt: at - 1 }, new Date(at - hour))
  const revoked = access.addKey({ ...made, endsAt: at + hour }, new Date(at))
  access.revokeKey(revoked.id, new Date())
  const suspended = access.addKey({ ...made, endsAt: at + hour }, new Date(at))
  access.suspendKey(suspended.id, '"jane" is disabled in seg.yaml')
  const ended = of(at)
  access.revokeSession(ended.id, new Date())
  const good = of(at)
  const others: Record<string, Record<string, string>> = {
    'no credential': {},
    'an expired key': key(expired.text),
    'a revoked key': key(revoked.text),
    'a key that is suspended with its person': key(suspended.text),
    'a key that nobody made': key(`seg_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`),
    'a key of another form': { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` },
    'a session as a key': key(good.text),
    'a revoked session': cookie(ended.text),
    'a session that was idle': cookie(of(at - IDLE_TIME - 1).text),
    'a session of another day': cookie(of(at - SESSION_TIME).text),
    'a forged cookie': cookie(`${good.text.slice(0, -1)}${good.text.endsWith('A') ? 'B' : 'A'}`),
    'the id of a session': cookie(good.id),
    'two cookies': { ...cookie(good.text), cookie: `__Host-seg=${good.text}; __Host-seg=${good.text}` },
    'a bad key beside a good session': { ...cookie(good.text), ...key('seg_x') },
  }
  for (const row of guarded)
    for (const [name, fields] of Object.entries(others)) {
      const { status, json } = await listener.ask(row.method, pathOf(row), fields)
      t.match({ status, json }, { status: 401, json: { code: 'login-required' } }, `${nameOf(row)}: ${name}`)
    }
  const unknown = await listener.ask('GET', '/api/v1/nothing')
  t.equal(unknown.status, 401, 'a path that is none, too')
  t.match(unknown.fields, { 'www-authenticate': /Bearer/, 'cache-control': 'no-store' })
})

t.test('each route takes exactly the roles that have its permission, by key and by session', async t => {
  const listener = await openListener(t, certs)
  const keys = new Map(roleNames.map(role => [role, listener.keyOf(role)]))
  const sessions = new Map(roleNames.map(role => [role, listener.sessionOf(role)]))
  for (const row of guarded)
    for (const role of roleNames)
      for (const fields of [keys.get(role)!, { ...sessions.get(role)!, 'sec-fetch-site': 'same-origin' }]) {
        const isTaken = mayDo(role, row.permission as Permission)
        // To be taken ends some sessions: the next rows need theirs.
        if (isTaken && row.path === '/api/v1/logout') continue
        const { status } = await listener.ask(row.method, pathOf(row), fields)
        const title = `${nameOf(row)}: ${role}`
        if (isTaken) t.notOk([401, 403].includes(status), `${title} got ${status}`)
        else t.equal(status, row.method === 'GET' && row.path.includes(':') ? 404 : 403, title)
      }
})

t.test('no request of another site goes through with a cookie, a key needs no page', async t => {
  const listener = await openListener(t, certs)
  const roleOf = ({ permission }: ApiRoute): Role => roleNames.find(role => mayDo(role, permission as Permission))!
  const foreign: readonly Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: listener.url },
    { origin: 'https://elsewhere.example' },
    { origin: 'null' },
    { origin: listener.url.replace('https', 'http') },
  ]
  for (const row of guarded) {
    const session = listener.sessionOf(roleOf(row))
    const changes = row.method !== 'GET'
    for (const fields of [...foreign, ...(changes ? [{}, { 'sec-fetch-site': 'none' }] : [])]) {
      const { status, json } = await listener.ask(row.method, pathOf(row), { ...session, ...fields })
      t.match(
        { status, json },
        { status: 403, json: { code: 'cross-site' } },
        `${nameOf(row)}: ${JSON.stringify(fields)}`,
      )
    }
  }
})

t.test('each route that changes something, or gives out content, has an act that docs/audit.md names', async t => {
  const unsafe = routeTable.filter(({ method }) => method !== 'GET')
  t.same(unsafe.filter(({ act }) => act === undefined).map(nameOf), [
    'POST /api/v1/certificates/check',
    'POST /api/v1/renewals/:use/check',
  ])
  const gives = routeTable.filter(({ method, act }) => method === 'GET' && act !== undefined)
  t.same(gives.map(nameOf), [
    'GET /api/v1/exports/documents',
    'GET /api/v1/exports/refusals',
    'GET /api/v1/exports/deliveries',
    'GET /api/v1/exports/audit',
    'GET /api/v1/documents/:index/bytes',
  ])
  const page = readFileSync(join(rootFolder, 'docs/audit.md'), 'utf8')
  for (const row of [...unsafe, ...gives]) {
    const [category, name] = (row.act ?? '').split('.')
    // A cell names the first of a category whole, the others behind a dot.
    const named = new RegExp(`\`${category}\\.[^|\\n]*[\`.]${name}\`|\`${category}\\.${name}\``)
    if (row.act !== undefined) t.match(page, named, `${nameOf(row)}: ${row.act}`)
  }
})

t.test('a route without an act does not start, and none does anything but the act that it declares', async t => {
  const row = { method: 'POST', path: '/api/v1/x', summary: '', permission: 'me', response: Type.String() } as const
  const build = (extra: object) => () =>
    buildOperatorsApi({} as never, [{ ...row, handle: () => '', ...extra } as never], { tls: {} })
  t.throws(build({}), /has no act/)
  t.throws(build({ act: 'system.x', onlyReads: true }), /only reads, and has an act/)
  let done = 0
  const look = async () => ({ done })
  const routes = Object.entries({ other: 'system.y', none: undefined, same: 'system.x' }).map(([name, action]) =>
    route({
      ...{ ...row, path: `/api/v1/${name}`, act: 'system.x' },
      handle: async (request, parts) => {
        if (action === undefined) return ''
        const planned = { action, category: 'system', on: { kind: 'test', id: name }, look } as const
        await actAs(request as ApiRequest, parts, planned, async () => void done++)
        return ''
      },
    }),
  )
  const listener = await openListener(t, certs, { routes })
  const ask = async (name: string) => (await listener.ask('POST', `/api/v1/${name}`, listener.keyOf('viewer'))).status
  t.equal(await ask('other'), 500)
  t.equal(done, 0, 'nothing is done')
  t.equal(await ask('none'), 500)
  t.match(listener.complaints.join('\n'), /POST \/api\/v1\/none left no record of system\.x/)
  t.equal(await ask('same'), 200)
  const [intent, outcome] = listener.records()
  t.match(intent, { action: 'system.x', outcome: 'pending' })
  t.match(outcome, { intent: intent!.id, outcome: 'success', change: [{ path: 'done', before: 0, after: 1 }] })
})

t.test('a route without a permission or a schema of its answer does not start', async t => {
  const row = { method: 'GET', path: '/x', summary: '', handle: () => ({}) } as const
  const listener = { access: {}, audit: {}, complain: () => {}, now: () => new Date() } as never
  const build = (extra: object) => () => buildOperatorsApi(listener, [{ ...row, ...extra } as never], { tls: {} })
  t.throws(build({ response: Type.String() }), /has no permission/)
  t.throws(build({ response: Type.String(), permission: 'everything' }), /has no permission/)
  t.throws(build({ permission: 'me' }), /no schema/)
})
