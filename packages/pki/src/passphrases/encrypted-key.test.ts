// Keys that are encrypted, by node:crypto and by openssl, and the places of their passphrase.
import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadIdentity } from '../identity.ts'
import { nextLogKey, takeNextLogKey } from '../issuing/add-log-key.ts'
import { generate } from '../issuing/generate.ts'
import { renewFiles } from '../issuing/issue-files.ts'
import { readLogKey } from '../log-key.ts'
import { makeCerts, makeFolder } from '../testing/make-certs.ts'
import { hasOpenssl } from '../testing/openssl-verify.ts'

const secret = 'correct horse ø'

async function open(t: Parameters<typeof makeCerts>[0], name = 'sender') {
  const certs = await makeCerts(t)
  const path = join(certs, `${name}.key`)
  const clear = await readFile(path, 'utf8')
  const options = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: secret } as const
  await writeFile(path, createPrivateKey(clear).export(options))
  const writePassphrase = (text: string, place = `${path}.passphrase`) => writeFile(place, text, { mode: 0o600 })
  return { certs, path, clear, writePassphrase }
}

t.test('an encrypted key is used with the passphrase beside it, with or without the end of a line', async t => {
  const { certs, clear, writePassphrase } = await open(t)
  for (const text of [secret, `${secret}\n`, `${secret}\r\n`]) {
    await writePassphrase(text)
    t.equal((await loadIdentity(certs, 'sender')).keyPem, clear)
  }
})

t.test('an encrypted key without a passphrase is not advised to be kept in clear', async t => {
  const { certs } = await open(t)
  const fault = await loadIdentity(certs, 'sender').catch(error => error)
  t.match(fault, { code: 'configuration', command: /cat > \S+sender\.key\.passphrase\)/ })
  t.notMatch(`${fault.detail} ${fault.command}`, /clear|openssl/)
})

t.test('a credential of systemd comes before the file', async t => {
  const { certs, clear, writePassphrase } = await open(t)
  const credentials = await makeFolder(t)
  process.env.CREDENTIALS_DIRECTORY = credentials
  t.teardown(() => delete process.env.CREDENTIALS_DIRECTORY)
  await writePassphrase('wrong')
  await writePassphrase(secret, join(credentials, 'sender.key.passphrase'))
  t.equal((await loadIdentity(certs, 'sender')).keyPem, clear)
})

t.test('the environment is the last place, for all keys, and a wrong passphrase there is named', async t => {
  const { certs, clear, writePassphrase } = await open(t)
  t.teardown(() => delete process.env.SEG_KEY_PASSPHRASE)
  process.env.SEG_KEY_PASSPHRASE = 'wrong'
  const refusal = { code: 'configuration', detail: /the passphrase in SEG_KEY_PASSPHRASE .*-passin env:SEG_KEY_PASS/ }
  await t.rejects(loadIdentity(certs, 'sender'), refusal)
  await writePassphrase(secret)
  t.equal((await loadIdentity(certs, 'sender')).keyPem, clear, 'the file comes first')
  await rm(join(certs, 'sender.key.passphrase'))
  process.env.SEG_KEY_PASSPHRASE = secret
  t.equal((await loadIdentity(certs, 'sender')).keyPem, clear)
})

t.test('keys that are made encrypted are read by us and by openssl, and stay so when they are renewed', async t => {
  const certs = await makeFolder(t)
  const passphrase = Buffer.from(secret)
  await generate({ out: certs, key: 'ec-p256', passphrase })
  t.teardown(() => delete process.env.SEG_KEY_PASSPHRASE)
  process.env.SEG_KEY_PASSPHRASE = secret
  const names = ['ca', 'sender', 'receiver', 'seal', 'log']
  for (const name of names) {
    t.match(await readFile(join(certs, `${name}.key`), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    if (!hasOpenssl) continue
    const args = ['pkey', '-in', join(certs, `${name}.key`), '-passin', 'env:SEG_KEY_PASSPHRASE', '-noout', '-check']
    t.match(spawnSync('openssl', args, { encoding: 'utf8' }), { status: 0 }, name)
  }
  await renewFiles({ certs, ca: 'ca', name: 'sender', newKey: true, days: 3, now: new Date() })
  const renewed = await readFile(join(certs, 'sender.key'), 'utf8')
  t.match(renewed, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
  t.ok(createPrivateKey({ key: renewed, passphrase }))
  const receiverId = 'MINISTRY 2_SEG01'
  await nextLogKey(certs, receiverId)
  t.match(await readFile(join(certs, 'log.key.next'), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
  await takeNextLogKey(certs, new Date())
  t.match(await readLogKey(certs, receiverId), { privateKey: { asymmetricKeyType: 'ed25519' } })
  delete process.env.SEG_KEY_PASSPHRASE
  await t.rejects(renewFiles({ certs, ca: 'ca', name: 'sender', newKey: true, days: 3, now: new Date() }), {
    code: 'configuration',
    detail: /ca\.key is encrypted/,
  })
})

t.test('a wrong passphrase and one that others may read are refused, and neither is shown', async t => {
  const { certs, path, writePassphrase } = await open(t)
  await writePassphrase('wrong passphrase')
  const refusal = await loadIdentity(certs, 'sender').catch(fault => fault)
  t.match(refusal, { code: 'configuration', detail: /cannot be decrypted with the passphrase in .*openssl pkey/ })
  t.notMatch(refusal.detail, /wrong passphrase/)
  await writePassphrase(secret)
  await chmod(`${path}.passphrase`, 0o644)
  await t.rejects(loadIdentity(certs, 'sender'), { code: 'configuration', detail: /passphrase/ })
})

t.test('without a passphrase, the sentence names the places where it is looked for', async t => {
  const { certs } = await open(t)
  await t.rejects(loadIdentity(certs, 'sender'), {
    code: 'configuration',
    detail: /sender\.key\.passphrase or SEG_KEY_PASSPHRASE \(files of mode 0600\)/,
  })
})

t.test('the key of the CA may be encrypted', async t => {
  const { certs, writePassphrase } = await open(t, 'ca')
  await writePassphrase(secret)
  t.match(await renewFiles({ certs, ca: 'ca', name: 'sender', newKey: false, days: 3, now: new Date() }), {
    path: /sender/,
  })
})

t.test(
  'forms that openssl writes are read: AES with PBKDF2, scrypt, and the traditional one',
  { skip: hasOpenssl ? false : 'openssl is not installed' },
  async t => {
    const { certs, path, clear, writePassphrase } = await open(t)
    await writePassphrase(secret)
    const forms = [
      ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-iter', '100000'],
      ['pkcs8', '-topk8', '-scrypt'],
      ['pkey', '-traditional', '-aes256'],
    ]
    for (const [command = '', ...options] of forms) {
      const args = [command, ...options, '-passout', `file:${path}.passphrase`]
      const { status, stdout, stderr } = spawnSync('openssl', args, { input: clear, encoding: 'utf8' })
      t.equal(status, 0, stderr)
      await writeFile(path, stdout)
      t.match(stdout, /ENCRYPTED/)
      t.equal((await loadIdentity(certs, 'sender')).keyPem, clear, options.join(' '))
    }
  },
)
