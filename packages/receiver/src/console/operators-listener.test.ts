// The operators' listener as a receiver opens it: in a thread, with what the receiver knows, and
// never in the way of documents.
import { once } from 'node:events'
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { eventually, until } from '@seg/core/testing/until'
import { openAccess, openAuditReader } from '@seg/operators'
import { type Ask, openClient } from '@seg/operators/testing'
import { loadIdentity, loadTrust } from '@seg/pki'
import t, { type Test } from 'tap'
import { post } from '../testing/client.ts'
import { makeCerts, makeDocument, makeFolder, openGateway, senderId, type TestGateway } from '../testing/gateway.ts'
import { answersOf } from './answers.ts'
import { prepareOperatorsListener } from './operators-listener.ts'

const certs = await makeCerts(t)
const shown = [{ key: 'port', flag: '--port', value: '8443', origin: 'default' }] as const

const noLook = async () => ({ isReady: true, at: '', checks: [] })

type Options = Partial<Parameters<typeof prepareOperatorsListener>[0]>

function open({ data, gate }: TestGateway, options: Options = {}, lines: string[] = []) {
  const note = (line: string) => lines.push(line)
  const prepared = prepareOperatorsListener({ certs, data, adminHost: '127.0.0.1', adminPort: 0, ...options })
  return prepared.open(answersOf(gate, { look: noLook }, shown, options.config, ['inbox'], { value: 0 }), {
    info: note,
    error: note,
  })
}

/** Asks as a role that may, and ends with the test. */
async function openAsking(t: Test, gateway: TestGateway, options: Options = {}) {
  const lines: string[] = []
  const listener = (await open(gateway, options, lines))!
  const access = await openAccess(gateway.data)
  t.teardown(async () => {
    await listener.close()
    access.close()
  })
  const { port } = new URL(listener.url)
  const client = await openClient(t, certs, Number(port))
  const keyOf = (role: 'viewer' | 'auditor' | 'security-officer') => {
    const { text } = access.addKey({ name: role, role, madeBy: 'test', endsAt: Date.now() + 60_000 }, new Date())
    return { authorization: `Bearer ${text}` }
  }
  const ask = (role: Parameters<typeof keyOf>[0], ...[method, path, fields, body]: Parameters<Ask>) =>
    client(method, path, { ...fields, ...keyOf(role) }, body)
  return { listener, access, ask, keyOf, lines, port: Number(port) }
}

t.test('a listener in its thread', async t => {
  const gateway = await openGateway(t, certs)
  const config = join(await makeFolder(t), 'seg.yaml')
  await writeFile(config, '# kept as it is\n')
  const asking = await openAsking(t, gateway, { config })
  await t.test('it says who the gateway is, its settings and its certificates, and asks no secret of it', async t => {
    const { listener, access, ask, lines } = asking
    t.match(listener.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    t.equal(access.url, listener.url, 'where login links lead to')
    t.match((await ask('viewer', 'GET', '/api/v1/me')).json, { role: 'viewer', gateway: { id: 'MINISTRY 2_SEG01' } })
    t.match((await ask('viewer', 'GET', '/api/v1/health')).status, 200)
    t.same((await ask('auditor', 'GET', '/api/v1/settings')).json.data, shown)
    const { data } = (await ask('viewer', 'GET', '/api/v1/certificates')).json
    const uses = data.flatMap((row: { uses: string[] }) => row.uses)
    for (const use of ['receiver', 'seal', 'console', 'own CA']) t.ok(uses.includes(use), use)
    const one = await ask('viewer', 'GET', `/api/v1/certificates/${data[0].fingerprint}`)
    t.match(one.json, { pem: /BEGIN CERTIFICATE/, state: 'valid' })
    t.equal((await ask('viewer', 'GET', `/api/v1/certificates/${'0'.repeat(64)}`)).status, 404)
    t.same(lines, [])
  })

  await t.test('it serves the console, which it builds where that is missing, once it listens', async t => {
    const page = () => asking.ask('viewer', 'GET', '/documents', { accept: 'text/html' })
    const answer = await until(page, ({ status }) => status !== 503)
    t.match(answer, { status: 200, text: /<div id="console">/, fields: { 'content-type': /^text\/html/ } })
    t.match(answer.fields['content-security-policy'], /default-src 'none'; script-src 'self'; .*trusted-types 'none'/)
  })

  await t.test('a partner is suspended and resumed as by the commands, with a reason and its records', async t => {
    const { ask } = asking
    const path = `/api/v1/partners/${encodeURIComponent(senderId)}`
    const body = JSON.stringify({ why: 'key stolen' })
    t.equal((await ask('viewer', 'GET', path)).status, 404)
    t.equal((await ask('viewer', 'POST', `${path}/suspend`, {}, body)).status, 403)
    t.equal((await ask('security-officer', 'POST', `${path}/suspend`, {}, '{}')).status, 400, 'a reason is asked for')
    t.match(await ask('security-officer', 'POST', `${path}/suspend`, {}, body), { json: { state: 'suspended' } })
    t.match(await readFile(config, 'utf8'), /# kept as it is\n[\s\S]*state: suspended/)
    t.match((await ask('viewer', 'GET', path)).json, { id: senderId, state: 'suspended', certificates: [] })
    t.match((await ask('viewer', 'GET', '/api/v1/partners')).json, { mode: 'ca', data: [{ id: senderId }] })
    t.match(await ask('security-officer', 'POST', `${path}/resume`, {}, body), { json: { state: 'active' } })
    const unknown = await ask('security-officer', 'POST', '/api/v1/partners/nobody/resume', {}, body)
    t.match(unknown, { status: 404, json: { code: 'not-found' } })
    const trail = openAuditReader(gateway.data)!
    const records = trail.after(0, 100).map(({ text }) => JSON.parse(text))
    trail.close()
    const suspended = records.filter(({ action }) => action === 'partner.suspended')
    const actor = { method: 'api-key', role: 'security-officer', id: 'key security-officer' }
    t.match(suspended, [
      { outcome: 'pending', why: 'key stolen', actor, from: { address: '127.0.0.1' } },
      { outcome: 'success', change: [{ before: null, after: { state: 'suspended' } }] },
    ])
    t.match(records.at(-1), { action: 'partner.resumed', outcome: 'failure', reason: { code: 'not-found' } })
  })

  await t.test('it ends with the receiver, whoever still reads', async t => {
    const { listener, keyOf, port } = asking
    // Before the desk is made there are no events.
    await until(async () => (await asking.ask('viewer', 'GET', '/api/v1/documents')).status === 200)
    const reading = request({
      ...{ host: '127.0.0.1', servername: 'localhost', port, path: '/api/v1/events', agent: false },
      ...{ headers: keyOf('viewer'), ca: (await loadTrust(certs)).caPem },
    })
    reading.on('error', () => {})
    reading.end()
    const [answer] = (await once(reading, 'response')) as [IncomingMessage]
    answer.on('error', () => {})
    answer.resume()
    t.equal(answer.statusCode, 200)
    const gone = new Promise(resolve => answer.once('close', resolve))
    await listener.close()
    await gone
  })
})

t.test('a renewed certificate is used while it runs, and one that is broken is not', async t => {
  const gateway = await openGateway(t, certs)
  const [own, next] = [await makeCerts(t), await makeCerts(t)]
  const lines: string[] = []
  const listener = (await open(gateway, { certs: own, adminCertificatePort: 0 }, lines))!
  t.teardown(() => listener.close())
  const shownAt = async (url: string) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { fingerprint256 } = socket.getPeerX509Certificate()!
    socket.destroy()
    return fingerprint256
  }
  const both = () => Promise.all([listener.url, listener.certificateLogin!].map(shownAt))
  const fingerprintOf = async (folder: string) => (await loadIdentity(folder, 'console')).certificate.fingerprint256
  const before = await fingerprintOf(own)
  t.same(await both(), [before, before])

  const replace = async (name: string) => {
    await copyFile(join(next, name), join(own, 'new'))
    await rename(join(own, 'new'), join(own, name))
  }
  await replace('console.crt')
  process.emit('SIGHUP')
  await until(() => lines.length > 0)
  t.match(lines, [/what changed is not taken, the former console\.crt stays in use: .*console\.key is not the key/])
  t.same(await both(), [before, before])

  await replace('console.key')
  process.emit('SIGHUP')
  await until(() => lines.length > 1)
  t.match(lines[1], /uses another console\.crt, valid until 20/)
  const after = await fingerprintOf(next)
  await eventually(t, both, [after, after])
  t.equal(lines.length, 2)
})

t.test(
  'by itself it is left out where its port or certificate is not to be had; asked for, that is a fault',
  async t => {
    const gateway = await openGateway(t, certs)
    const other = createServer().listen(0, '127.0.0.1')
    t.teardown(() => other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await t.rejects(open(gateway, { adminPort: port }), {
      code: 'configuration',
      detail: /operators' listener: another program listens on 127\.0\.0\.1 port \d+.*--admin-port/,
    })
    const bare = await makeCerts(t)
    await rm(join(bare, 'console.crt'))
    const lines: string[] = []
    t.equal(await open(gateway, { certs: bare, adminPort: 'auto' }, lines), undefined)
    t.match(lines, [/no listener for operators: .*console\.crt is missing/])
    await t.rejects(open(gateway, { certs: bare }), { code: 'configuration', detail: /console\.crt is missing/ })
    t.equal(await open(gateway, { adminPort: 'off' }, lines), undefined)
    t.equal(lines.length, 1)
    t.equal((await post(gateway, await makeDocument(gateway))).status, 201, 'documents are taken without it')
  },
)
