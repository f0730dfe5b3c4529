// Requests, certificates for them, intermediate CAs and renewals; openssl agrees with each, and we
// read those it makes.
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { checkCertificate } from '../certificate/check-certificate.ts'
import { checkIdentity, loadIdentity } from '../identity.ts'
import { makeTrustAnchors } from '../path/authority.ts'
import { validatePath } from '../path/validate-path.ts'
import { makeCerts, makeFolder } from '../testing/make-certs.ts'
import { hasOpenssl } from '../testing/openssl-verify.ts'
import { loadTrust } from '../trust.ts'
import { readCsr } from './csr.ts'
import { issueFiles, makeCsr, renewFiles } from './issue-files.ts'

const now = new Date()
const id = 'MINISTRY 7_SEG01'
const skip = hasOpenssl ? false : 'openssl is not installed'
const usual = { ca: 'ca', days: 30, now, hosts: [] } as const

function openssl(folder: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

const readCertificate = async (path: string) => new X509Certificate(await readFile(path))

t.test('a request is answered by a certificate of its key, and the key stays where it is', async t => {
  const [certs, folder] = [await makeCerts(t), await makeFolder(t)]
  const out = join(folder, 'sender')
  const { csr } = await makeCsr({ profile: 'sender', id, hosts: [], key: 'ec-p256', out })
  t.equal((await stat(`${out}.key`)).mode & 0o777, 0o600)
  const { certificate, key } = await issueFiles({ ...usual, certs, profile: 'sender', csr, out })
  t.equal(key, undefined)
  t.match(await loadIdentity(folder, 'sender'), { id })
  t.doesNotThrow(async () =>
    checkIdentity(await loadIdentity(folder, 'sender'), 'sender', folder, await loadTrust(certs), now),
  )
  t.equal(certificate.subject, `CN=${id}`)
})

t.test('each profile is issued with its purpose, openssl agrees, and an operator is no gateway', { skip }, async t => {
  const [certs, folder] = [await makeCerts(t), await makeFolder(t)]
  const purposes = {
    sender: 'sslclient',
    operator: 'sslclient',
    receiver: 'sslserver',
    console: 'sslserver',
    seal: 'any',
  }
  const trust = await loadTrust(certs)
  for (const [profile, purpose] of Object.entries(purposes) as [keyof typeof purposes, string][]) {
    const hosts = purpose === 'sslserver' ? ['gw.example.org', '10.0.0.1', '2001:db8::1'] : []
    const { csr } = await makeCsr({ profile, id, hosts, out: join(folder, profile) })
    t.match(openssl(folder, 'req', '-in', csr, '-noout', '-verify'), { status: 0 }, 'openssl takes the request')
    const { path } = await issueFiles({ ...usual, certs, profile, csr, out: join(folder, profile) })
    const verify = ['verify', '-x509_strict', '-auth_level', '2', '-purpose', purpose]
    t.match(openssl(folder, ...verify, '-CAfile', join(certs, 'ca.crt'), path), { status: 0 }, profile)
    if (hosts.length > 0)
      t.equal(
        (await readCertificate(path)).subjectAltName,
        'DNS:gw.example.org, IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1',
      )
  }
  const operator = await readCertificate(join(folder, 'operator.crt'))
  t.throws(() => checkCertificate(operator, 'sender', trust, now), { code: 'certificate-purpose', message: /a person/ })
  const authority = { name: 'gov', anchors: trust.authorities.map(({ certificate }) => certificate) }
  const anchors = makeTrustAnchors([{ ...authority, intermediates: [], revocation: { need: 'none', grace: 0 } }])
  t.match(validatePath({ leaf: operator, presented: [], anchors, purpose: 'client', at: now }), {
    code: 'certificate-purpose',
  })
})

t.test('requests of openssl are read, for each kind of key', { skip }, async t => {
  const [certs, folder] = [await makeCerts(t), await makeFolder(t)]
  const kinds = {
    rsa: ['-newkey', 'rsa:2048'],
    pss: ['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'],
    p256: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    p384: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384'],
    p521: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521', '-sha512'],
    ed25519: ['-newkey', 'ed25519'],
  }
  for (const [kind, options] of Object.entries(kinds)) {
    const more = ['-nodes', '-utf8', '-subj', `/O=Ministry/CN=${id}`, '-addext', 'subjectAltName=DNS:gw.example.org']
    const made = openssl(folder, 'req', '-new', ...options, ...more, '-keyout', `${kind}.key`, '-out', `${kind}.csr`)
    t.equal(made.status, 0, made.output)
    const csr = join(folder, `${kind}.csr`)
    t.match(readCsr(await readFile(csr)), { name: id, hosts: ['gw.example.org'] })
    const { certificate } = await issueFiles({ ...usual, certs, profile: 'receiver', id, csr, out: join(folder, kind) })
    t.equal(certificate.subjectAltName, 'DNS:gw.example.org')
    t.ok(certificate.publicKey.equals(readCsr(await readFile(csr)).publicKey))
  }
})

t.test('a request without proof that its key is there is refused, and so is one that is damaged anywhere', async t => {
  const folder = await makeFolder(t)
  const { csr } = await makeCsr({ profile: 'sender', id, hosts: [], key: 'ec-p256', out: join(folder, 'sender') })
  const text = await readFile(csr, 'utf8')
  const octets = Buffer.from(text.replace(/-----.*-----|\s/g, ''), 'base64')
  t.match(readCsr(octets), { name: id }, 'DER')
  for (let at = 0; at < octets.length; at++) {
    const damaged = Buffer.from(octets)
    damaged[at]! ^= 1
    t.throws(() => readCsr(damaged), { code: 'csr-invalid' }, `octet ${at}`)
  }
  t.throws(() => readCsr(octets.subarray(0, -1)), { code: 'csr-invalid' })
  t.throws(() => readCsr(Buffer.from('no request')), { code: 'csr-invalid' })
})

t.test('a weak key and another name than --id are refused, and nothing is written', async t => {
  const [certs, folder] = [await makeCerts(t), await makeFolder(t)]
  const { csr } = await makeCsr({ profile: 'sender', id, hosts: [], key: 'ec-p256', out: join(folder, 'a') })
  await t.rejects(issueFiles({ ...usual, certs, profile: 'sender', id: 'OTHER', csr, out: join(folder, 'b') }), {
    code: 'csr-invalid',
    message: /expected the CN "OTHER"/,
  })
  if (hasOpenssl) {
    openssl(
      folder,
      'req',
      '-new',
      '-newkey',
      'rsa:1024',
      '-nodes',
      '-subj',
      `/CN=${id}`,
      '-keyout',
      'w.key',
      '-out',
      'w.csr',
    )
    const weak = issueFiles({ ...usual, certs, profile: 'sender', csr: join(folder, 'w.csr'), out: join(folder, 'b') })
    await t.rejects(weak, { code: 'csr-invalid', message: /1024 bits/ })
  }
  t.notOk((await readdir(folder)).some(name => name.startsWith('b.')))
})

t.test('without a request the key is made as well; nothing that is there is replaced', async t => {
  const [certs, folder] = [await makeCerts(t), await makeFolder(t)]
  const wish = { ...usual, certs, profile: 'seal', id, out: join(folder, 'seal') } as const
  await issueFiles(wish)
  const before = await readFile(join(folder, 'seal.key'), 'utf8')
  t.match(await loadIdentity(folder, 'seal'), { id })
  await t.rejects(issueFiles(wish), { code: 'file-exists' })
  t.equal(await readFile(join(folder, 'seal.key'), 'utf8'), before)
  await t.rejects(makeCsr({ profile: 'receiver', id, hosts: [], out: join(folder, 'x') }), { code: 'usage' })
  await t.rejects(makeCsr({ profile: 'sender', id, hosts: ['a'], out: join(folder, 'x') }), { code: 'usage' })
})

t.test('no certificate outlives the CA that issued it', async t => {
  const [certs, folder] = [await makeCerts(t), await makeFolder(t)]
  const { certificate } = await issueFiles({
    ...usual,
    certs,
    days: 9000,
    profile: 'sender',
    id,
    key: 'ec-p256',
    out: join(folder, 's'),
  })
  t.equal(certificate.validTo, (await readCertificate(join(certs, 'ca.crt'))).validTo)
})

t.test('pki gen --intermediate: the issuing CA issues, and its certificates lead to the root', { skip }, async t => {
  const certs = await makeCerts(t, { hasIntermediate: true })
  const trust = await loadTrust(certs)
  t.equal(trust.authorities.length, 2)
  for (const profile of ['sender', 'receiver', 'seal'] as const) {
    const { certificate } = await loadIdentity(certs, profile)
    t.doesNotThrow(() => checkCertificate(certificate, profile, trust, now))
    const args = [
      'verify',
      '-x509_strict',
      '-CAfile',
      'root.crt',
      '-untrusted',
      'ca.crt',
      '-show_chain',
      `${profile}.crt`,
    ]
    t.match(openssl(certs, ...args), { status: 0, output: /SEG root CA/ })
  }
  t.match(openssl(certs, 'verify', '-crl_check', '-CAfile', 'ca.crt', '-CRLfile', 'ca.crl', 'sender.crt'), {
    status: 0,
  })
  t.equal((await stat(join(certs, 'root.key'))).mode & 0o777, 0o600)
})

t.test('a CA below a CA counts where the path length lets it, and is refused where it does not', async t => {
  const certs = await makeCerts(t, { hasIntermediate: true })
  const ca = { ...usual, certs, profile: 'ca', key: 'ec-p256', id: 'Next issuing CA' } as const
  const { certificate } = await issueFiles({ ...ca, ca: 'root', out: join(certs, 'next') })
  const leaf = await issueFiles({
    ...usual,
    certs,
    ca: 'next',
    profile: 'sender',
    key: 'ec-p256',
    id,
    out: join(certs, 'leaf'),
  })
  const root = await readCertificate(join(certs, 'root.crt'))
  const authority = { name: 'gov', anchors: [root], intermediates: [certificate] }
  const anchors = makeTrustAnchors([{ ...authority, revocation: { need: 'none', grace: 0 } }])
  t.match(validatePath({ leaf: leaf.certificate, presented: [], anchors, purpose: 'client', at: now }), { ok: true })
  await t.rejects(issueFiles({ ...ca, out: join(certs, 'below') }), {
    code: 'certificate-invalid',
    message: /path length 0/,
  })
})

t.test(
  'a renewed certificate has the name, hosts and purpose of the one before, which is kept and stays good',
  async t => {
    const certs = await makeCerts(t)
    const trust = await loadTrust(certs)
    for (const newKey of [false, true]) {
      for (const name of ['sender', 'receiver', 'seal'] as const) {
        const before = await loadIdentity(certs, name)
        const { certificate, kept } = await renewFiles({ certs, ca: 'ca', name, newKey, days: 300, now })
        const after = await loadIdentity(certs, name)
        t.equal(after.certificate.fingerprint256, certificate.fingerprint256)
        t.equal(certificate.publicKey.equals(before.certificate.publicKey), !newKey)
        t.equal(certificate.subject, before.certificate.subject)
        t.equal(certificate.subjectAltName, before.certificate.subjectAltName)
        t.not(certificate.serialNumber, before.certificate.serialNumber)
        for (const each of [certificate, before.certificate])
          t.doesNotThrow(() => checkCertificate(each, name, trust, now))
        t.equal(await readFile(join(kept, `${name}.crt`), 'utf8'), before.certificatePem)
        if (newKey) t.equal(await readFile(join(kept, `${name}.key`), 'utf8'), before.keyPem)
      }
    }
  },
)

t.test('a new key is of the kind and size of the one before, made by any program', { skip }, async t => {
  const certs = await makeCerts(t)
  const kinds = {
    'RSA of 4096 bits': ['RSA', '-pkeyopt', 'rsa_keygen_bits:4096'],
    'RSA-PSS for SHA-384': [
      ...['RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048', '-pkeyopt', 'rsa_pss_keygen_md:sha384'],
      ...['-pkeyopt', 'rsa_pss_keygen_mgf1_md:sha384', '-pkeyopt', 'rsa_pss_keygen_saltlen:48'],
    ],
    'P-521': ['EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
    Ed25519: ['ED25519'],
  }
  for (const [kind, args] of Object.entries(kinds)) {
    const name = kind.replaceAll(' ', '-').toLowerCase()
    const out = join(certs, name)
    t.match(openssl(certs, 'genpkey', '-algorithm', ...args, '-out', `${name}.key`), { status: 0 })
    const { csr } = await makeCsr({ profile: 'sender', id, hosts: [], out })
    const before = (await issueFiles({ ...usual, certs, profile: 'sender', csr, out })).certificate.publicKey
    const { certificate } = await renewFiles({ certs, ca: 'ca', name, newKey: true, days: 30, now })
    t.equal(certificate.publicKey.asymmetricKeyType, before.asymmetricKeyType, kind)
    t.same(certificate.publicKey.asymmetricKeyDetails, before.asymmetricKeyDetails, kind)
    t.notOk(certificate.publicKey.equals(before), 'another key')
  }
})

t.test('what is no certificate of a profile is not renewed, nor under a key that is not its own', async t => {
  const certs = await makeCerts(t)
  const wish = { certs, ca: 'ca', newKey: false, days: 300, now }
  await t.rejects(renewFiles({ ...wish, name: 'ca' }), { code: 'certificate-purpose' })
  await t.rejects(renewFiles({ ...wish, name: 'other' }), { code: 'configuration' })
  await writeFile(join(certs, 'sender.key'), await readFile(join(certs, 'seal.key')), { mode: 0o600 })
  await t.rejects(renewFiles({ ...wish, name: 'sender' }), { code: 'configuration', message: /not the key/ })
})

t.test('a CA of openssl with a whole name issues under that name and its key identifier', { skip }, async t => {
  const certs = await makeFolder(t)
  await mkdir(certs, { recursive: true })
  const subject = '/C=FO/O=Our Ministry/CN=Our root CA'
  const made = openssl(
    certs,
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '30',
    '-subj',
    subject,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  )
  t.equal(made.status, 0, made.output)
  await issueFiles({ ...usual, certs, profile: 'sender', key: 'ec-p256', id, out: join(certs, 'sender') })
  t.match(openssl(certs, 'verify', '-x509_strict', '-CAfile', 'ca.crt', 'sender.crt'), { status: 0 })
  t.match(await renewFiles({ certs, ca: 'ca', name: 'sender', newKey: true, days: 3, now }), { path: /sender/ })
  t.match(openssl(certs, 'verify', '-x509_strict', '-CAfile', 'ca.crt', 'sender.crt'), { status: 0 })
})
