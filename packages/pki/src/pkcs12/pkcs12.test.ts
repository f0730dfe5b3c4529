// PKCS #12, both ways: ours read by OpenSSL, Java and us, theirs by us, for each kind of key.
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadIdentity } from '../identity.ts'
import type { KeyKind } from '../issuing/key-pairs.ts'
import { makeCerts } from '../testing/make-certs.ts'
import { hasOpenssl } from '../testing/openssl-verify.ts'
import { Derivations } from './derivations.ts'
import { exportP12 } from './export-p12.ts'
import { importP12 } from './import-p12.ts'
import { readPkcs12 } from './read-pkcs12.ts'

const password = 'correct horse 7'
const needsOpenssl = { skip: hasOpenssl ? false : 'openssl is not installed' }
const hasKeytool = spawnSync('keytool', ['-help']).status === 0
const kinds: readonly KeyKind[] = ['rsa-2048', 'rsa-pss-3072', 'ec-p521', 'ed25519']

// A Java machine takes its time to start.
t.setTimeout(600_000)

function run(folder: string, program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

const openssl = (folder: string, ...args: string[]) => run(folder, 'openssl', ...args)

/** What `importP12` made is what is in `certs`. */
async function isSame(t: Test, certs: string, out: string): Promise<void> {
  const [made, own] = [await readFile(`${out}.crt`, 'utf8'), await loadIdentity(certs, 'sender')]
  t.equal(new X509Certificate(made).fingerprint256, own.certificate.fingerprint256)
  t.equal(await readFile(`${out}.key`, 'utf8'), own.keyPem)
  t.equal((await stat(`${out}.key`)).mode & 0o777, 0o600)
}

for (const key of kinds) {
  t.test(`${key}: what we write is read by us, OpenSSL and Java; what OpenSSL writes, by us`, async t => {
    const certs = await makeCerts(t, { key, hasIntermediate: key !== 'rsa-pss-3072' })
    const out = join(certs, 'ours.p12')
    const { chain } = await exportP12({ certs, name: 'sender', password, out })
    t.equal(chain.length, key === 'rsa-pss-3072' ? 1 : 2)
    t.equal((await stat(out)).mode & 0o777, 0o600)
    await t.rejects(exportP12({ certs, name: 'sender', password, out }), { code: 'file-exists' })

    const imported = await importP12({ path: out, password, out: join(certs, 'again') })
    await isSame(t, certs, join(certs, 'again'))
    t.same(imported.others.map(({ subject }) => subject).sort(), chain.map(({ subject }) => subject).sort())

    if (!hasOpenssl) return
    const shown = openssl(certs, 'pkcs12', '-in', out, '-passin', `pass:${password}`, '-nodes', '-info')
    t.match(shown, { status: 0, output: /PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/ })
    t.match(shown.output, /MAC: sha256, Iteration 100000/)
    t.equal(shown.output.match(/BEGIN CERTIFICATE/g)?.length, chain.length + 1)
    t.match(shown.output, /BEGIN PRIVATE KEY/)

    const args = ['-inkey', 'sender.key', '-in', 'sender.crt', '-certfile', 'ca.crt', '-passout', `pass:${password}`]
    t.match(openssl(certs, 'pkcs12', '-export', ...args, '-out', 'theirs.p12'), { status: 0 })
    await importP12({ path: join(certs, 'theirs.p12'), password, out: join(certs, 'theirs') })
    await isSame(t, certs, join(certs, 'theirs'))
  })
}

t.test('Java reads ours, and we read what keytool writes', { skip: hasKeytool ? false : 'no keytool' }, async t => {
  const certs = await makeCerts(t, { key: 'ec-p256' })
  await exportP12({ certs, name: 'sender', password, out: join(certs, 'ours.p12') })
  const store = ['-storepass', password, '-keystore']
  const listed = run(certs, 'keytool', '-list', ...store, 'ours.p12')
  t.match(listed, { status: 0, output: /sender, .*PrivateKeyEntry/ })
  const subject = ['-dname', 'CN=MINISTRY 1_SEG01', '-alias', 'a', '-keypass', password]
  const made = run(
    certs,
    'keytool',
    '-genkeypair',
    '-keyalg',
    'EC',
    ...subject,
    '-storetype',
    'PKCS12',
    ...store,
    'a.p12',
  )
  t.match(made, { status: 0 })
  const { certificate } = await importP12({ path: join(certs, 'a.p12'), password, out: join(certs, 'theirs') })
  t.equal(certificate.subject, 'CN=MINISTRY 1_SEG01')
})

t.test('old exports are read: 3DES and RC2 with SHA-1', needsOpenssl, async t => {
  const certs = await makeCerts(t, { key: 'ec-p384' })
  const args = ['-inkey', 'sender.key', '-in', 'sender.crt', '-passout', `pass:${password}`, '-legacy']
  const forms = [
    ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'],
    ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-RC2-40'],
  ]
  for (const [i, form] of forms.entries()) {
    t.match(openssl(certs, 'pkcs12', '-export', ...args, ...form, '-macalg', 'sha1', '-out', `${i}.p12`), { status: 0 })
    await importP12({ path: join(certs, `${i}.p12`), password, out: join(certs, `old-${i}`) })
    await isSame(t, certs, join(certs, `old-${i}`))
  }
})

t.test(
  'a wrong password, a file without a key, and what is no PKCS #12 have a sentence each',
  needsOpenssl,
  async t => {
    const certs = await makeCerts(t, { key: 'ec-p256' })
    const path = join(certs, 'ours.p12')
    await exportP12({ certs, name: 'sender', password, out: path })
    const out = join(certs, 'new')
    const refused = (detail: RegExp, wish: { path?: string; password?: string } = {}) =>
      t.rejects(importP12({ path, password, out, ...wish }), { code: 'p12-invalid', detail })
    await refused(/the password is not that of the file/, { password: 'another one' })
    const bare = ['-nokeys', '-in', 'sender.crt', '-passout', `pass:${password}`, '-out', 'bare.p12']
    t.match(openssl(certs, 'pkcs12', '-export', ...bare), { status: 0 })
    await refused(/expected one private key, found 0/, { path: join(certs, 'bare.p12') })
    const foreign = [
      '-inkey',
      'seal.key',
      '-in',
      'seal.crt',
      '-passout',
      `pass:${password}`,
      '-nomac',
      '-out',
      'nomac.p12',
    ]
    t.match(openssl(certs, 'pkcs12', '-export', ...foreign), { status: 0 })
    await refused(/expected an integrity code/, { path: join(certs, 'nomac.p12') })
    await refused(/expected a PKCS #12 file/, { path: join(certs, 'sender.crt') })
    await t.rejects(importP12({ path: join(certs, 'none'), password, out }), { code: 'file-unreadable' })
    await t.rejects(stat(`${out}.key`), { code: 'ENOENT' }, 'nothing was written')
  },
)

t.test('a file that is damaged anywhere says what it said, or is refused', async t => {
  const certs = await makeCerts(t, { key: 'ec-p256' })
  const path = join(certs, 'ours.p12')
  await exportP12({ certs, name: 'sender', password, out: path })
  const octets = await readFile(path)
  const whole = readPkcs12(octets, password)
  let refused = 0
  for (let at = 0; at < octets.length; at += at < 20 ? 1 : 191) {
    const damaged = Buffer.from(octets)
    damaged[at]! ^= 0xff
    try {
      t.same(readPkcs12(damaged, password), whole, `octet ${at}`)
    } catch (fault) {
      t.match(fault, { code: 'p12-invalid' }, `octet ${at}`)
      refused++
    }
  }
  t.ok(refused > 10, `${refused} are refused`)
})

t.test('what a file may ask of key derivation is bounded, in all its parts together', needsOpenssl, async t => {
  const certs = await makeCerts(t, { key: 'ec-p256' })
  const path = join(certs, 'slow.p12')
  const old = ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-iter', '250000']
  const files = ['-inkey', 'seal.key', '-in', 'seal.crt', '-passout', `pass:${password}`, '-out', path]
  t.match(openssl(certs, 'pkcs12', '-export', ...old, ...files), { status: 0 })
  const refused = {
    code: 'p12-invalid',
    detail: /expected 1 to 187500 more iterations of key derivation, found 250000/,
  }
  await t.rejects(importP12({ path, password, out: join(certs, 'new') }), refused)
  const derivations = new Derivations()
  derivations.spend(3_000_000)
  t.throws(() => derivations.spend(1_000_001), { code: 'p12-invalid' }, 'each alone would be allowed')
  for (const none of [0, Number.NaN, Number.POSITIVE_INFINITY])
    t.throws(() => derivations.spend(none), { code: 'p12-invalid' })
})
