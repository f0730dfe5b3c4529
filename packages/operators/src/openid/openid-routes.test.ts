// Logging in at a provider of OpenID Connect, a small one in this process: a role comes from its
// claim, and nothing counts but its own answer, for this login, to this browser, once.
import { createHash, createHmac, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { loadIdentity } from '@seg/pki'
import t, { type Test } from 'tap'
import { makeConsoleCerts, openClient, openListener } from '../testing/listener.ts'

const certs = await makeConsoleCerts(t)
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

type Claims = Record<string, unknown>
type Changes = {
  claims: Claims
  key: KeyObject
  alg: string
  /** Changes the parameters that lead back. */
  back: (answer: URLSearchParams) => void
}

const honest: Changes = { claims: {}, key: privateKey, alg: 'RS256', back: () => {} }

function sign(claims: Claims, { key, alg }: Changes): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg, kid: 'k' })}.${part(claims)}`
  if (alg === 'HS256') return `${signed}.${createHmac('sha256', 'secret').update(signed).digest('base64url')}`
  return `${signed}.${alg === 'none' ? '' : createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`
}

async function openProvider(t: Test) {
  const { certificatePem: cert, keyPem: key } = await loadIdentity(certs, 'receiver')
  let changes = honest
  const codes = new Map<string, { challenge: string; nonce: string }>()
  let codeCount = 0
  let askedCount = 0
  let issuer = ''
  const server = createServer({ cert, key }, async (request, response) => {
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    const body = new URLSearchParams(await text(request))
    if (request.url === '/.well-known/openid-configuration') askedCount++
    if (request.url === '/.well-known/openid-configuration')
      return json({
        ...{ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
        ...{ jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'], subject_types_supported: ['public'] },
        ...{
          id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
          code_challenge_methods_supported: ['S256'],
        },
      })
    if (request.url === '/jwks')
      return json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] })
    if (request.url !== '/token') return response.writeHead(404).end()
    const found = codes.get(body.get('code') ?? '')
    codes.delete(body.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(`${body.get('code_verifier')}`)
      .digest('base64url')
    if (found?.challenge !== challenge || body.get('client_secret') !== 'secret')
      return json({ error: 'invalid_grant' }, 400)
    const at = Math.floor(Date.now() / 1000)
    const usual = { iss: issuer, aud: 'seg', sub: 'u1', iat: at, exp: at + 60, nonce: found.nonce }
    const person = { name: 'jane', groups: ['staff', 'seg-officers'] }
    const idToken = sign({ ...usual, ...person, ...changes.claims }, changes)
    return json({ access_token: 'a', token_type: 'Bearer', id_token: idToken })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  issuer = `https://localhost:${(server.address() as AddressInfo).port}`
  /** What a person does there: the parameters that lead back. */
  const logIn = (address: string): URLSearchParams => {
    const asked = new URL(address).searchParams
    const code = `code-${++codeCount}`
    codes.set(code, { challenge: asked.get('code_challenge')!, nonce: asked.get('nonce')! })
    const answer = new URLSearchParams({ code, state: asked.get('state')! })
    changes.back(answer)
    return answer
  }
  const change = (to: Partial<Changes>) => {
    changes = { ...honest, ...to }
  }
  return { issuer, change, logIn, askedCount: () => askedCount }
}

async function open(t: Test, more = '') {
  const provider = await openProvider(t)
  const config = join(certs, `seg-${new URL(provider.issuer).port}.yaml`)
  await writeFile(join(certs, 'oidc.secret'), 'secret\n', { mode: 0o600 })
  await writeFile(
    config,
    `openid-connect:
  issuer: ${provider.issuer}
  client-id: seg
  client-secret: oidc.secret
  ca: ca.crt
  person: name
  claim: groups
  roles: { seg-admins: administrator, seg-officers: security-officer }
${more}`,
  )
  const listener = await openListener(t, certs, { config })
  listener.access.url = listener.url
  const begin = async (to = '', ask = listener.ask) => {
    const answer = await ask('GET', `/login/openid${to}`)
    return { answer, cookie: answer.fields['set-cookie']?.[0]?.split(';')[0] ?? '' }
  }
  const end = (answer: URLSearchParams, cookie: string) =>
    listener.ask('GET', `/login/openid/callback?${answer}`, { cookie, 'sec-fetch-site': 'cross-site' })
  const whole = async (to?: string) => {
    const { answer, cookie } = await begin(to)
    return end(provider.logIn(answer.fields.location!), cookie)
  }
  return { ...provider, listener, begin, end, whole }
}

t.test('a person of the provider gets a session, with the role that seg.yaml gives their claim', async t => {
  const { listener, begin, whole } = await open(t)
  const { answer } = await begin()
  t.equal(answer.status, 303)
  const asked = new URL(answer.fields.location!).searchParams
  t.match(Object.fromEntries(asked), { response_type: 'code', code_challenge_method: 'S256', client_id: 'seg' })
  t.equal(asked.get('redirect_uri'), `${listener.url}/login/openid/callback`)
  t.match(
    answer.fields['set-cookie']![0],
    /^__Host-seg-login=\S+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
  )
  const login = await whole('?to=/partners')
  t.match(login, { status: 200, text: /refresh" content="0;url=\/partners"/ })
  const [session] = login.fields['set-cookie']!
  t.match(session, /^__Host-seg=s_\S+; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  const me = await listener.ask('GET', '/api/v1/me', { cookie: session!.split(';')[0]! })
  t.match(me.json, { id: 'jane', role: 'security-officer', method: 'openid' })
  const actor = { id: 'jane', method: 'openid', credential: /u1$/ }
  t.match(listener.records().at(-1), { action: 'authentication.login', actor })
})

const cases: Readonly<Record<string, Partial<Changes>>> = {
  'another key': { key: other },
  'no signature': { alg: 'none' },
  'another audience': { claims: { aud: 'else' } },
  'another issuer': { claims: { iss: 'https://else.example' } },
  'a signature by the secret of the client': { alg: 'HS256' },
  'no nonce': { claims: { nonce: undefined } },
  'no subject': { claims: { sub: undefined } },
  'not yet': { claims: { iat: Math.floor(Date.now() / 1000) + 3600, nbf: Math.floor(Date.now() / 1000) + 3600 } },
  'a token without end': { claims: { padding: 'x'.repeat(300_000) } },
  'another nonce': { claims: { nonce: 'x' } },
  'out of date': { claims: { exp: 1 } },
  'another state': { back: answer => answer.set('state', 'x') },
  'a code of nobody': { back: answer => answer.set('code', 'x') },
  'two codes': { back: answer => answer.append('code', 'x') },
  'a refusal': { back: answer => answer.set('error', 'access_denied') },
  'no role': { claims: { groups: ['staff'] } },
  'no claim': { claims: { groups: undefined } },
  'no name': { claims: { name: undefined } },
}

t.test('an answer that is not of the provider, for this login, to this browser, once, is refused', async t => {
  const { listener, change, begin, end, whole, logIn } = await open(t)
  for (const [what, changed] of Object.entries(cases)) {
    change(changed)
    const { status, json } = await whole()
    t.ok(status === 401 || (status === 400 && what === 'two codes'), `${what}: ${status} ${json?.code}`)
  }
  change({})
  const first = await begin()
  t.equal((await end(logIn(first.answer.fields.location!), '')).status, 401, 'another browser')
  t.equal(
    (await end(logIn(first.answer.fields.location!), `${first.cookie}; ${first.cookie}`)).status,
    401,
    'two cookies',
  )
  const back = logIn(first.answer.fields.location!)
  t.equal((await end(back, first.cookie)).status, 200)
  t.equal((await end(back, first.cookie)).status, 401, 'once')
  const late = await begin()
  listener.setTime(new Date(Date.now() + 11 * 60_000))
  t.equal((await end(logIn(late.answer.fields.location!), late.cookie)).status, 401, 'too late')
})

t.test('who is disabled in seg.yaml gets no session, whatever the provider or a link says', async t => {
  const { listener, whole } = await open(
    t,
    'people:\n  - { id: Jane, role: auditor, state: disabled, certificates: [{ subject: { CN: jane } }] }\n',
  )
  const link = new URL(listener.linkOf('administrator')).pathname
  for (const login of [await whole(), await listener.ask('GET', link)]) {
    t.match(login, { status: 401, json: { code: 'login-refused', detail: /"Jane" is disabled in seg\.yaml/ } })
    t.notMatch(`${login.fields['set-cookie']}`, /__Host-seg=/)
    const reason = { code: 'login-refused', detail: /"Jane" is disabled/ }
    t.match(listener.records().at(-1), { action: 'authentication.login-refused', outcome: 'failure', reason })
    t.match(listener.complaints.at(-1), /^a login is refused: "Jane" is disabled in seg\.yaml \(urn:uuid:/)
  }
  t.same(listener.access.sessions(new Date()), [])
  t.equal(listener.records().length, 2)
})

t.test('who is refused again and again is held up; without a provider in seg.yaml there is no such login', async t => {
  const { listener, end } = await open(t)
  const statuses: number[] = []
  for (let i = 0; i < 22; i++) statuses.push((await end(new URLSearchParams({ code: 'x' }), 'a=b')).status)
  t.same([...new Set(statuses)], [401, 429])
  t.equal((await listener.ask('GET', '/login/openid?to=//evil.example')).status, 400)
  const bare = await openListener(t, certs)
  t.equal((await bare.ask('GET', '/login/openid')).status, 404)
})

t.test('who begins logins without end ends their own, and the provider is asked once for all', async t => {
  const { listener, begin, end, logIn, askedCount } = await open(t)
  const { port } = new URL(listener.url)
  const honest = await begin('', await openClient(t, certs, Number(port), '127.0.0.2'))
  t.equal(honest.answer.status, 303)
  for (let i = 0; i < 51; i++) await Promise.all(Array.from({ length: 20 }, () => listener.ask('GET', '/login/openid')))
  t.equal((await end(logIn(honest.answer.fields.location!), honest.cookie)).status, 200)
  t.equal(askedCount(), 1)
  listener.setTime(new Date(Date.now() + 11 * 60_000))
  await Promise.all(Array.from({ length: 20 }, () => begin()))
  t.equal(askedCount(), 2, 'also by those who come at the same moment')
})

t.test('who has not logged in learns nothing of files and settings of this machine', async t => {
  const config = join(certs, 'seg-broken.yaml')
  await writeFile(config, 'openid-connect:\n  issuer: ftp://x\n')
  const listener = await openListener(t, certs, { config })
  const statuses: number[] = []
  for (let i = 0; i < 30; i++) {
    const { status, text } = await listener.ask('GET', '/login/openid')
    statuses.push(status)
    t.notMatch(text, /yaml|issuer|seg-broken|\/tmp|openid-connect/)
  }
  t.same([...new Set(statuses)], [500])
  t.match(listener.complaints[0], /seg-broken\.yaml/, 'who runs the machine does')
  t.ok(listener.complaints.length <= 20, 'a bounded number of times')
})
