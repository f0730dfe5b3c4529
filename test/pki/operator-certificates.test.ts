// A person logs in with a certificate of the profile operator, at a port of its own: each that does
// not count is refused with its reason, and a session ends when its certificate counts no more.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Identity, loadIdentity, loadTrust } from '@seg/pki'
import t, { type Test } from 'tap'
import { openAuditTrail } from '../../packages/operators/src/index.ts'
import { buildCertificateLogin, followCertificateSessions, openPeople } from '../../packages/operators/src/listener.ts'
import { type Answer, openListener } from '../../packages/operators/src/testing/listener.ts'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import { tlsOptionsOf } from '../../packages/receiver/src/connections/tls-options.ts'
import { answersOf } from '../../packages/receiver/src/console/answers.ts'
import { prepareOperatorsListener } from '../../packages/receiver/src/console/operators-listener.ts'
import { makeCerts, makeFolder, openGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { issue, makeIssuer, openIssuer } from '../support/certificates.ts'
import { needs } from '../support/programs.ts'

const certs = await makeCerts(t)
const ca = await openIssuer(certs)
const { caPem } = await loadTrust(certs)
const [jane, joe, spare] = ['jane', 'joe', 'spare'].map(name => issue({ profile: 'operator', name }, ca)) as [
  Identity,
  Identity,
  Identity,
]

const person = (id: string, rule: string, more = '') =>
  `  - { id: ${id}, role: auditor, ${more}certificates: [${rule}] }\n`
const pinOf = ({ certificate }: Identity) => `{ sha256: "${certificate.fingerprint256}" }`
const janeOnly = `people:\n${person('jane', pinOf(jane))}`

async function openLogin(t: Test, people = janeOnly) {
  const config = join(await makeFolder(t), 'seg.yaml')
  await writeFile(config, people)
  const listener = await openListener(t, certs)
  const audit = await openAuditTrail(listener.folder, 'receiver', '1')
  const complaints: string[] = []
  const complain = (line: string) => void complaints.push(line)
  const known = openPeople({ certs, config }, complain)
  let shift = 0
  const parts = { access: listener.access, audit, people: known, complain, now: () => new Date(Date.now() + shift) }
  listener.access.url = listener.url
  const sessions = followCertificateSessions(parts)
  const server = buildCertificateLogin({ ...parts, sessions }, tlsOptionsOf(await loadIdentity(certs, 'console')))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(async () => {
    server.close()
    await sessions.close()
    audit.close()
  })
  const { port } = server.address() as AddressInfo
  const come = (identity?: Pick<Identity, 'certificatePem' | 'keyPem'>, more: Come = {}) => visit(port, identity, more)
  const me = (cookie: string) => listener.ask('GET', '/api/v1/me', { cookie: cookie.split(';')[0]! })
  const setShift = (by: number) => {
    shift = by
    listener.setTime(new Date(Date.now() + by))
  }
  return { listener, config, sessions, complaints, come, me, setShift }
}

type Come = { readonly method?: string; readonly path?: string; readonly headers?: Readonly<Record<string, string>> }

async function visit(
  port: number,
  identity: Pick<Identity, 'certificatePem' | 'keyPem'> | undefined,
  { method = 'GET', path = '/', headers = {} }: Come = {},
): Promise<Answer> {
  const own = identity && { cert: identity.certificatePem, key: identity.keyPem }
  const place = { host: '127.0.0.1', port, servername: 'localhost', path, agent: false as const }
  const asked = request({ ...place, ...own, ca: caPem, method, headers: { host: 'localhost', ...headers } })
  asked.end()
  const [answer] = await once(asked, 'response')
  const said = await text(answer)
  const json = /json/.test(answer.headers['content-type'] ?? '') ? JSON.parse(said) : undefined
  return { status: answer.statusCode, fields: answer.headers, text: said, json }
}

t.test('a person with a certificate gets a session of their role, and is led to the console', async t => {
  const { listener, come, me } = await openLogin(t)
  const login = await come(jane, { headers: { host: `localhost:8445` } })
  t.match(login, { status: 303, fields: { location: `${listener.url}/`, connection: 'close' } })
  const to = async (path: string) => (await come(jane, { path: `/?to=${encodeURIComponent(path)}` })).fields.location
  t.equal(await to('/partners'), `${listener.url}/partners`)
  for (const elsewhere of ['//evil.example/', '/\\evil.example', 'https://evil.example/', '/a?b'])
    t.equal(await to(elsewhere), `${listener.url}/`, elsewhere)
  const [cookie = ''] = login.fields['set-cookie'] ?? []
  t.match(cookie, /^__Host-seg=s_[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  t.match((await me(cookie)).json, { id: 'jane', role: 'auditor', method: 'certificate' })
  const actor = { id: 'jane', role: 'auditor', method: 'certificate', credential: jane.certificate.fingerprint256 }
  t.match(listener.records()[0], { action: 'authentication.login', outcome: 'success', actor })
  const bySubject = await openLogin(t, `people:\n${person('joe', '{ subject: { CN: joe } }')}`)
  t.equal((await bySubject.come(joe)).status, 303)
  t.equal((await bySubject.come(jane)).status, 401)
})

t.test('each certificate that does not count is refused with its reason, and leaves a record', async t => {
  const people = [
    'people:\n',
    person('jane', pinOf(jane), 'state: disabled, '),
    person('joe', '{ subject: { CN: joe } }'),
    person('joe too', pinOf(joe)),
    person('sender', pinOf(await loadIdentity(certs, 'sender'))),
  ].join('')
  const { come, listener } = await openLogin(t, people)
  const elsewhere = makeIssuer('Elsewhere')
  const cases: readonly (readonly [Identity | undefined, RegExp])[] = [
    [undefined, /expected a certificate of the profile operator, found none/],
    [jane, /"jane" is disabled/],
    [joe, /is that of two people, "joe", "joe too"/],
    [spare, /is that of nobody/],
    [await loadIdentity(certs, 'sender'), /certificate-purpose: .*that of an operator/],
    [issue({ profile: 'receiver', name: 'joe' }, ca), /certificate-purpose/],
    [issue({ profile: 'operator', name: 'joe' }, elsewhere), /certificate-invalid/],
    [issue({ profile: 'operator', name: 'joe', from: -3, to: -2 }, ca), /certificate-invalid: .*valid/],
  ]
  for (const [identity, detail] of cases)
    t.match(await come(identity), { status: 401, json: { code: 'login-refused', detail } }, `${detail}`)
  t.equal(listener.records().filter(({ action }) => action === 'authentication.login-refused').length, cases.length)
  t.match(await come(joe, { method: 'POST' }), { status: 405, fields: { allow: 'GET' } })
  const foreign = { headers: { 'sec-fetch-site': 'cross-site' } }
  t.match(await come(joe, foreign), { status: 403, json: { code: 'cross-site' } })
})

t.test('who is refused again and again is held up, and a certificate that counts is still taken', async t => {
  const { come } = await openLogin(t)
  const statuses: number[] = []
  for (let i = 0; i < 22; i++) statuses.push((await come(i % 2 === 0 ? undefined : spare)).status)
  t.same([...new Set(statuses)], [401, 429])
  t.equal((await come(jane)).status, 303)
})

t.test('a session ends within a look when its person, role or certificate counts no more', async t => {
  const { come, me, config, sessions, listener, complaints, setShift } = await openLogin(t)
  const login = async (identity: Identity) => (await come(identity)).fields['set-cookie']![0]!
  const endsWith = async (cookie: string, what: string) => {
    t.equal((await me(cookie)).status, 200, `before: ${what}`)
    await sessions.look()
    t.equal((await me(cookie)).status, 401, what)
  }
  const first = await login(jane)
  await sessions.look()
  t.equal((await me(first)).status, 200, 'nothing has changed')
  await writeFile(config, janeOnly.replace('auditor', 'viewer'))
  await endsWith(first, 'another role')
  const second = await login(jane)
  t.match((await me(second)).json, { role: 'viewer' })
  await writeFile(config, 'people: [ broken')
  await sessions.look()
  t.equal((await me(second)).status, 200, 'a broken file changes nothing')
  t.match(complaints, [/people and their CA stay as they were: configuration/])
  await writeFile(config, janeOnly.replace('role', 'state: disabled, role'))
  await endsWith(second, 'disabled')
  const atProvider = (id: string) =>
    listener.access.addSession({ id, role: 'viewer', method: 'openid', credential: id }, '::1', new Date()).text
  const [other, another] = [atProvider('Jane'), atProvider('max')]
  await sessions.look()
  t.equal((await me(`__Host-seg=${other}`)).status, 401, 'disabled, however she logged in')
  t.equal((await me(`__Host-seg=${another}`)).status, 200, 'who is no person of the file stays')
  const brief = issue({ profile: 'operator', name: 'brief', to: 0.01 }, ca)
  await writeFile(config, `${janeOnly}${person('brief', pinOf(brief))}${person('spare', pinOf(spare))}`)
  const third = await login(spare)
  const options = { certs, ca: 'ca', reason: 'keyCompromise', days: 7, now: new Date() } as const
  await revoke({ ...options, target: spare.certificate })
  await endsWith(third, 'revoked')
  t.match(await come(spare), { status: 401, json: { detail: /certificate-revoked/ } })
  const fourth = await login(brief)
  setShift(20 * 60_000)
  await sessions.look()
  setShift(0)
  t.equal((await me(fourth)).status, 401, 'out of date')
  const stranger = { id: 'jane', role: 'auditor', method: 'certificate', credential: 'AB' } as const
  const old = listener.access.addSession(stranger, '::1', new Date())
  await endsWith(`__Host-seg=${old.text}`, 'from before the start')
  const ended = listener.records().filter(({ action }) => action === 'authentication.session-ended')
  t.match(ended, [
    { actor: { id: 'jane' }, reason: { detail: /viewer, now/ } },
    { reason: { detail: /disabled/ } },
    { actor: { id: 'Jane', method: 'openid' }, reason: { detail: /"jane" is disabled/ } },
    { reason: { detail: /certificate-revoked/ } },
    { reason: { detail: /certificate-invalid/ } },
    { reason: { detail: /started since/ } },
  ])
})

t.test('an API key is suspended with a person behind it, and counts again when they do', async t => {
  const administrator = `people:\n${person('jane', pinOf(jane)).replace('auditor', 'administrator')}`
  const joeToo = person('joe', pinOf(joe))
  const { listener, come, config, sessions, complaints } = await openLogin(t, administrator + joeToo)
  const cookie = (await come(jane)).fields['set-cookie']![0]!.split(';')[0]!
  const make = async (fields: Record<string, string>, name: string, role: string): Promise<string> => {
    const body = JSON.stringify({ name, role, days: 1 })
    return (await listener.ask('POST', '/api/v1/api-keys', fields, body)).json.key
  }
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
  const own = await make({ cookie, 'sec-fetch-site': 'same-origin' }, 'deployment', 'administrator')
  const child = await make(bearer(own), 'monitoring', 'viewer')
  const added = (name: string, madeBy: string) =>
    listener.access.addKey({ name, role: 'viewer', madeBy, endsAt: Date.now() + 3_600_000 }, new Date()).text
  const keys = { own, child, named: added('joe', 'root'), shell: added('other', 'root'), jane: added('third', 'Jane') }
  const count = async (what: string, expected: readonly (keyof typeof keys)[]) => {
    await sessions.look()
    const counted: string[] = []
    for (const [name, text] of Object.entries(keys))
      if ((await listener.ask('GET', '/api/v1/me', bearer(text))).status === 200) counted.push(name)
    t.same(counted, expected, what)
  }
  await count('nothing has changed', ['own', 'child', 'named', 'shell', 'jane'])
  await writeFile(config, (administrator + joeToo).replace('role', 'state: disabled, role'))
  await count('jane is disabled: what she made, and what that made', ['named', 'shell'])
  const ofKeys = () => listener.records().filter(({ action }) => action.startsWith('authorization.api-key-'))
  const detail = /"jane" is disabled in seg\.yaml/
  const suspended = { action: 'authorization.api-key-suspended', outcome: 'success', reason: { detail } }
  t.match(ofKeys().slice(-3), [suspended, suspended, suspended])
  t.match(complaints.slice(-3), [/does not count: "jane" is disabled/, /API key/, /API key/])
  const listed = (await listener.ask('GET', '/api/v1/api-keys', listener.sessionOf('administrator'))).json.data
  const ofChild = listed.find(({ name }: { name: string }) => name === 'monitoring')
  t.match(ofChild, { state: 'suspended', suspendedWhy: detail, revokedAt: null })
  const records = ofKeys().length
  await sessions.look()
  t.equal(ofKeys().length, records, 'each is recorded once')
  await writeFile(config, administrator + joeToo)
  await count('jane counts again', ['own', 'child', 'named', 'shell', 'jane'])
  t.match(ofKeys().at(-1), { action: 'authorization.api-key-resumed' })
  await writeFile(config, `${janeOnly}${joeToo}`)
  await count('jane makes no keys any more; those of the shell are none of hers', ['named', 'shell', 'jane'])
  await writeFile(config, `people:\n${joeToo.replace('role', 'state: disabled, role')}`)
  await count('jane has no record; joe is disabled', ['shell', 'jane'])
})

t.test(
  'a receiver opens the port beside its console, which asks nobody for a certificate',
  needs('openssl', ['version']),
  async t => {
    const gateway = await openGateway(t, certs)
    const config = join(await makeFolder(t), 'seg.yaml')
    await writeFile(config, janeOnly)
    const voice = { info() {}, error() {} }
    const readiness = { look: async () => ({ isReady: true, at: '', checks: [] }) }
    const open = (port: number | 'off') =>
      prepareOperatorsListener({
        ...{ certs, data: gateway.data, config, adminHost: '127.0.0.1' },
        ...{ adminPort: port, adminCertificatePort: 0 },
      }).open(answersOf(gateway.gate, readiness, [], config, [], { value: 0 }), voice)
    await t.rejects(open('off'), { code: 'configuration', detail: /--admin-port is off/ })
    const listener = (await open(0))!
    t.teardown(() => listener.close())
    const [console, login] = [listener.url, listener.certificateLogin!].map(url => new URL(url).port)
    const answer = await visit(Number(login), jane)
    t.match(answer, { status: 303, fields: { location: `https://localhost:${console}/` } })
    const asks = (port: string | undefined) => {
      const args = ['s_client', '-msg', '-connect', `127.0.0.1:${port}`]
      return spawnSync('openssl', args, { input: '', encoding: 'utf8' }).stdout.includes('CertificateRequest')
    }
    t.same([asks(console), asks(login)], [false, true])
  },
)
