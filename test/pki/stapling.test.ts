// OCSP stapling (RFC 6066 8): a receiver hands out what its CA says of its certificate, and a
// sender that requires it sends nothing without. openssl is the responder, and a client.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { diagnose, Problems, parseConfiguration } from '@seg/core'
import { until } from '@seg/core/testing/until'
import { buildOcspRequest, loadIdentity, loadTrust, readOcspResponse, staplingSection } from '@seg/pki'
import t, { type Test } from 'tap'
import {
  bitString,
  der,
  objectIdentifier,
  octetString,
  sequence,
} from '../../packages/pki/src/certificate/der-writer.ts'
import { issueFiles } from '../../packages/pki/src/issuing/issue-files.ts'
import { openResponder, serveResponder } from '../../packages/pki/src/testing/openssl-responder.ts'
import { hasOpenssl } from '../../packages/pki/src/testing/openssl-verify.ts'
import { algorithms, makeCa, makeLeaf } from '../../packages/pki/src/testing/path-certificates.ts'
import { followCredentials } from '../../packages/receiver/src/credentials/follow-credentials.ts'
import { followStaple } from '../../packages/receiver/src/credentials/follow-staple.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { openGateway, type TestGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { loadRegistered } from '../../packages/sender/src/credentials/sender-credentials.ts'
import { sendTemplate } from '../../packages/sender/src/delivery/send.ts'
import { senderChecks } from '../../packages/sender/src/diagnosis/sender-checks.ts'
import { accept, startReceiver } from '../../packages/sender/src/testing/foreign-receiver.ts'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openSender,
  openTemplate,
  receiverId,
} from '../../packages/sender/src/testing/gateways.ts'
import { startReceiver as startProcess } from '../support/commands.ts'

const skip = hasOpenssl ? false : 'openssl is not installed'
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const certs = await makeCerts(t)
const template = await openTemplate(t, makeDocument())
const { authorities, caPem: ca } = await loadTrust(certs)
const issuer = authorities[0]!.certificate
const { certificate: leaf } = await loadIdentity(certs, 'receiver')
const { certificatePem: cert, keyPem: key } = await loadIdentity(certs, 'sender')

/** A receiver that asks the responder of its CA about its certificate. */
async function openStapling(t: Test) {
  const responder = openResponder(certs)
  responder.know(leaf)
  const { url, setUp, hold } = await serveResponder(t, responder)
  const release = hold()
  const later: { staple?: ReturnType<typeof followStaple> } = {}
  const gateway = await openGateway(t, certs, {
    staple: { answerFor: certificate => later.staple!.answerFor(certificate) },
  })
  const lines: { msg: string; code?: string }[] = []
  const { credentials: live } = gateway.gate
  live.replace({ ...live.current, responder: url })
  const staple = followStaple(gateway.gate, openLoggerInto({ write: line => lines.push(JSON.parse(line)) }))
  later.staple = staple
  t.teardown(() => staple.close())
  const begin = Date.now()
  const at = async (time: number) => {
    gateway.setTime(new Date(begin + time))
    await staple.look()
  }
  return { gateway, responder, staple, lines, setUp, release, at }
}

/** What a client that asks gets with the certificate. */
async function stapleOf({ port }: { readonly port: number }): Promise<Buffer | null> {
  const options = { ca, cert, key, servername: 'localhost', requestOCSP: true }
  const socket = connect({ host: '127.0.0.1', port, ...options })
  let found: Buffer | null | undefined
  socket.on('OCSPResponse', (answer: Buffer | null) => {
    found = answer
  })
  await once(socket, 'secureConnect')
  socket.destroy()
  if (found === undefined) throw new Error('Node says nothing of an answer')
  return found
}

/** What was held up for too long is asked for again a few seconds later. */
function firstStaple(gateway: TestGateway, staple: ReturnType<typeof followStaple>): Promise<Buffer | null> {
  const look = async () => {
    await staple.look()
    return stapleOf(gateway)
  }
  return until(look, found => found !== null)
}

async function openssl(...args: string[]): Promise<string> {
  const child = spawn('openssl', args, { cwd: certs, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, problems] = await Promise.all([text(child.stdout), text(child.stderr)])
  return out + problems
}

const askWithOpenssl = ({ port }: TestGateway, ...args: string[]) => {
  const own = ['-CAfile', 'ca.crt', '-cert', 'sender.crt', '-key', 'sender.key']
  return openssl('s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', ...own, ...args)
}

const statusIn = (octets: Buffer | null, certificate = leaf, now = new Date()) =>
  readOcspResponse(octets!, { leaf: certificate, issuer }, now)

t.test(
  'a client that asks gets the answer of the CA, and no handshake waits for one that is not there',
  { skip },
  async t => {
    const { gateway, staple, release } = await openStapling(t)
    t.equal(await stapleOf(gateway), null, 'the responder has not answered yet')
    t.match(await askWithOpenssl(gateway, '-status'), /OCSP response: no response sent/)
    release()
    const answer = await firstStaple(gateway, staple)
    t.match(statusIn(answer), { revoked: undefined })
    t.match(await askWithOpenssl(gateway, '-status'), /OCSP Response Status: successful.*Cert Status: good/s)
    t.notMatch(await askWithOpenssl(gateway), /OCSP/, 'who does not ask')
    await writeFile(join(certs, 'staple.der'), answer!)
    const about = ['-issuer', 'ca.crt', '-cert', 'receiver.crt', '-CAfile', 'ca.crt', '-no_nonce']
    const verified = await openssl('ocsp', '-respin', 'staple.der', ...about)
    for (const line of [/^Response verify OK$/m, /^receiver\.crt: good$/m]) t.match(verified, line)
  },
)

t.test('an answer is refreshed before it ends, kept while none comes, and not handed out after', { skip }, async t => {
  const { gateway, responder, staple, lines, setUp, release, at } = await openStapling(t)
  release()
  await staple.look()
  t.equal(responder.asked, 1)
  await at(59 * MINUTE)
  t.equal(responder.asked, 1, 'not before it is due')
  await at(61 * MINUTE)
  t.equal(responder.asked, 2)
  setUp(false)
  await at(3 * HOUR)
  t.match(lines.at(-1), { code: 'revocation-unreachable', msg: /our own certificate.*is not known.*again in 10 s/ })
  t.match(statusIn(await stapleOf(gateway)), { revoked: undefined })
  await at(26 * HOUR)
  t.equal(await stapleOf(gateway), null)
})

t.test('a certificate that takes the place of another goes out with no answer but its own', { skip }, async t => {
  const { gateway, responder, staple, lines, release } = await openStapling(t)
  release()
  await staple.look()
  const next = await makeFolder(t)
  const wish = { certs, ca: 'ca', profile: 'receiver', id: receiverId, key: 'ec-p256', days: 3 } as const
  await issueFiles({ ...wish, hosts: ['localhost'], out: join(next, 'receiver'), now: new Date() })
  const identity = await loadIdentity(next, 'receiver')
  responder.know(identity.certificate)
  const { credentials: live } = gateway.gate
  live.replace({ ...live.current, identity })
  const first = await stapleOf(gateway)
  if (first !== null) t.match(statusIn(first, identity.certificate), { revoked: undefined })
  await staple.look()
  t.same(lines, [])
  t.match(statusIn(await stapleOf(gateway), identity.certificate), { revoked: undefined })
})

t.test('the address of the responder comes, changes and goes with seg.yaml, without a restart', { skip }, async t => {
  const [first, second] = [openResponder(certs), openResponder(certs)]
  for (const responder of [first, second]) responder.know(leaf)
  second.revoke(leaf)
  const later: { staple?: ReturnType<typeof followStaple> } = {}
  const staple = { answerFor: (certificate: Buffer) => later.staple!.answerFor(certificate) }
  const gateway = await openGateway(t, certs, { staple })
  const config = join(gateway.data, 'seg.yaml')
  const lines: string[] = []
  const logger = openLoggerInto({ write: line => lines.push(JSON.parse(line).msg) })
  await writeFile(config, '# nothing\n')
  const following = followCredentials({ certs, data: gateway.data, config }, gateway.gate, logger)
  later.staple = followStaple(gateway.gate, logger)
  t.teardown(() => Promise.all([following.close(), later.staple?.close()]))
  const set = async (text: string) => {
    await writeFile(config, text)
    await following.look()
    // One that began before the change does not count.
    await later.staple!.look()
    await later.staple!.look()
    return stapleOf(gateway)
  }
  t.equal(await set('# none\n'), null)
  const { url } = await serveResponder(t, first)
  t.match(statusIn(await set(`stapling: ${url}\n`)), { revoked: undefined })
  t.match(statusIn(await set(`stapling: ${(await serveResponder(t, second)).url}\n`)), { revoked: { reason: 1 } })
  t.match(lines.join('\n'), /in use from now on: stapling http:/)
  t.equal(await set('stapling: off\n'), null)
  t.match(await askWithOpenssl(gateway, '-status'), /OCSP response: no response sent/)
  t.match(statusIn(await set(`stapling: ${url}\n`)), { revoked: undefined })
  t.equal(first.asked, 2)
})

t.test('a receiver asks the responder that seg.yaml names; what is no address is an error', { skip }, async t => {
  const read = (value: string) => {
    const file = parseConfiguration('seg.yaml', `stapling: ${value}\n`)
    const problems = new Problems()
    const found = staplingSection.read(file, problems)
    problems.throwIfAny(file.path, file.text)
    return found
  }
  t.equal(read('off'), undefined)
  for (const bad of ['yes', 'ldap://ocsp.example/', 'http://user:word@ocsp.example/', '[]'])
    t.throws(() => read(bad), { code: 'configuration' }, bad)
  const responder = openResponder(certs)
  responder.know(leaf)
  const { url } = await serveResponder(t, responder)
  const data = await makeFolder(t)
  const config = join(data, 'seg.yaml')
  await writeFile(config, `stapling: ${url}\n`)
  const started = await startProcess(t, ['--certs', certs, '--data', join(data, 'data'), '--config', config])
  const at = { port: Number(started.url.port) }
  const found = await until(
    () => stapleOf(at),
    answer => answer !== null,
  )
  t.match(statusIn(found), { revoked: undefined })
})

/** A sender whose record of the receiver requires an answer, unless `require` says otherwise. */
async function openRequiring(t: Test, url: string, { require = '{ stapling: true }', now = () => new Date() } = {}) {
  const data = await makeFolder(t)
  const config = join(await makeFolder(t), 'seg.yaml')
  await writeFile(config, `receivers:\n  - { id: "${receiverId}", url: "${url}", require: ${require} }\n`)
  const sender = await openSender(certs, data, 3000, now)
  const registered = { ...sender, receivers: await loadRegistered(config, sender.trust) }
  return { config, data, send: () => sendTemplate(template, new URL(url), registered) }
}

t.test(
  'a sender that requires an answer sends nothing without, and delivers once the receiver has one',
  { skip },
  async t => {
    const { gateway, responder, staple, lines, release, at } = await openStapling(t)
    const { send, config, data } = await openRequiring(t, gateway.url)
    const missing = { code: 'revocation-unknown', exitCode: 5, detail: /found none; .*nothing was sent/ }
    await t.rejects(send(), missing)
    t.equal(await gateway.stored('doc123'), undefined)
    const readSettings = () => ({ certs, data, config })
    const to = new URL(gateway.url)
    const checks = senderChecks({ readSettings, to, now: () => new Date(), patience: 5000 })
    const upToServer = checks.slice(0, checks.findIndex(({ id }) => id === 'server') + 1)
    const lastOf = async () => (await diagnose(upToServer)).at(-1)
    t.match(await lastOf(), { id: 'server', status: 'failure', code: 'revocation-unknown', command: /-status </ })
    release()
    await firstStaple(gateway, staple)
    t.match(await send(), { receipt: { receiverId } })
    t.match(await lastOf(), { id: 'server', status: 'ok' })
    responder.revoke(leaf)
    await at(2 * HOUR)
    t.match(lines.at(-1), { code: 'certificate-revoked', msg: /our own certificate.*is revoked/ })
    t.match(statusIn(await stapleOf(gateway)), { revoked: { reason: 1 } })
  },
)

/** An answer signed by a responder whose certificate has a key that OpenSSL cannot read. */
function makeUnreadable(): Buffer {
  const curve = objectIdentifier('1.2.840.10045.3.1.7')
  const change = (tbs: Buffer) => {
    const changed = Buffer.from(tbs)
    changed[tbs.indexOf(curve) + curve.length - 1] = 0x7f
    return changed
  }
  const shown = makeLeaf(makeCa('Foreign'), { change }).certificate.raw
  const certificates = der(0xa0, sequence(shown))
  const basic = sequence(sequence(), algorithms.ecdsaSha256.identifier, bitString(randomBytes(70)), certificates)
  const type = objectIdentifier('1.3.6.1.5.5.7.48.1.1')
  return sequence(der(0x0a, Buffer.of(0)), der(0xa0, sequence(type, octetString(basic))))
}

t.test('a sender refuses each answer that is not that of the CA, about this certificate, now', { skip }, async t => {
  const ask = async (certificate: typeof leaf, responder = openResponder(certs)) => {
    responder.know(certificate)
    return responder.answer(buildOcspRequest({ leaf: certificate, issuer }, randomBytes(32)))
  }
  const good = await ask(leaf)
  const revoking = openResponder(certs)
  revoking.revoke(leaf)
  const later = () => new Date(Date.now() + 26 * HOUR)
  const cases: Record<string, { staple: Buffer | null; now?: () => Date; code?: string; detail: RegExp }> = {
    none: { staple: null, detail: /expected the answer of its CA with it, found none/ },
    revoked: { staple: await ask(leaf, revoking), code: 'certificate-revoked', detail: /found revoked at 2026-01-01/ },
    'out of date': { staple: good, now: later, detail: /expected a status in date/ },
    'of another CA': {
      staple: await ask(leaf, openResponder(await makeCerts(t))),
      detail: /expected .*(issued|signature)/,
    },
    'about another certificate': {
      staple: await ask((await loadIdentity(certs, 'sender')).certificate),
      detail: /expected the status of the certificate, found none/,
    },
    'not an answer': { staple: Buffer.from('good'), detail: /OCSP/ },
    'cut off': { staple: good.subarray(0, -1), detail: /OCSP/ },
    'of a key that cannot be read': { staple: makeUnreadable(), detail: /expected a signature/ },
  }
  let staple: Buffer | null = null
  let asked = 0
  const handOut = () => {
    asked++
    return staple
  }
  const receiver = await startReceiver(t, certs, accept(certs), { staple: handOut })
  for (const [what, { now, code = 'revocation-unknown', detail, ...one }] of Object.entries(cases)) {
    staple = one.staple
    const { send } = await openRequiring(t, receiver.url.origin, now && { now })
    const fault = await send().catch(error => error)
    t.match(fault, { code, detail }, what)
    t.match(fault.detail, /^the receiver's server: .*nothing was sent$/, what)
    t.same(receiver.received, [], what)
  }
  t.equal(asked, Object.keys(cases).length)
  staple = null
  await (await openRequiring(t, receiver.url.origin, { require: '{ stapling: false }' })).send()
  t.equal(asked, Object.keys(cases).length, 'who does not require it does not ask')
  staple = good
  t.match(await (await openRequiring(t, receiver.url.origin)).send(), { receipt: { receiverId } })
  t.equal(receiver.received.length, 2)
})
