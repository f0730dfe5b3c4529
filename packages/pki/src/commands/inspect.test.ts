import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeCerts, makeFolder } from '../testing/make-certs.ts'
import { inspect } from './inspect.ts'

t.test('says what certificates are and how long they last', async t => {
  const now = new Date('2026-01-01T00:00:00Z')
  const certs = await makeCerts(t, { now, key: 'ec-p384', days: 20 })
  const certificates = await inspect(certs, now)
  t.match(certificates, [
    { profile: 'ca', id: /^SEG root CA/, key: 'ec-p384', daysLeft: 3650 },
    { profile: 'receiver', id: 'console', key: 'ec-p256', daysLeft: 20 },
    { profile: 'receiver', id: 'MINISTRY 2_SEG01', key: 'ec-p384', daysLeft: 20 },
    { profile: 'seal', id: 'MINISTRY 2_SEG01', key: 'ec-p256', daysLeft: 20 },
    { profile: 'sender', id: 'MINISTRY 1_SEG01', key: 'ec-p384', daysLeft: 20, notAfter: '2026-01-21T00:00:00.000Z' },
  ])
  const daysLeft = async (time: string) => (await inspect(join(certs, 'sender.crt'), new Date(time)))[0]?.daysLeft
  t.equal(await daysLeft('2026-01-20T00:00:01Z'), 0)
  t.equal(await daysLeft('2026-01-21T00:00:01Z'), -1)
})

t.test('names kind and size of RSA keys', async t => {
  const certs = await makeCerts(t, { key: 'rsa-2048' })
  t.match(await inspect(join(certs, 'sender.crt'), new Date()), [
    { key: 'rsa-2048', fingerprint: /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/ },
  ])
})

t.test('shows every certificate of a bundle, and reads DER', async t => {
  const certs = await makeCerts(t)
  const [ca = '', seal = ''] = await Promise.all(
    ['ca.crt', 'seal.crt'].map(name => readFile(join(certs, name), 'utf8')),
  )
  await writeFile(join(certs, 'bundle.pem'), `for partners\n${ca}\n${seal}`)
  t.match(await inspect(join(certs, 'bundle.pem'), new Date()), [{ profile: 'ca' }, { profile: 'seal' }])
  await writeFile(join(certs, 'seal.der'), Buffer.from(seal.replace(/-----.*-----/g, ''), 'base64'))
  t.match(await inspect(join(certs, 'seal.der'), new Date()), [{ profile: 'seal' }])
})

t.test('a file that is missing, no file or no certificate is a fault that names it', async t => {
  const folder = await makeFolder(t)
  t.same(await inspect(folder, new Date()), [])
  await t.rejects(inspect(join(folder, 'nothing'), new Date()), { code: 'file-unreadable', detail: /nothing/ })
  await mkdir(join(folder, 'folder.crt'))
  await t.rejects(inspect(folder, new Date()), { code: 'file-unreadable', detail: /folder\.crt/ })
  await rm(join(folder, 'folder.crt'), { recursive: true })
  await writeFile(join(folder, 'x.crt'), 'x')
  await t.rejects(inspect(folder, new Date()), { code: 'certificate-invalid', detail: /x\.crt/ })
})
