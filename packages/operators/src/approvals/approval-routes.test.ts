// Four eyes: what one person asks for, another approves or refuses, or it lapses; each step has its
// record, and the act names both.
import t, { type Test } from 'tap'
import type { LoginMethod } from '../access/access-rows.ts'
import type { Person } from '../access/people-section.ts'
import type { Role } from '../access/roles.ts'
import type { AnnouncedCertificate, PartnerFile, TrustText } from '../api/partner-file.ts'
import { routeTable } from '../api/route-table.ts'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'
import { APPROVAL_TIME, MOST_OF_ONE } from './approval-store.ts'

const certs = await makeConsoleCerts(t)
const path = '/api/v1/partners/M1/suspend'
const body = JSON.stringify({ why: 'key stolen' })

async function open(t: Test, fourEyes = true, people: () => readonly Person[] = () => []) {
  const done: string[] = []
  let text: TrustText = { trust: 'ca', partners: [] }
  const partners: Partial<PartnerFile> = {
    text: async () => text,
    announced: async () => announced,
    decideAnnounced: async ({ fingerprint }, decision) => {
      done.push(decision)
      return announced.find(one => one.fingerprint === fingerprint)!
    },
    change: async (edit, { isDryRun }) => {
      if (edit.kind !== 'state') throw new Error('expected a state')
      if (edit.id === 'broken') throw new Error('no such disk')
      const before = text
      if (!isDryRun) done.push(`${edit.id} ${edit.state}`)
      const after = { trust: 'ca', partners: [{ id: edit.id, state: edit.state }] }
      if (!isDryRun) text = after
      return { before, after }
    },
  }
  let announced: AnnouncedCertificate[] = []
  const announce = (...waiting: AnnouncedCertificate[]) => {
    announced = waiting
  }
  const edit = (state: string) => {
    text = { trust: 'ca', partners: [{ id: 'M1', state }] }
  }
  const listener = await openListener(t, certs, { partners, fourEyes, people })
  const as = (id: string, role: Role = 'security-officer', method: LoginMethod = 'link', credential = 'some-link') => {
    const session = { id, role, method, credential }
    const { text } = listener.access.addSession(session, '127.0.0.1', new Date())
    return { cookie: `__Host-seg=${text}`, 'sec-fetch-site': 'same-origin' }
  }
  const ask = async (fields = as('jane'), where = path, what = body) => listener.ask('POST', where, fields, what)
  const decide = (id: string, verb: 'approve' | 'refuse', fields: ReturnType<typeof as>) =>
    listener.ask('POST', `/api/v1/approvals/${id}/${verb}`, fields, verb === 'refuse' ? '{"why":"not now"}' : undefined)
  const actions = () => listener.records().map(({ action, outcome }) => `${action} ${outcome}`)
  return { listener, done, as, ask, decide, actions, edit, announce }
}

t.test('an act waits, is done when another person approves it, once, and its records name both', async t => {
  const { listener, done, as, ask, decide, actions } = await open(t)
  const held = await ask()
  t.match(held, {
    status: 202,
    json: { state: 'waiting', act: 'POST /api/v1/partners/M1/suspend', author: { id: 'jane' } },
  })
  t.same(done, [])
  const { id } = held.json
  t.equal(held.fields.location, `/api/v1/approvals/${id}`)
  t.match((await listener.ask('GET', '/api/v1/approvals', as('x', 'viewer'))).json.data, [{ id, body }])
  const approved = await decide(id, 'approve', as('joe'))
  t.match(approved, {
    status: 200,
    json: { id, state: 'approved', answer: '{"id":"M1","state":"suspended","isDryRun":false}' },
  })
  t.same(done, ['M1 suspended'])
  t.match(await decide(id, 'approve', as('eve')), { status: 409, json: { code: 'approval-decided' } })
  t.match(await decide(id, 'refuse', as('eve')), { status: 409 })
  t.same(done, ['M1 suspended'], 'once')
  t.same(actions().slice(0, 5), [
    'authorization.approval-requested success',
    'authorization.approval-given pending',
    'partner.suspended pending',
    'partner.suspended success',
    'authorization.approval-given success',
  ])
  const act = listener.records().find(({ action, outcome }) => action === 'partner.suspended' && outcome === 'success')
  t.match(act, { actor: { id: 'jane' }, approval: { id, by: { id: 'joe', method: 'link' } }, why: 'key stolen' })
})

t.test('an announcement that was replaced since it was asked for is not accepted', async t => {
  const { done, as, ask, decide, announce } = await open(t)
  const [fingerprint, at] = ['a'.repeat(64), '2026-01-02T03:04:05.678Z']
  const times = { from: at, until: at, at }
  const first = { partner: 'M1', document: '1', fingerprint, subject: 'CN=M1', uses: ['tls'], ...times }
  const waiting: AnnouncedCertificate = { ...first, state: 'waiting', reason: null }
  announce(waiting)
  const accept = `/api/v1/rollovers/${fingerprint}/accept`
  const { id } = (await ask(as('jane'), accept)).json
  announce({ ...waiting, document: '2', uses: ['tls', 'sign'] }, waiting)
  t.match(await decide(id, 'approve', as('joe')), { status: 412, json: { code: 'version-changed' } })
  t.same(done, [])
  announce(waiting)
  const again = (await ask(as('jane'), accept)).json
  t.match(await decide(again.id, 'approve', as('joe')), { status: 200 })
  t.same(done, ['accepted'])
})

t.test('of two approvals at once one does it', async t => {
  const { done, as, ask, decide } = await open(t)
  const { id } = (await ask()).json
  const answers = await Promise.all(['joe', 'eve', 'max'].map(name => decide(id, 'approve', as(name))))
  t.same(answers.map(({ status }) => status).sort(), [200, 409, 409])
  t.same(done, ['M1 suspended'])
})

t.test('nobody approves their own act, and no program, no other role, and no key of the author does', async t => {
  const { listener, done, as, ask, decide } = await open(t)
  const { id } = (await ask()).json
  t.match(await decide(id, 'approve', as('jane')), { status: 403, json: { detail: /another person than "jane"/ } })
  const key = { ...listener.keyOf('security-officer') } as never
  t.match(await decide(id, 'approve', key), { status: 403, json: { detail: /found an API key/ } })
  t.match(await decide(id, 'approve', as('joe', 'administrator')), { status: 403, json: { detail: /partners\.act/ } })
  t.match(await decide(id, 'refuse', as('joe', 'administrator')), { status: 403 })
  t.equal((await decide(id, 'approve', as('joe', 'viewer'))).status, 403)
  const at = new Date()
  const made = { name: 'x', role: 'security-officer', madeBy: 'joe', endsAt: +at + 60_000 } as const
  const own = listener.access.addKey(made, at)
  const byKey = (await ask({ authorization: `Bearer ${own.text}` } as never)).json
  t.match(await decide(byKey.id, 'approve', as('joe')), { status: 403, json: { detail: /another person than "joe"/ } })
  listener.access.revokeKey(own.id, new Date())
  t.match(await decide(byKey.id, 'approve', as('eve')), { status: 403, json: { detail: /revoked by now/ } })
  t.match(await decide('0', 'approve', as('eve')), { status: 404 })
  t.same(done, [])
})

t.test('each approval says who may decide it, and why the one who asks may not', async t => {
  const { listener, as, ask } = await open(t)
  const held = await ask()
  const of = async (fields: ReturnType<typeof as>, id = held.json.id) =>
    (await listener.ask('GET', `/api/v1/approvals/${id}`, fields)).json.acts
  const [approve, refuse] = held.json.acts
  t.match(approve, { name: 'approve', isAllowed: false, why: /another person than "jane"/, code: 'own-act' })
  t.same(approve.values, { person: 'jane' })
  t.match(refuse, { name: 'refuse', isAllowed: true, why: null })
  t.match(await of(as('joe')), [{ isAllowed: true, why: null }, { isAllowed: true }])
  t.match(await of(listener.keyOf('security-officer') as never), [{ isAllowed: false, why: /found an API key/ }, {}])
  for (const role of ['viewer', 'operator', 'administrator'] as const)
    t.match(await of(as('joe', role)), [{ isAllowed: false, why: new RegExp(role) }, { isAllowed: false }], role)
  await listener.ask('POST', `/api/v1/approvals/${held.json.id}/refuse`, as('joe'), '{"why":"no"}')
  t.match(await of(as('eve')), [{ isAllowed: false, why: 'it is refused' }, { isAllowed: false }])
})

t.test('what is refused, also by its author, or lapses in a day, is never done', async t => {
  const { listener, done, as, ask, decide, actions } = await open(t)
  const first = (await ask()).json
  const refused = await decide(first.id, 'refuse', as('jane'))
  t.match(refused.json, { state: 'refused', decidedBy: 'jane', reason: 'not now' })
  const second = (await ask()).json
  listener.setTime(new Date(Date.now() + APPROVAL_TIME))
  const later = listener.access.addSession(
    { id: 'joe', role: 'security-officer', method: 'link', credential: 'l' },
    '::1',
    new Date(Date.now() + APPROVAL_TIME),
  )
  const fields = { cookie: `__Host-seg=${later.text}`, 'sec-fetch-site': 'same-origin' }
  t.match(await decide(second.id, 'approve', fields), { status: 409, json: { detail: /lapsed/ } })
  t.same(done, [])
  for (const action of ['authorization.approval-refused success', 'authorization.approval-lapsed success'])
    t.ok(actions().includes(action), action)
})

t.test('an approved act that fails says so, and is not done again', async t => {
  const { listener, as, ask, decide } = await open(t)
  const { id } = (await ask(as('jane'), '/api/v1/partners/broken/suspend')).json
  t.equal((await decide(id, 'approve', as('joe'))).status, 500)
  const { json } = await listener.ask('GET', `/api/v1/approvals/${id}`, as('joe'))
  t.match(json, { state: 'approved', reason: /^internal: / })
  t.equal((await decide(id, 'approve', as('eve'))).status, 409)
})

t.test('what was seen is what is approved: an ETag of before is refused', async t => {
  const { listener, as, ask, done } = await open(t)
  const { id } = (await ask()).json
  const { etag } = (await listener.ask('GET', `/api/v1/approvals/${id}`, as('joe'))).fields
  const approve = (tag: string) =>
    listener.ask('POST', `/api/v1/approvals/${id}/approve`, { ...as('joe'), 'if-match': tag })
  t.equal((await approve('"0"')).status, 412)
  t.equal((await approve(etag!)).status, 200)
  t.equal(done.length, 1)
})

t.test('nothing is done to what was changed since its author saw it, and a dry run does not wait', async t => {
  const { as, ask, decide, done, edit } = await open(t)
  const { id } = (await ask()).json
  edit('active')
  t.match(await decide(id, 'approve', as('joe')), { status: 412, json: { code: 'version-changed' } })
  t.match((await decide(id, 'refuse', as('joe'))).json, { state: 'refused' })
  t.match(await ask(as('jane'), `${path}?dryRun=true`), { status: 200, json: { isDryRun: true } })
  t.same(done, [])
})

t.test('a new API key waits as well, ending one does not; without four eyes nothing waits', async t => {
  const { listener, as, ask, decide } = await open(t)
  const wish = JSON.stringify({ name: 'monitoring', role: 'viewer', days: 3 })
  const held = await ask(as('jane', 'administrator'), '/api/v1/api-keys', wish)
  t.equal(held.status, 202)
  t.equal(listener.access.keys().length, 0)
  const { json } = await decide(held.json.id, 'approve', as('joe', 'administrator'))
  t.match(JSON.parse(json.answer), { key: /^seg_/ })
  const [key] = listener.access.keys()
  t.match(key, { name: 'monitoring', madeBy: 'jane' })
  const ended = await listener.ask('DELETE', `/api/v1/api-keys/${key!.id}`, as('jane', 'administrator'))
  t.equal(ended.status, 200, 'what only takes a right away is done at once')
  const single = await open(t, false)
  t.equal((await single.ask()).status, 200)
  t.same(single.done, ['M1 suspended'])
})

t.test(
  'each act on partners, keys and logins waits, but for those that change nothing in use or only end a login',
  async t => {
    const ending = [
      ...['DELETE /api/v1/sessions/:id', 'DELETE /api/v1/api-keys/:id'],
      ...['POST /api/v1/renewals/:use', 'DELETE /api/v1/renewals/:use', 'POST /api/v1/renewals/:use/import'],
      'POST /api/v1/rollovers/:fingerprint/refuse',
    ]
    const acts = routeTable.filter(({ permission }) =>
      ['partners.act', 'access.act', 'certificates.act', 'settings.act'].includes(permission),
    )
    t.ok(acts.length > 3)
    for (const { method, path, needsApproval } of acts)
      t.equal(needsApproval === true, !ending.includes(`${method} ${path}`), `${method} ${path}`)
  },
)

t.test('who approved an API key has seen it, and approves nothing that it asks for', async t => {
  const { listener, done, as, ask, decide } = await open(t)
  const wish = JSON.stringify({ name: 'acts', role: 'security-officer', days: 3 })
  const held = await ask(as('jane', 'administrator'), '/api/v1/api-keys', wish)
  const { json } = await decide(held.json.id, 'approve', as('joe', 'administrator'))
  const key = { authorization: `Bearer ${JSON.parse(json.answer).key}` }
  const byKey = async () => (await ask(key as never)).json.id
  for (const name of ['joe', 'jane'])
    t.match(await decide(await byKey(), 'approve', as(name)), { status: 403, json: { detail: /another person/ } }, name)
  const last = await byKey()
  listener.setTime(new Date(Date.now() + 3.5 * 24 * 3_600_000))
  t.same(done, [])
  listener.setTime(new Date())
  t.equal((await decide(last, 'approve', as('eve'))).status, 200)
})

t.test('who is behind a key that made a key approves nothing that the second one asks for', async t => {
  const { done, as, ask, decide } = await open(t)
  const make = async (fields: ReturnType<typeof as>, role: Role, approver: string) => {
    const held = await ask(fields, '/api/v1/api-keys', JSON.stringify({ name: 'acts', role, days: 3 }))
    const { json } = await decide(held.json.id, 'approve', as(approver, 'administrator'))
    return { authorization: `Bearer ${JSON.parse(json.answer).key}` } as never
  }
  const first = await make(as('jane', 'administrator'), 'administrator', 'joe')
  const { id } = (await ask(await make(first, 'security-officer', 'eve'))).json
  for (const name of ['jane', 'joe', 'eve'])
    t.match(await decide(id, 'approve', as(name)), { status: 403, json: { detail: /another person/ } }, name)
  t.same(done, [])
  t.equal((await decide(id, 'approve', as('max'))).status, 200)
})

t.test('one person is one, whatever their name has become: by their certificate or their provider', async t => {
  const jane = { id: 'jane', role: 'security-officer', isActive: true, name: undefined, certificates: [] } as const
  const { done, as, ask, decide } = await open(t, true, () => [jane])
  for (const method of ['certificate', 'openid'] as const) {
    const { id } = (await ask(as('jane', 'security-officer', method, 'p1'))).json
    const renamed = as('joe', 'security-officer', method, 'p1')
    t.match(await decide(id, 'approve', renamed), { status: 403, json: { detail: /another person/ } }, method)
    t.equal((await decide(id, 'approve', as('joe', 'security-officer', method, 'p2'))).status, 200, method)
  }
  t.equal(done.length, 2)
})

t.test('what a person asked for who was disabled since, or has another role, is not done', async t => {
  const jane: Person = { id: 'jane', role: 'security-officer', isActive: true, name: undefined, certificates: [] }
  let people: readonly Person[] = [jane]
  const { done, as, ask, decide } = await open(t, true, () => people)
  const { id } = (await ask(as('jane', 'security-officer', 'certificate'))).json
  for (const now of [[], [{ ...jane, isActive: false }], [{ ...jane, role: 'viewer' as const }]]) {
    people = now
    t.match(await decide(id, 'approve', as('joe')), { status: 403, json: { detail: /as it was asked for/ } })
  }
  t.same(done, [])
  people = [jane]
  t.equal((await decide(id, 'approve', as('joe'))).status, 200)
})

t.test('acts of one author that wait leave room for those of others', async t => {
  const { as, ask } = await open(t)
  const jane = as('jane')
  for (let i = 0; i < MOST_OF_ONE; i++) t.equal((await ask(jane)).status, 202)
  t.match(await ask(jane), { status: 503, json: { code: 'overloaded' } })
  t.equal((await ask(as('joe'))).status, 202)
})
