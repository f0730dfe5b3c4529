// Lists of revoked certificates: ours and OpenSSL's, read and verified; the kinds that are not
// taken; a large one.
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { der, extension, sequence, smallNumber } from '../certificate/der-writer.ts'
import { makeTrustAnchors } from '../path/authority.ts'
import { validatePath } from '../path/validate-path.ts'
import { type CrlChange, changedCrl } from '../testing/changed-crl.ts'
import { makeFolder } from '../testing/make-certs.ts'
import { hasOpenssl } from '../testing/openssl-verify.ts'
import { algorithms, extensions, makeCa, makeKeys, makeLeaf } from '../testing/path-certificates.ts'
import { checkCrlFollows, makeRevocationLists, readCrl } from './read-crl.ts'
import { makeCrlPem, type Revocation, writeCrl } from './write-crl.ts'

const DAY = 86_400_000
const now = new Date()
const at = (days: number) => new Date(now.getTime() + days * DAY)
const root = makeCa('Root')
const leaf = makeLeaf(root)
const serialOf = (certificate: typeof leaf.certificate) => Buffer.from(certificate.serialNumber, 'hex')

function listOf(revoked: Iterable<Revocation>, number = 1n, ca = root) {
  const { certificate, keys } = ca
  const dates = { thisUpdate: at(-1), nextUpdate: at(1) }
  return { ca: certificate, key: keys.privateKey, number, ...dates, revoked }
}

const usual = listOf([{ serial: serialOf(leaf.certificate), at: at(-0.5).getTime(), reason: 1 }])

function askOpenssl(folder: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

const skip = hasOpenssl ? false : 'openssl is not installed'

t.test('a list of ours is read, and its entries are found', async t => {
  for (const octets of [writeCrl(usual), Buffer.from(makeCrlPem(usual))]) {
    const crl = await readCrl(octets, [makeCa('Other').certificate, root.certificate])
    t.match(crl, { number: 1n, count: 1, issuer: 'CN=Root', thisUpdate: Math.floor(at(-1).getTime() / 1000) * 1000 })
    t.match(crl.find(leaf.certificate.serialNumber.toLowerCase()), { reason: 1 })
    t.equal(crl.find('00'), undefined)
    t.equal(crl.find(''), undefined)
  }
})

t.test('openssl accepts a list of ours for each kind of key, and refuses the certificate on it', { skip }, async t => {
  const kinds = [makeKeys.p256(), makeKeys.p384(), makeKeys.p521(), makeKeys.rsa(), makeKeys.ed25519()]
  for (const keys of kinds) {
    const folder = await makeFolder(t)
    const ca = makeCa('Root', { keys })
    const [good, bad] = [makeLeaf(ca), makeLeaf(ca)]
    await writeFile(join(folder, 'ca.pem'), ca.certificate.toString())
    await writeFile(join(folder, 'good.pem'), good.certificate.toString())
    await writeFile(join(folder, 'bad.pem'), bad.certificate.toString())
    const entry = { serial: serialOf(bad.certificate), at: now.getTime(), reason: 4 }
    await writeFile(join(folder, 'ca.crl'), makeCrlPem(listOf([entry], 7n, ca)))
    const verify = (file: string) =>
      askOpenssl(folder, 'verify', '-x509_strict', '-crl_check', '-CAfile', 'ca.pem', '-CRLfile', 'ca.crl', file)
    t.match(verify('good.pem'), { status: 0 })
    t.match(verify('bad.pem'), { status: 2, output: /certificate revoked/ })
    const text = askOpenssl(folder, 'crl', '-in', 'ca.crl', '-noout', '-text', '-CAfile', 'ca.pem').output
    t.match(text, /verify OK/)
    t.match(text, /CRL Number:\s*7\s/)
    t.match(text, /Superseded/)
  }
})

t.test('a list of openssl is read', { skip }, async t => {
  const folder = await makeFolder(t)
  const ca = makeCa('Root', { keys: makeKeys.rsa() })
  await mkdir(join(folder, 'new'))
  await writeFile(join(folder, 'ca.pem'), ca.certificate.toString())
  await writeFile(join(folder, 'ca.key'), ca.keys.privateKey.export({ format: 'pem', type: 'pkcs8' }))
  await writeFile(join(folder, 'index.txt'), '')
  await writeFile(join(folder, 'crlnumber'), '0A\n')
  await writeFile(join(folder, 'bad.pem'), makeLeaf(ca).certificate.toString())
  await writeFile(
    join(folder, 'ca.cnf'),
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\n' +
      'certificate=ca.pem\nprivate_key=ca.key\nnew_certs_dir=new\ndefault_md=sha256\n' +
      'default_crl_days=7\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n',
  )
  const run = (...args: string[]) => askOpenssl(folder, 'ca', '-config', 'ca.cnf', ...args)
  t.match(run('-revoke', 'bad.pem', '-crl_reason', 'keyCompromise'), { status: 0 })
  for (const form of [[], ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32']]) {
    t.match(run('-gencrl', '-out', 'ca.crl', ...form), { status: 0 })
    const crl = await readCrl(await readFile(join(folder, 'ca.crl')), [ca.certificate])
    t.equal(crl.count, 1)
    t.match(crl.find(makeSerial(await readFile(join(folder, 'bad.pem'), 'utf8'))), { reason: 1 })
  }
})

function makeSerial(pem: string): string {
  const { stdout } = spawnSync('openssl', ['x509', '-noout', '-serial'], { input: pem, encoding: 'utf8' })
  return stdout.trim().replace('serial=', '').toLowerCase()
}

const scope = (...parts: Buffer[]) => extension('2.5.29.28', sequence(...parts), true)
const number = extension('2.5.29.20', smallNumber(1))

const refused: Readonly<Record<string, CrlChange & { readonly code: string; readonly detail: RegExp }>> = {
  'a delta CRL': {
    extensions: [number, extension('2.5.29.27', smallNumber(1), true)],
    code: 'crl-kind',
    detail: /delta/,
  },
  'an indirect CRL': {
    extensions: [number, scope(der(0x84, Buffer.of(0xff)))],
    code: 'crl-kind',
    detail: /indirect/,
  },
  'a list of user certificates only': {
    extensions: [number, scope(der(0x81, Buffer.of(0xff)))],
    code: 'crl-kind',
    detail: /part/,
  },
  'an entry for the certificate of another issuer': {
    entryExtensions: [extension('2.5.29.29', sequence(), true)],
    code: 'crl-kind',
    detail: /another/,
  },
  'an unknown critical extension': {
    extensions: [number, extension('1.2.3.4', Buffer.of(5, 0), true)],
    code: 'crl-invalid',
    detail: /1\.2\.3\.4/,
  },
  'an unknown critical extension of an entry': {
    entryExtensions: [extension('1.2.3.4', Buffer.of(5, 0), true)],
    code: 'crl-invalid',
    detail: /1\.2\.3\.4/,
  },
  removeFromCRL: {
    entryExtensions: [extension('2.5.29.21', der(0x0a, Buffer.of(8)))],
    code: 'crl-invalid',
    detail: /removeFromCRL/,
  },
  'no number': { extensions: [extension('1.2.3.4', Buffer.of(5, 0))], code: 'crl-invalid', detail: /number/ },
  'no nextUpdate': { dates: [at(-1)], code: 'crl-invalid', detail: /nextUpdate/ },
  'nextUpdate before thisUpdate': { dates: [at(1), at(-1)], code: 'crl-invalid', detail: /after thisUpdate/ },
  'version 1': { version: 0, code: 'crl-invalid', detail: /version 2/ },
  'a signature with SHA-1': { algorithm: 'ecdsaSha1', code: 'crl-invalid', detail: /SHA-1/ },
  'another algorithm beside the signature than inside': {
    outer: algorithms.ecdsaSha384.identifier,
    code: 'crl-invalid',
    detail: /the same signature algorithm/,
  },
}

for (const [what, { code, detail, ...change }] of Object.entries(refused)) {
  t.test(`refuses ${what}`, async t => {
    await t.rejects(readCrl(changedCrl(root, change), [root.certificate]), { code, detail })
  })
}

t.test('the list that the refused ones differ from is taken', async t => {
  t.match(await readCrl(changedCrl(root, {}), [root.certificate]), { count: 1, number: 1n })
})

t.test('refuses a list by another key, one of an unknown CA and one of a CA that may not sign lists', async t => {
  const forged = makeCa('Root')
  await t.rejects(readCrl(writeCrl(listOf([], 1n, forged)), [root.certificate]), { code: 'crl-invalid' })
  await t.rejects(readCrl(writeCrl(usual), [makeCa('Other').certificate]), {
    code: 'crl-invalid',
    detail: /a CA that is known/,
  })
  const silent = makeCa('Root', { extensions: [extensions.basic(true), extensions.usage(5)] })
  await t.rejects(readCrl(writeCrl(listOf([], 1n, silent)), [silent.certificate]), {
    code: 'crl-invalid',
    detail: /cRLSign/,
  })
})

t.test('refuses what is no list, cut or damaged, each time with a code', async t => {
  const octets = writeCrl(usual)
  for (let length = 0; length < octets.length; length += 7)
    await t.rejects(readCrl(octets.subarray(0, length), [root.certificate]), { code: 'crl-invalid' })
  for (let place = 0; place < octets.length; place += 3) {
    const damaged = Buffer.from(octets)
    damaged[place]! ^= 0x10
    await t.rejects(readCrl(damaged, [root.certificate]), { name: 'Fault' })
  }
})

t.test('a list with a lower number, or an older one of the same number, takes no place', async t => {
  const read = (number: bigint, days: number) =>
    readCrl(writeCrl({ ...listOf([], number), thisUpdate: at(days) }), [root.certificate])
  const present = await read(5n, -0.5)
  t.throws(() => checkCrlFollows({ ...present, number: 4n }, present), { code: 'crl-older' })
  const older = await read(5n, -0.6)
  t.throws(() => checkCrlFollows(older, present), { code: 'crl-older' })
  const next = await read(6n, -0.4)
  t.doesNotThrow(() => checkCrlFollows(next, present))
  t.doesNotThrow(() => checkCrlFollows(present, present))
  t.doesNotThrow(() => checkCrlFollows(present, undefined))
})

t.test('a revoked certificate is refused by the validator', async t => {
  const revocation = makeRevocationLists([await readCrl(writeCrl(usual), [root.certificate])])
  const policy = { need: 'crl', grace: 0 } as const
  const anchors = makeTrustAnchors([
    { name: 'gov', anchors: [root.certificate], intermediates: [], revocation: policy },
  ])
  const ask = (certificate: typeof leaf.certificate) =>
    validatePath({ leaf: certificate, presented: [], anchors, purpose: 'client', at: now, revocation })
  t.match(ask(leaf.certificate), { code: 'certificate-revoked' })
  t.match(ask(makeLeaf(root).certificate), { ok: true })
})

t.test('100,000 entries are read in a thread of their own, and all are found', async t => {
  const serials = Array.from({ length: 100_000 }, (_, i) =>
    Buffer.from(`41${(i * 2_654_435_761).toString(16).padStart(30, '0')}`, 'hex'),
  )
  const octets = writeCrl(listOf(serials.map((serial, i) => ({ serial, at: now.getTime() - i * 1000, reason: i % 3 }))))
  const loop = performance.eventLoopUtilization()
  const started = performance.now()
  const crl = await readCrl(octets, [root.certificate])
  const took = performance.now() - started
  const { active } = performance.eventLoopUtilization(loop)
  t.comment(`${octets.length} octets in ${Math.round(took)} ms, ${Math.round(active)} of them on the main thread`)
  t.equal(crl.count, 100_000)
  t.ok(serials.every((serial, i) => crl.find(serial.toString('hex'))?.reason === i % 3))
  t.equal(crl.find('41'), undefined)
  t.ok(active < took, 'the main thread was free')
})

t.test('a large list that is wrong is refused from its thread with the same code', async t => {
  const revoked = Array.from({ length: 5000 }, (_, i) => ({
    serial: Buffer.from([1, i >> 8, i & 255]),
    at: 0,
    reason: 0,
  }))
  const octets = writeCrl(listOf(revoked))
  octets[octets.length - 1]! ^= 1
  await t.rejects(readCrl(octets, [root.certificate]), { code: 'crl-invalid', name: 'Fault' })
})
