// `pki revoke`: the list of our CA from the first day, its number, what stays on it, and who may
// not be revoked by it.
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeCerts } from '../testing/make-certs.ts'
import { hasOpenssl } from '../testing/openssl-verify.ts'
import { readCrl } from './read-crl.ts'
import { parseSerial, type RevokeOptions, revoke } from './revoke.ts'

const now = new Date()

async function open(t: Parameters<typeof makeCerts>[0]) {
  const certs = await makeCerts(t)
  const readCertificate = async (name: string) => new X509Certificate(await readFile(join(certs, `${name}.crt`)))
  const readList = async () => readCrl(await readFile(join(certs, 'ca.crl')), [await readCertificate('ca')])
  const run = (options: Partial<RevokeOptions> = {}) =>
    revoke({ certs, ca: 'ca', reason: 'unspecified', days: 30, now, ...options })
  return { certs, readCertificate, readList, run }
}

t.test('pki gen makes a list with nothing on it, which the first revocation follows', async t => {
  const { readCertificate, readList, run } = await open(t)
  t.match(await readList(), { number: 1n, count: 0 })
  const sender = await readCertificate('sender')
  const serial = sender.serialNumber.toLowerCase()
  t.match(await run({ target: sender, reason: 'keyCompromise' }), { number: 2n, count: 1, isNew: true, serial })
  const list = await readList()
  t.match(list.find(serial), { reason: 1 })
  t.equal(list.find((await readCertificate('receiver')).serialNumber.toLowerCase()), undefined)
})

t.test('what was revoked stays so, with its first reason, and the number goes up each time', async t => {
  const { readCertificate, readList, run } = await open(t)
  const [sender, seal] = [await readCertificate('sender'), await readCertificate('seal')]
  await run({ target: sender, reason: 'superseded' })
  t.match(await run({ target: sender, reason: 'keyCompromise' }), { number: 3n, count: 1, isNew: false })
  t.match(await run({ target: parseSerial(seal.serialNumber)! }), { number: 4n, count: 2, isNew: true })
  t.match(await run(), { number: 5n, count: 2, serial: undefined })
  t.match((await readList()).find(sender.serialNumber.toLowerCase()), { reason: 4 })
})

t.test('a certificate of another CA is not put on the list', async t => {
  const { run, readList } = await open(t)
  const { readCertificate } = await open(t)
  await t.rejects(run({ target: await readCertificate('sender') }), { code: 'certificate-untrusted' })
  t.match(await readList(), { number: 1n, count: 0 })
})

t.test('a list that is not of this CA, or damaged, is not replaced', async t => {
  const { certs, run } = await open(t)
  const other = await open(t)
  await copyFile(join(other.certs, 'ca.crl'), join(certs, 'ca.crl'))
  await t.rejects(run(), { code: 'crl-invalid', detail: /nothing was changed/ })
  await writeFile(join(certs, 'ca.crl'), 'no list')
  await t.rejects(run(), { code: 'crl-invalid', detail: /nothing was changed/ })
  t.equal(await readFile(join(certs, 'ca.crl'), 'utf8'), 'no list')
})

t.test('of two runs at a time one does not wait and changes nothing', async t => {
  const { certs, readCertificate, readList, run } = await open(t)
  const targets = await Promise.all(['sender', 'receiver', 'seal'].map(readCertificate))
  const done = await Promise.allSettled(targets.map(target => run({ target })))
  const revoked = done.filter(({ status }) => status === 'fulfilled').length
  for (const result of done) if (result.status === 'rejected') t.match(result.reason, { code: 'file-exists' })
  t.match(await readList(), { count: revoked })
  t.match(await run(), { count: revoked }, 'no lock stays')
  await writeFile(join(certs, 'ca.crl.lock'), '')
  t.match(await run(), { count: revoked }, 'and what a run that was cut off leaves is none')
})

t.test('without the key of the CA, the sentence says where to run it', async t => {
  const { certs, run } = await open(t)
  await rm(join(certs, 'ca.key'))
  await t.rejects(run(), { code: 'configuration', detail: /ca\.key is missing; .*run this where it is/ })
})

t.test('openssl finds the certificate revoked', { skip: hasOpenssl ? false : 'openssl is not installed' }, async t => {
  const { certs, readCertificate, run } = await open(t)
  await run({ target: await readCertificate('sender') })
  const verify = (name: string) =>
    spawnSync('openssl', ['verify', '-crl_check', '-CAfile', 'ca.crt', '-CRLfile', 'ca.crl', `${name}.crt`], {
      cwd: certs,
      encoding: 'utf8',
    })
  t.match(verify('receiver'), { status: 0 })
  t.match(verify('sender'), { status: 2, stderr: /certificate revoked/ })
})

t.test('a serial number is taken as openssl and inspect write it', async t => {
  t.same(parseSerial('0x00:4a:FF'), Buffer.of(0x4a, 0xff))
  t.same(parseSerial('4AFF'), Buffer.of(0x4a, 0xff))
  t.same(parseSerial('aff'), Buffer.of(0x0a, 0xff))
  for (const text of ['', '00', 'x', '4a ff', 'g0', '1'.repeat(42), 'certs/sender.crt'])
    t.equal(parseSerial(text), undefined, text)
})
