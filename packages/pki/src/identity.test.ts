import { spawnSync } from 'node:child_process'
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { checkIdentity, loadIdentity } from './identity.ts'
import { readKeyFile } from './pem-file.ts'
import { makeCerts } from './testing/make-certs.ts'
import { extensions, leafExtensions, makeCa, makeOdd } from './testing/odd-certificate.ts'
import { loadTrust } from './trust.ts'

t.test('loads what pki gen made', async t => {
  const certs = await makeCerts(t, { senderId: 'A', receiverId: 'B' })
  t.match(await loadIdentity(certs, 'sender'), {
    id: 'A',
    keyPem: /^-----BEGIN PRIVATE KEY/,
    certificatePem: /^-----BEGIN CERTIFICATE/,
  })
  t.equal((await loadIdentity(certs, 'receiver')).id, 'B')
  t.equal((await loadIdentity(certs, 'seal')).id, 'B')
  t.match((await loadTrust(certs)).authorities, { length: 1, 0: { certificate: { ca: true } } })
})

t.test('a folder that is none is a wrong name, not one in which something is missing', async t => {
  const folder = t.testdir({ file: '' })
  const at = (name: string) => `expected a folder of keys and certificates at ${join(folder, name)}, found`
  for (const load of [loadTrust, (certs: string): Promise<unknown> => loadIdentity(certs, 'sender')]) {
    await t.rejects(load(join(folder, 'nowhere')), {
      code: 'configuration',
      detail:
        `${at('nowhere')} nothing; ` +
        'name it with --certs, or `pnpm --filter pki gen` makes keys and certificates for a first exchange',
      command: `pnpm --filter pki gen --out ${join(folder, 'nowhere')}`,
    })
    await t.rejects(load(join(folder, 'file')), {
      code: 'configuration',
      detail: `${at('file')} a file; name it with --certs`,
      command: `ls -ld ${join(folder, 'file')}`,
    })
  }
})

t.test('says which file is missing and what makes it', async t => {
  const certs = await makeCerts(t)
  await rm(join(certs, 'seal.key'))
  await rm(join(certs, 'ca.crt'))
  await t.rejects(loadIdentity(certs, 'seal'), {
    code: 'configuration',
    detail: /seal\.key is missing; seal\.crt is there: bring the key/,
  })
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /ca\.crt is missing.*pnpm --filter pki gen/ })
})

t.test('a folder instead of any file is a Fault, and never ends the process', async t => {
  const places: readonly (readonly [string, (certs: string) => Promise<unknown>])[] = [
    ['ca.crt', loadTrust],
    ['sender.crt', certs => loadIdentity(certs, 'sender')],
    ['sender.key', certs => loadIdentity(certs, 'sender')],
  ]
  for (const [name, load] of places) {
    const certs = await makeCerts(t)
    await rm(join(certs, name))
    await mkdir(join(certs, name))
    await t.rejects(load(certs), { code: 'configuration', detail: new RegExp(name.replace('.', '\\.')) })
  }
})

t.test('refuses a key that is not the key of the certificate', async t => {
  const certs = await makeCerts(t)
  await copyFile(join(certs, 'receiver.key'), join(certs, 'sender.key'))
  await t.rejects(loadIdentity(certs, 'sender'), {
    code: 'configuration',
    detail: /is not the key of sender\.crt.*openssl x509 -in .*openssl pkey -in/,
  })
})

t.test('keeps what stands in a broken key file out of its words', async t => {
  const certs = await makeCerts(t)
  const pem = await readFile(join(certs, 'sender.key'), 'utf8')
  const body = pem.split('\n')[1] ?? ''
  for (const broken of [
    'SECRET',
    pem.replace(body, `${body.slice(0, -4)}SECRET`),
    pem.replace('-----END', '-----SECRET'),
  ]) {
    await writeFile(join(certs, 'sender.key'), broken)
    const fault: unknown = await loadIdentity(certs, 'sender').catch(error => error)
    t.match(fault, { code: 'configuration' })
    t.notMatch(
      inspect(fault, { depth: 9, showHidden: true }),
      new RegExp(`SECRET|${body.slice(0, 16).replaceAll('+', '\\+')}`),
    )
  }
})

/** A folder in which `name` is what openssl makes of the files there; undefined without openssl. */
async function makeCertsWith(t: Test, name: string, args: readonly string[]): Promise<string | undefined> {
  const certs = await makeCerts(t)
  const { status, error } = spawnSync('openssl', args, { cwd: certs, encoding: 'utf8' })
  if (error !== undefined) {
    t.comment('SKIPPED: openssl is not installed')
    return undefined
  }
  t.equal(status, 0, `openssl ${args.join(' ')}`)
  await copyFile(join(certs, 'out'), join(certs, name))
  await chmod(join(certs, name), 0o600)
  return certs
}

const mistakes = {
  'a key encrypted as PKCS #8': {
    name: 'sender.key',
    args: ['pkcs8', '-topk8', '-in', 'sender.key', '-passout', 'pass:x', '-out', 'out'],
    detail: /sender\.key is encrypted \(PKCS #8\).*expected it in .*sender\.key\.passphrase/,
  },
  'a key encrypted in the traditional form': {
    name: 'sender.key',
    args: ['ec', '-in', 'sender.key', '-aes256', '-passout', 'pass:x', '-out', 'out'],
    detail: /sender\.key is encrypted \(the traditional form\).*expected it in .*sender\.key\.passphrase/,
  },
  'a key in DER': {
    name: 'sender.key',
    args: ['pkey', '-in', 'sender.key', '-outform', 'DER', '-out', 'out'],
    detail: /sender\.key is DER, expected PEM: .*openssl pkey -inform DER/,
  },
  'a public key': {
    name: 'sender.key',
    args: ['pkey', '-in', 'sender.key', '-pubout', '-out', 'out'],
    detail: /sender\.key is a public key, expected the private one/,
  },
  'a certificate where the key belongs': {
    name: 'sender.key',
    args: ['x509', '-in', 'sender.crt', '-out', 'out'],
    detail: /sender\.key holds a certificate or a request, expected the private key/,
  },
  'a certificate in DER': {
    name: 'sender.crt',
    args: ['x509', '-in', 'sender.crt', '-outform', 'DER', '-out', 'out'],
    detail: /sender\.crt is DER, expected PEM: .*openssl x509 -inform DER/,
  },
  'a certificate request': {
    name: 'sender.crt',
    args: ['req', '-new', '-key', 'sender.key', '-subj', '/CN=A', '-out', 'out'],
    detail: /sender\.crt is a certificate request, expected the certificate .*openssl x509 -req/,
  },
  'a key where the certificate belongs': {
    name: 'sender.crt',
    args: ['pkey', '-in', 'sender.key', '-out', 'out'],
    detail: /sender\.crt is a private key, expected a certificate/,
  },
} as const

for (const [what, { name, args, detail }] of Object.entries(mistakes)) {
  t.test(`${what} is called what it is, with what is needed instead`, async t => {
    const certs = await makeCertsWith(t, name, args)
    if (certs !== undefined) await t.rejects(loadIdentity(certs, 'sender'), { code: 'configuration', detail })
  })
}

t.test('two certificates are not one, and text beside one is no matter', async t => {
  const certs = await makeCerts(t)
  const [own, ca] = await Promise.all(['sender.crt', 'ca.crt'].map(name => readFile(join(certs, name), 'utf8')))
  await writeFile(join(certs, 'sender.crt'), `${own}${ca}`)
  await t.rejects(loadIdentity(certs, 'sender'), {
    code: 'configuration',
    detail: /sender\.crt holds 2 certificates, expected one.*openssl x509 -in/,
  })
  await writeFile(join(certs, 'sender.crt'), `subject=CN = A\n${own}`)
  await t.resolves(loadIdentity(certs, 'sender'))
})

t.test('our own certificate is checked as a peer would, and the fault names the file and what shows it', async t => {
  const certs = await makeCerts(t, { days: 1 })
  const [seal, trust] = [await loadIdentity(certs, 'seal'), await loadTrust(certs)]
  t.doesNotThrow(() => checkIdentity(seal, 'seal', certs, trust, new Date()))
  t.throws(() => checkIdentity(seal, 'seal', certs, trust, new Date(Date.now() + 2 * 86_400_000)), {
    code: 'certificate-invalid',
    detail: new RegExp(`^${join(certs, 'seal.crt')}: .*is valid from .*pki inspect`),
  })
})

t.test('ca.crt may hold several CAs, and nothing else', async t => {
  const certs = await makeCerts(t)
  const other = await makeCerts(t)
  const path = join(certs, 'ca.crt')
  const ca = await readFile(path, 'utf8')
  await writeFile(path, `# ours\n${ca}\n# the next one\n${await readFile(join(other, 'ca.crt'), 'utf8')}`)
  const { authorities, caPem } = await loadTrust(certs)
  t.equal(authorities.length, 2)
  t.notMatch(caPem, '#', 'TLS sees the certificates alone')
  await writeFile(path, ca.repeat(17))
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /holds 17 certificates, expected at most 16/ })
  await writeFile(path, ca + (await readFile(join(certs, 'seal.crt'), 'utf8')))
  await t.rejects(loadTrust(certs), {
    code: 'configuration',
    detail: /ca\.crt: the certificate "CN=MINISTRY 2_SEG01": .*expected the certificate of a CA/,
  })
  const weak = makeCa({ extensions: [extensions.ca(), extensions.usage(6)] })
  await writeFile(path, weak.certificate.toString())
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /ca\.crt: .*expected keyCertSign/ })
  await writeFile(path, makeOdd({ issuer: weak, extensions: leafExtensions('seal') }).toString())
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /expected the certificate of a CA/ })
  await writeFile(path, 'x')
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /not PEM/ })
})

t.test(
  'the address of a key in an HSM goes to OpenSSL as it stands, and without a provider the sentence says so',
  async t => {
    const certs = await makeCerts(t)
    const uri =
      '-----BEGIN PKCS#11 PROVIDER URI-----\n' +
      'MCwGCSqGSIb3DQEHAQwfcGtjczExOm9iamVjdD1rZXk=\n-----END PKCS#11 PROVIDER URI-----\n'
    await writeFile(join(certs, 'seal.key'), uri, { mode: 0o600 })
    t.equal(await readKeyFile(join(certs, 'seal.key')), uri)
    await t.rejects(loadIdentity(certs, 'seal'), {
      code: 'configuration',
      detail: /names a key in an HSM.*--openssl-config/,
    })
  },
)
