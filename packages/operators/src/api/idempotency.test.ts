// An act with an Idempotency-Key is done once; an act on what was changed meanwhile is not done.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { openAlertStore } from '../alerts/alert-store.ts'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'
import { KEPT_TIME, openAnswerStore } from './answer-store.ts'
import { route } from './route.ts'
import { Type } from './schema.ts'

const certs = await makeConsoleCerts(t)
const made = (name: string, days = 1) => JSON.stringify({ name, role: 'viewer', days })

t.test('the same request with the same key is done once, and answered the same for a day', async t => {
  const listener = await openListener(t, certs)
  const now = new Date()
  listener.setTime(now)
  const [one, other] = [listener.keyOf('administrator'), listener.keyOf('administrator')]
  const post = (body: string, key = 'k1', credential = one) =>
    listener.ask('POST', '/api/v1/api-keys', { ...credential, 'idempotency-key': key }, body)
  const count = () => listener.access.keys().filter(({ name }) => name === 'reports').length
  const first = await post(made('reports'))
  t.equal(first.status, 200)
  const again = await post(made('reports'))
  t.equal(again.text, first.text, 'with the secret that is shown once')
  t.match(again.fields, { 'idempotency-replayed': 'true', 'content-type': /^application\/json/ })
  t.equal(count(), 1)
  t.match(await post(made('reports', 2)), { status: 422, json: { code: 'idempotency-key-reused' } })
  t.equal((await post(made('reports'), 'k1', other)).status, 200, 'a key counts for its credential')
  t.equal((await post(made('reports'), 'k2')).status, 200)
  t.equal(count(), 3)
  t.equal(listener.records().filter(({ action }) => action === 'authorization.api-key-made').length, 6)
  const { key } = first.json
  for (const name of readdirSync(listener.folder).filter(name => /sqlite/.test(name)))
    t.notOk(readFileSync(join(listener.folder, name)).includes(key), `no secret in ${name}`)

  const revoke = () => listener.ask('DELETE', '/api/v1/api-keys/00', { ...one, 'idempotency-key': 'gone' })
  const [missing, repeated] = [await revoke(), await revoke()]
  t.match([missing.status, repeated.text], [404, missing.text], 'a refusal is an answer, too')
  t.match(repeated.fields, { 'content-type': 'application/problem+json' })
  for (const bad of ['', 'x'.repeat(201), 'two words'])
    t.match(await post(made('reports'), bad), { status: 400, json: { code: 'parameter-invalid' } }, bad)
  listener.setTime(new Date(now.getTime() + KEPT_TIME + 1))
  const later = listener.keyOf('administrator')
  t.equal((await post(made('reports'), 'k9', later)).status, 200)
})

t.test('an act under way, or one that the listener ended in, is not done again under its key', async t => {
  const folder = t.testdir()
  const asking = { secret: 's', owner: 'jane', key: 'k', request: 'r', at: 1000 }
  const store = await openAnswerStore(folder)
  t.teardown(() => store.close())
  t.equal(store.begin(asking), undefined)
  t.throws(() => store.begin(asking), { code: 'idempotency-pending', detail: /under way/ })
  const next = await openAnswerStore(folder)
  t.teardown(() => next.close())
  t.throws(() => next.begin(asking), { code: 'idempotency-pending', detail: /audit trail/ })
  t.throws(() => next.begin({ ...asking, request: 'x' }), { code: 'idempotency-key-reused' })
  next.end(asking, undefined)
  t.equal(next.begin(asking), undefined, 'a failure of the gateway leaves the key free')
  const answer = { status: 200, type: 'application/json', body: '{}' }
  next.end(asking, answer)
  t.same(store.begin(asking), answer)
  t.equal(store.begin({ ...asking, at: 1001 + KEPT_TIME }), undefined, 'a day later it is another act')
  const database = new DatabaseSync(join(folder, 'answers.sqlite'))
  database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
    INSERT INTO answers (caller, owner, key, request, at, run, answer)
      SELECT caller, owner, randomblob(32), request, at, run, answer FROM answers, n`)
  database.close()
  t.throws(() => store.begin({ ...asking, key: 'more', at: KEPT_TIME + 1001 }), { code: 'overloaded' })
  const later = { ...asking, at: KEPT_TIME + 1001 }
  t.throws(() => store.begin({ ...later, secret: 'a new session' }), { code: 'overloaded' }, 'of the same person')
  t.equal(store.begin({ ...later, secret: 'another', owner: 'joe' }), undefined)
})

t.test('an act on what was changed since it was seen is refused, and one without an ETag, too', async t => {
  const listener = await openListener(t, certs)
  const store = await openAlertStore(listener.folder)
  t.teardown(() => store.close())
  const alert = {
    id: 'abc',
    rule: 'SegConflict',
    labels: {},
    state: 'firing',
    since: 1,
    value: 1,
    notified: {},
  } as const
  store.save([alert], [])
  const operator = listener.keyOf('operator')
  const { etag } = (await listener.ask('GET', '/api/v1/alerts/abc', operator)).fields
  t.match(etag, /^"[0-9a-f]{32}"$/)
  const acknowledge = (tag: string) =>
    listener.ask('POST', '/api/v1/alerts/abc/acknowledge', { ...operator, 'if-match': tag }, '{"why":"mine"}')
  store.save([{ ...alert, state: 'resolved' }], [])
  t.match(await acknowledge(etag!), { status: 412, json: { code: 'version-changed' } })
  store.save([alert], [])
  t.equal((await acknowledge(`"x", ${etag}`)).status, 200)
  t.match(await acknowledge(etag!), { status: 412 }, 'it has changed by that')
  t.equal((await acknowledge('*')).status, 200)
  const unknown = await listener.ask('POST', '/api/v1/logout', { ...operator, 'if-match': etag! })
  t.match(unknown, { status: 400, json: { code: 'parameter-invalid', detail: /has no ETag/ } })
  const whole = { permission: 'me', summary: '', needsVersion: true, response: Type.String() } as const
  const routes = [
    route({ ...whole, method: 'POST', path: '/whole', onlyReads: true, version: () => 1, handle: () => 'done' }),
  ]
  const other = await openListener(t, certs, { routes })
  t.match(await other.ask('POST', '/whole', other.keyOf('viewer')), { status: 428, json: { code: 'version-required' } })
})
