import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { type GenerateOptions, generate } from './generate.ts'
import { loadIdentity, loadTrust } from './identity.ts'
import { keyKinds } from './key-pairs.ts'

async function makeCerts(t: Test, options: Partial<GenerateOptions> = {}): Promise<string> {
  const out = await mkdtemp(join(tmpdir(), 'seg-pki-'))
  t.teardown(() => rm(out, { recursive: true, force: true }))
  await generate({ out, key: 'ec-p256', ...options })
  return out
}

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined
const needsOpenssl = { skip: hasOpenssl ? false : 'openssl is not installed' }
const openssl = (...args: string[]) => spawnSync('openssl', args, { encoding: 'utf8' })

t.test('openssl accepts every certificate for what it is for, and for nothing else', needsOpenssl, async t => {
  for (const key of Object.keys(keyKinds) as (keyof typeof keyKinds)[]) {
    const certs = await makeCerts(t, { key })
    const verify = (name: string, ...purpose: string[]) =>
      openssl('verify', '-x509_strict', '-CAfile', join(certs, 'ca.crt'), ...purpose, join(certs, `${name}.crt`))
    t.equal(verify('sender', '-purpose', 'sslclient').status, 0, `${key} sender`)
    t.equal(verify('receiver', '-purpose', 'sslserver').status, 0, `${key} receiver`)
    t.equal(verify('seal').status, 0, `${key} seal`)
    t.not(verify('sender', '-purpose', 'sslserver').status, 0, `${key} sender is no server`)
    t.not(verify('receiver', '-purpose', 'sslclient').status, 0, `${key} receiver is no client`)
    t.not(verify('seal', '-purpose', 'sslclient').status, 0, `${key} seal is no client`)
  }
})

t.test('hosts stand in the certificate as names and addresses', needsOpenssl, async t => {
  const certs = await makeCerts(t, { hosts: ['gateway.example', '192.0.2.7', '2001:db8::1', '::ffff:192.0.2.7'] })
  const { stdout } = openssl('x509', '-in', join(certs, 'receiver.crt'), '-noout', '-ext', 'subjectAltName')
  t.match(stdout, 'DNS:gateway.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:1, IP Address:0:0:0:0:0:FFFF:C000:207')
})

t.test('the certificates carry mutual TLS 1.3', async t => {
  const certs = await makeCerts(t)
  const [receiver, sender, { caPem }] = await Promise.all([
    loadIdentity(certs, 'receiver'),
    loadIdentity(certs, 'sender'),
    loadTrust(certs),
  ])
  const server = createServer({
    cert: receiver.certificatePem,
    key: receiver.keyPem,
    ca: caPem,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'secureConnection')
  const client = connect({ port, host: '127.0.0.1', servername: 'localhost', cert: sender.certificatePem, key: sender.keyPem, ca: caPem })
  t.teardown(() => client.destroy())
  await once(client, 'secureConnect')
  const [socket] = await accepted
  t.equal(client.getProtocol(), 'TLSv1.3')
  t.ok(client.authorized)
  t.equal(socket.getPeerX509Certificate().fingerprint256, sender.certificate.fingerprint256)
})

t.test('keys are readable by their owner alone, whatever the umask', async t => {
  const certs = await makeCerts(t)
  for (const name of await readdir(certs)) {
    const { mode } = await stat(join(certs, name))
    t.equal(mode & 0o777, name.endsWith('.key') ? 0o600 : 0o644, name)
  }
})

t.test('overwrites nothing unless it is told to, and then everything', async t => {
  const certs = await makeCerts(t)
  const before = await readFile(join(certs, 'sender.key'), 'utf8')
  await rm(join(certs, 'ca.crt'))
  await t.rejects(generate({ out: certs, key: 'ec-p256' }), { code: 'file-exists', detail: /sender\.key.*--force/ })
  t.equal(await readFile(join(certs, 'sender.key'), 'utf8'), before)
  t.notOk((await readdir(certs)).includes('ca.crt'), 'a refused run writes nothing at all')
  await generate({ out: certs, key: 'ec-p256', force: true })
  t.not(await readFile(join(certs, 'sender.key'), 'utf8'), before)
  await loadIdentity(certs, 'sender')
})

t.test('serial numbers are 128 bits and never the same', async t => {
  const certs = await makeCerts(t)
  const serials = await Promise.all(
    (['sender', 'receiver', 'seal'] as const).map(async profile => (await loadIdentity(certs, profile)).certificate.serialNumber),
  )
  t.equal(new Set(serials).size, 3)
  for (const serial of serials) t.match(serial, /^[0-9A-F]{32}$/)
})

t.test('the log key verifies what the log signs', async t => {
  const certs = await makeCerts(t, { receiverId: 'Ministry of X + Y' })
  const [name = '', hash = '', key = ''] = (await readFile(join(certs, 'log.pub'), 'utf8')).trim().split('+')
  t.equal(name, 'Ministry%20of%20X%20%2B%20Y')
  t.match(hash, /^[0-9a-f]{8}$/)
  t.equal(Buffer.from(key, 'base64').length, 33)
  t.equal(Buffer.from(key, 'base64')[0], 1)
})

t.test('says what is missing, and keeps keys out of its words', async t => {
  const certs = await makeCerts(t)
  const other = await makeCerts(t)
  await t.rejects(loadIdentity(join(certs, 'none'), 'sender'), { code: 'configuration', detail: /sender\.crt is missing.*pki gen/ })
  await writeFile(join(certs, 'sender.key'), await readFile(join(other, 'sender.key')))
  await t.rejects(loadIdentity(certs, 'sender'), { code: 'configuration', detail: /is not the key of sender\.crt/ })
  await writeFile(join(certs, 'sender.key'), 'SECRET')
  const fault = await loadIdentity(certs, 'sender').catch(error => error)
  t.match(fault, { code: 'configuration' })
  t.notMatch(`${fault.stack}${fault.cause}`, /SECRET/)
  await writeFile(join(certs, 'ca.crt'), await readFile(join(certs, 'seal.crt')))
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /not the certificate of a CA/ })
})
