import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { loadIdentity, loadTrust } from './identity.ts'
import { makeCerts } from './testing/make-certs.ts'

t.test('loads what pki gen made', async t => {
  const certs = await makeCerts(t, { senderId: 'A', receiverId: 'B' })
  t.match(await loadIdentity(certs, 'sender'), {
    id: 'A',
    keyPem: /^-----BEGIN PRIVATE KEY/,
    certificatePem: /^-----BEGIN CERTIFICATE/,
  })
  t.equal((await loadIdentity(certs, 'receiver')).id, 'B')
  t.equal((await loadIdentity(certs, 'seal')).id, 'B')
  t.ok((await loadTrust(certs)).ca.ca)
})

t.test('says which file is missing and what makes it', async t => {
  const certs = await makeCerts(t)
  await rm(join(certs, 'seal.key'))
  await rm(join(certs, 'ca.crt'))
  await t.rejects(loadIdentity(certs, 'seal'), {
    code: 'configuration',
    detail: /seal\.key is missing.*pnpm --filter pki gen/,
  })
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /ca\.crt is missing.*pnpm --filter pki gen/ })
  await t.rejects(loadIdentity(join(certs, 'sender.crt'), 'sender'), {
    code: 'configuration',
    detail: /cannot be read.*pki gen/,
  })
})

t.test('refuses a key that is not the key of the certificate', async t => {
  const certs = await makeCerts(t)
  await copyFile(join(certs, 'receiver.key'), join(certs, 'sender.key'))
  await t.rejects(loadIdentity(certs, 'sender'), {
    code: 'configuration',
    detail: /is not the key of sender\.crt.*pki gen/,
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

t.test('trusts exactly one CA', async t => {
  const certs = await makeCerts(t)
  const other = await makeCerts(t)
  const ca = await readFile(join(certs, 'ca.crt'), 'utf8')
  await writeFile(join(certs, 'ca.crt'), ca + (await readFile(join(other, 'ca.crt'), 'utf8')))
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /one certificate.*found 2/ })
  await copyFile(join(certs, 'seal.crt'), join(certs, 'ca.crt'))
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /not the certificate of a CA/ })
  await writeFile(join(certs, 'ca.crt'), 'x')
  await t.rejects(loadTrust(certs), { code: 'configuration', detail: /not PEM/ })
})
