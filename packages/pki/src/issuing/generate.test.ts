import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { checkCertificate } from '../certificate/check-certificate.ts'
import { loadIdentity } from '../identity.ts'
import { makeCerts, makeFolder } from '../testing/make-certs.ts'
import { loadTrust } from '../trust.ts'
import { generate } from './generate.ts'
import { type KeyKind, keyKinds } from './key-pairs.ts'

/** OpenSSL 3.0 knows no ML-DSA: test/pki/own-keys.test.ts. */
const kinds = (Object.keys(keyKinds) as KeyKind[]).filter(
  (kind): kind is Exclude<KeyKind, 'ml-dsa-65'> => kind !== 'ml-dsa-65',
)
const hasOpenssl = spawnSync('openssl', ['version']).error === undefined
const needsOpenssl = {
  skip: hasOpenssl ? false : 'openssl is not installed: nobody but Node looks at the certificates',
}
const openssl = (...args: string[]) => spawnSync('openssl', args, { encoding: 'utf8' })

for (const key of kinds) {
  t.test(`certificates with ${key} keys`, async t => {
    const certs = await makeCerts(t, { key })

    t.test('openssl accepts each for what it is for, and for nothing else', needsOpenssl, async t => {
      const verify = (name: string, ...purpose: string[]) =>
        openssl('verify', '-x509_strict', '-CAfile', join(certs, 'ca.crt'), ...purpose, join(certs, `${name}.crt`))
          .status
      t.equal(verify('sender', '-purpose', 'sslclient'), 0, 'sender')
      t.equal(verify('receiver', '-purpose', 'sslserver'), 0, 'receiver')
      t.equal(verify('seal'), 0, 'seal')
      t.not(verify('sender', '-purpose', 'sslserver'), 0, 'the sender is no server')
      t.not(verify('receiver', '-purpose', 'sslclient'), 0, 'the receiver is no client')
      t.not(verify('seal', '-purpose', 'sslclient'), 0, 'the seal is no client')
      t.not(verify('seal', '-purpose', 'sslserver'), 0, 'the seal is no server')
    })

    t.test('they carry mutual TLS 1.3', async t => {
      const { client, socket, sender } = await shakeHands(t, certs)
      t.equal(client.getProtocol(), 'TLSv1.3')
      t.ok(client.authorized)
      t.ok(socket.authorized)
      t.equal(socket.getPeerX509Certificate().fingerprint256, sender.certificate.fingerprint256)
    })

    t.test('the keys are of that kind, the seal always P-256', async t => {
      const keyOf = async (name: 'sender' | 'receiver' | 'seal') =>
        (await loadIdentity(certs, name)).key.asymmetricKeyDetails
      const expected = {
        'rsa-3072': { modulusLength: 3072, publicExponent: 65537n },
        'rsa-2048': { modulusLength: 2048, publicExponent: 65537n },
        'ec-p256': { namedCurve: 'prime256v1' },
        'rsa-pss-3072': { modulusLength: 3072, publicExponent: 65537n },
        'ec-p384': { namedCurve: 'secp384r1' },
        'ec-p521': { namedCurve: 'secp521r1' },
        ed25519: {},
      }[key]
      t.same(await keyOf('sender'), expected)
      t.same(await keyOf('receiver'), expected)
      t.same(await keyOf('seal'), { namedCurve: 'prime256v1' })
    })
  })
}

t.test('without a choice, the receiver has P-256, CA and sender RSA-3072', async t => {
  const certs = t.testdir()
  await generate({ out: certs })
  const kinds = await Promise.all(
    (['receiver', 'sender', 'seal'] as const).map(
      async name => (await loadIdentity(certs, name)).key.asymmetricKeyDetails,
    ),
  )
  const ec = { namedCurve: 'prime256v1' }
  t.match(kinds, [ec, { modulusLength: 3072 }, ec])
  t.match((await loadTrust(certs)).authorities[0]!.certificate.publicKey.asymmetricKeyDetails, { modulusLength: 3072 })
})

async function shakeHands(t: Test, certs: string) {
  const [receiver, sender, { caPem: ca }] = await Promise.all([
    loadIdentity(certs, 'receiver'),
    loadIdentity(certs, 'sender'),
    loadTrust(certs),
  ])
  const own = { cert: receiver.certificatePem, key: receiver.keyPem, ca }
  const server = createServer({ ...own, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'secureConnection')
  const client = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    cert: sender.certificatePem,
    key: sender.keyPem,
    ca,
  })
  t.teardown(() => client.destroy())
  await once(client, 'secureConnect')
  const [socket] = await accepted
  return { client, socket, sender }
}

t.test('extensions, as openssl reads them', needsOpenssl, async t => {
  const certs = await makeCerts(t)
  const read = (name: string) =>
    openssl('x509', '-in', join(certs, `${name}.crt`), '-noout', '-text').stdout.replace(/\s+/g, ' ')
  t.match(
    read('ca'),
    /Basic Constraints: critical CA:TRUE, pathlen:0 .*Key Usage: critical Certificate Sign, CRL Sign /,
  )
  t.match(read('sender'), /Extended Key Usage: TLS Web Client Authentication /)
  t.match(
    read('receiver'),
    /Usage: TLS Web Server Authentication .*DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1 /,
  )
  t.match(read('seal'), /Extended Key Usage: (1\.3\.6\.1\.5\.5\.7\.3\.36|Document Signing) /i)
  for (const name of ['sender', 'receiver', 'seal']) {
    t.match(read(name), /Version: 3 .*Basic Constraints: critical CA:FALSE .*Key Usage: critical Digital Signature /)
    t.match(
      read(name),
      /Subject Key Identifier: ([0-9A-F]{2}:){19}[0-9A-F]{2} .*Authority Key Identifier: (keyid:)?([0-9A-F]{2}:){19}/,
    )
  }
  t.notMatch(read('sender') + read('seal'), /Subject Alternative Name/)
})

t.test('hosts stand in the certificate as names and addresses', async t => {
  const certs = await makeCerts(t, { hosts: ['gateway.example', '192.0.2.7', '2001:db8::1', '::ffff:192.0.2.7', '::'] })
  const { certificate } = await loadIdentity(certs, 'receiver')
  t.equal(
    certificate.subjectAltName,
    'DNS:gateway.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:1, ' +
      'IP Address:0:0:0:0:0:FFFF:C000:207, IP Address:0:0:0:0:0:0:0:0',
  )
  t.ok(certificate.checkHost('gateway.example'))
  t.ok(certificate.checkIP('2001:db8::1'))
  t.notOk(certificate.checkHost('localhost'), 'given hosts stand in for the default ones')
})

t.test('times are right on both sides of 2050, where their form changes', async t => {
  const now = new Date('2049-06-01T12:00:00Z')
  const certs = await makeCerts(t, { now, days: 397 })
  const [{ certificate }, trust] = await Promise.all([loadIdentity(certs, 'sender'), loadTrust(certs)])
  t.equal(certificate.validFromDate.toISOString(), '2049-06-01T11:55:00.000Z')
  t.equal(certificate.validToDate.toISOString(), '2050-07-03T12:00:00.000Z')
  t.ok(certificate.raw.includes('490601115500Z'), 'UTCTime')
  t.ok(certificate.raw.includes('20500703120000Z'), 'GeneralizedTime')
  t.equal(trust.authorities[0]!.certificate.validToDate.getUTCFullYear(), 2059)
  t.doesNotThrow(() => checkCertificate(certificate, 'sender', trust, new Date('2050-01-01')))
})

t.test('serial numbers are positive, of 128 bits, and never the same', async t => {
  const files = (await Promise.all([makeCerts(t), makeCerts(t)])).flatMap(folder =>
    ['ca', 'sender', 'receiver', 'seal'].map(name => join(folder, `${name}.crt`)),
  )
  const serials = await Promise.all(files.map(async file => new X509Certificate(await readFile(file)).serialNumber))
  t.equal(new Set(serials).size, 8)
  for (const serial of serials) t.match(serial, /^[4-7][0-9A-F]{31}$/)
})

t.test('keys are readable by their owner alone, with any umask', async t => {
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const certs = await makeCerts(t)
  const names = await readdir(certs)
  t.equal(names.length, 13)
  for (const name of names) {
    t.equal((await stat(join(certs, name))).mode & 0o777, name.endsWith('.key') ? 0o600 : 0o644, name)
  }
  await generate({ out: certs, key: 'ec-p256', force: true })
  t.equal((await stat(join(certs, 'ca.key'))).mode & 0o777, 0o600, 'replaced')
})

/** Name → contents of all files in a folder. */
async function readAll(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder)
  return Object.fromEntries(
    await Promise.all(names.map(async name => [name, await readFile(join(folder, name), 'utf8')])),
  )
}

t.test('a refused run changes nothing and names what is in the way', async t => {
  const certs = await makeCerts(t)
  await rm(join(certs, 'ca.crt'))
  const before = await readAll(certs)
  await t.rejects(generate({ out: certs, key: 'ec-p256' }), {
    code: 'file-exists',
    detail: /sender\.key.*--out.*--force/,
  })
  t.same(await readAll(certs), before)
})

t.test('a link that leads nowhere is in the way too', async t => {
  const folder = await makeFolder(t)
  await symlink('nowhere', join(folder, 'log.pub'))
  await t.rejects(generate({ out: folder, key: 'ec-p256' }), { code: 'file-exists', detail: /log\.pub/ })
  t.same(await readdir(folder), ['log.pub'])
})

t.test('of two runs at once one makes everything and the other nothing', async t => {
  const folder = await makeFolder(t)
  const runs = await Promise.allSettled([
    generate({ out: folder, key: 'ec-p256' }),
    generate({ out: folder, key: 'ec-p256' }),
  ])
  t.same(runs.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.match(
    runs.find(({ status }) => status === 'rejected'),
    { reason: { code: 'file-exists' } },
  )
  t.equal((await readdir(folder)).length, 13)
  const trust = await loadTrust(folder)
  for (const profile of ['sender', 'receiver', 'seal'] as const) {
    checkCertificate((await loadIdentity(folder, profile)).certificate, profile, trust, new Date())
  }
})

t.test('with force it replaces everything, and what it makes belongs together', async t => {
  const certs = await makeCerts(t)
  const before = await readAll(certs)
  await generate({ out: certs, key: 'ec-p256', force: true })
  const kept = (await readdir(certs)).filter(name => name.startsWith('replaced-'))
  t.equal(kept.length, 1)
  t.same(await readAll(join(certs, kept[0]!)), before, 'what was there is kept')
  t.equal((await stat(join(certs, kept[0]!))).mode & 0o777, 0o700)
  t.equal((await stat(join(certs, kept[0]!, 'ca.key'))).mode & 0o777, 0o600)
  await rm(join(certs, kept[0]!), { recursive: true })
  const after = await readAll(certs)
  t.same(Object.keys(after).sort(), Object.keys(before).sort())
  for (const [name, text] of Object.entries(after)) t.not(text, before[name], name)
  checkCertificate((await loadIdentity(certs, 'sender')).certificate, 'sender', await loadTrust(certs), new Date())
})

t.test('a folder that cannot be written is a fault that names it', async t => {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'file'), '')
  const inTheWay = { code: 'file-unreadable', detail: /cannot (write|keep) .*file/ }
  await t.rejects(generate({ out: join(folder, 'file'), key: 'ec-p256' }), inTheWay)
  await t.rejects(generate({ out: join(folder, 'file'), key: 'ec-p256', force: true }), inTheWay)
  await mkdir(join(folder, 'certs/seal.key'), { recursive: true })
  await t.rejects(generate({ out: join(folder, 'certs'), key: 'ec-p256', force: true }), {
    code: 'file-unreadable',
    detail: /seal\.key/,
  })
})

t.test('with force, two runs of one second keep both, and one that cannot keep writes nothing', async t => {
  const certs = await makeCerts(t)
  const now = new Date()
  for (const kept of [/Z$/, /Z-2$/])
    t.match((await generate({ out: certs, key: 'ec-p256', force: true, now })).kept, kept)
  await rm(join(certs, 'seal.key'))
  await mkdir(join(certs, 'seal.key'))
  const before = await readFile(join(certs, 'ca.key'), 'utf8')
  await t.rejects(generate({ out: certs, key: 'ec-p256', force: true }), {
    code: 'file-unreadable',
    detail: /nothing was written: cannot keep .*seal\.key/,
  })
  t.equal(await readFile(join(certs, 'ca.key'), 'utf8'), before)
})
