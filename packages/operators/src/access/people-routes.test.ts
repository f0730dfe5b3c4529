// Rights of people over the API: changed in seg.yaml by another person, before and after in the
// audit trail.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'
import type { LoginMethod } from './access-rows.ts'
import type { Role } from './roles.ts'

const certs = await makeConsoleCerts(t)
const path = '/api/v1/people/jane'
const people = `# who may
people:
  - id: jane # of the night shift
    role: viewer
    certificates: [ { subject: { CN: jane } } ]
  - id: joe
    role: administrator
    certificates: [ { subject: { CN: joe } } ]
  - id: eve
    role: administrator
    certificates: [ { subject: { CN: eve } } ]
`

async function open(t: Test, fourEyes = false) {
  const config = join(t.testdir(), 'seg.yaml')
  await writeFile(config, people)
  const listener = await openListener(t, certs, { config, fourEyes })
  const as = (id: string, role: Role = 'administrator', method: LoginMethod = 'certificate', credential = id) => {
    const session = { id, role, method, credential }
    const { text } = listener.access.addSession(session, '127.0.0.1', new Date())
    return { cookie: `__Host-seg=${text}`, 'sec-fetch-site': 'same-origin' }
  }
  const etag = async (where = path) => `${(await listener.ask('GET', where, as('joe'))).fields.etag}`
  const change = async (to: object, fields: Record<string, string> = as('joe'), where = path) => {
    const headers = { 'if-match': await etag(where), ...fields }
    return listener.ask('PATCH', where, headers, JSON.stringify({ why: 'a new task', ...to }))
  }
  const text = () => readFile(config, 'utf8')
  const changes = () => listener.records().filter(({ action }) => action === 'authorization.person-changed')
  return { listener, as, etag, change, text, changes }
}

t.test('another person gives and withdraws a role, in seg.yaml, with before and after in the record', async t => {
  const { listener, as, change, text, changes } = await open(t)
  t.match(await change({ role: 'operator' }), {
    status: 200,
    json: { before: { role: 'viewer', state: 'active' }, after: { role: 'operator', state: 'active' } },
  })
  t.equal(await text(), people.replace('role: viewer', 'role: operator'), 'and nothing else in the file')
  t.match(changes(), [
    { outcome: 'pending', actor: { id: 'joe' }, on: { kind: 'person', id: 'jane' }, why: 'a new task' },
    { outcome: 'success', change: [{ path: 'role', before: 'viewer', after: 'operator' }] },
  ])
  t.match((await change({ state: 'disabled' })).json, { after: { role: 'operator', state: 'disabled' } })
  t.match((await listener.ask('GET', '/api/v1/people', as('joe'))).json.data[0], { id: 'jane', state: 'disabled' })
  t.match((await change({ state: 'active', role: 'auditor' })).json, { after: { role: 'auditor', state: 'active' } })
})

t.test('nobody changes their own rights: not by a certificate, a link, a key of theirs, or an approval', async t => {
  const { listener, as, change, etag, text } = await open(t, true)
  const own = '/api/v1/people/joe'
  const keyOf = (madeBy: string, approvedBy?: string) => {
    const endsAt = Date.now() + 60_000
    const { text } = listener.access.addKey(
      { name: 'k', role: 'administrator', madeBy, ...(approvedBy && { approvedBy }), endsAt },
      new Date(),
    )
    return { authorization: `Bearer ${text}` }
  }
  for (const fields of [as('joe'), as('joe', 'administrator', 'link'), keyOf('joe'), keyOf('eve', 'joe')])
    t.match(await change({ role: 'security-officer' }, fields, own), { status: 403, json: { code: 'not-permitted' } })
  const headers = { 'if-match': await etag(own), ...as('eve') }
  const held = await listener.ask('PATCH', own, headers, '{"role":"viewer","why":"leaves"}')
  t.match(held, { status: 202, json: { state: 'waiting', act: 'PATCH /api/v1/people/joe' } })
  const approve = (id: string, fields: Record<string, string>) =>
    listener.ask('POST', `/api/v1/approvals/${id}/approve`, fields)
  t.match(await approve(held.json.id, as('joe')), { status: 403, json: { detail: /whose rights it changes/ } })
  t.match(await approve(held.json.id, as('eve')), { status: 403 })
  t.equal(await text(), people, 'it still waits')
  t.match(await approve(held.json.id, as('max', 'administrator', 'link')), { status: 200 })
  t.equal(await text(), people.replace('id: joe\n    role: administrator', 'id: joe\n    role: viewer'))
})

t.test('a key that a key made is a key of the persons behind both, however a provider writes their names', async t => {
  const { listener, as, change } = await open(t)
  const keyOf = async (fields: Record<string, string>) => {
    const body = JSON.stringify({ name: 'k', role: 'administrator', days: 1 })
    const { json } = await listener.ask('POST', '/api/v1/api-keys', fields, body)
    return { authorization: `Bearer ${json.key}` }
  }
  const third = await keyOf(await keyOf(await keyOf(as('joe'))))
  const own = '/api/v1/people/joe'
  for (const fields of [third, as('Joe', 'administrator', 'openid'), as('ｊｏｅ', 'administrator', 'openid')])
    t.match(await change({ role: 'viewer' }, fields, own), { status: 403, json: { code: 'not-permitted' } })
  t.equal((await change({ role: 'operator' }, third)).status, 200, 'it changes those of others')
})

t.test('what is no change, or of another version, or of nobody, is refused with nothing written', async t => {
  const { listener, as, change, etag, text, changes } = await open(t)
  for (const to of [{}, { role: 'king' }, { state: 'away' }, { role: 'viewer', certificates: [] }])
    t.match(await change(to), { status: 400, json: { code: 'parameter-invalid' } }, JSON.stringify(to))
  t.equal((await change({ role: 'viewer' }, as('x', 'security-officer'))).status, 403)
  const body = '{"role":"auditor","why":"x"}'
  t.match(await listener.ask('PATCH', path, as('joe'), body), { status: 428, json: { code: 'version-required' } })
  const stale = await etag()
  t.match(await listener.ask('PATCH', `${path}?dryRun=true`, { ...as('joe'), 'if-match': stale }, body), {
    status: 200,
    json: { isDryRun: true, after: { role: 'auditor' } },
  })
  t.equal(await text(), people)
  t.same(changes(), [], 'a dry run leaves no record')
  t.equal((await change({ role: 'operator' })).status, 200)
  const late = await listener.ask('PATCH', path, { ...as('joe'), 'if-match': stale }, body)
  t.match(late, { status: 412, json: { code: 'version-changed' } })
  t.equal((await listener.ask('PATCH', '/api/v1/people/nobody', { ...as('joe'), 'if-match': '*' }, body)).status, 404)
  t.match(await text(), /role: operator/)
})
