// Our own keys over the API: a request that waits for its certificate, what is checked before that
// takes its place, and certificates that our CA revokes.
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, loadIdentity } from '@seg/pki'
import t from 'tap'
import { openListener } from '../../packages/operators/src/testing/listener.ts'
import { issueFiles } from '../../packages/pki/src/issuing/issue-files.ts'
import { writePkcs12 } from '../../packages/pki/src/pkcs12/write-pkcs12.ts'

const certs = t.testdir()
await generate({ out: certs, key: 'ec-p256' })
const id = 'MINISTRY 2_SEG01'
const listener = await openListener(t, certs)
const officer = { ...listener.sessionOf('security-officer'), 'sec-fetch-site': 'same-origin' }
const act = (method: string, path: string, body?: object) =>
  listener.ask(method, `/api/v1/${path}`, officer, body === undefined ? undefined : JSON.stringify(body))
const rowOf = async (use: string) =>
  (await listener.ask('GET', '/api/v1/renewals', officer)).json.data.find((row: { use: string }) => row.use === use)
const present = async () => new X509Certificate(await readFile(join(certs, 'receiver.crt')))

/** A certificate of our CA for the request that waits, or for another key. */
async function issue(name: string, { isForRequest = true, hosts = ['localhost', '127.0.0.1', '::1'] } = {}) {
  const csr = join(certs, 'asked.csr')
  await writeFile(csr, (await rowOf('receiver')).request.pem)
  const options = { certs, ca: 'ca', profile: 'receiver', hosts, days: 30, now: new Date() } as const
  const from = isForRequest ? { csr } : { id, key: 'ec-p256' as const }
  const { certificate } = await issueFiles({ ...options, ...from, out: join(certs, 'made', name) })
  return certificate.toString()
}

t.test('a request waits with its key, also after a restart, and is made once', async t => {
  const before = await present()
  const { status, json } = await act('POST', 'renewals/receiver', { why: 'due in March' })
  t.equal(status, 200)
  t.match(json, { use: 'receiver', request: { pem: /CERTIFICATE REQUEST/, key: /^[0-9a-f]{64}$/ } })
  t.match((await rowOf('receiver')).acts, [{ name: 'request', isAllowed: false, why: 'a request waits already' }])
  t.match(await act('POST', 'renewals/receiver', { why: 'again' }), { status: 409, json: { code: 'act-impossible' } })
  t.equal((await present()).fingerprint256, before.fingerprint256, 'nothing that is in use has changed')
  t.notMatch(json.request.pem, /PRIVATE KEY/)
  t.match(await act('POST', 'renewals/ca', { why: 'x' }), { status: 400 }, 'the CA is not one of them')
  t.match(await act('POST', 'renewals/..%2Freceiver', { why: 'x' }), { status: 400 })
})

t.test('each check of a certificate is shown, and what fails one takes no place', async t => {
  const check = async (certificate: string) => (await act('POST', 'renewals/receiver/check', { certificate })).json
  const failed = (json: { checks: { name: string; isPassed: boolean }[] }) =>
    json.checks.filter(({ isPassed }) => !isPassed).map(({ name }) => name)
  const other = await issue('other', { isForRequest: false })
  const fewer = await issue('fewer', { hosts: ['localhost'] })
  const sender = await readFile(join(certs, 'sender.crt'), 'utf8')
  t.same(failed(await check(other)), ['key'])
  t.same(failed(await check(fewer)), ['hosts'])
  t.same(failed(await check(sender)), ['key', 'name', 'hosts', 'form'])
  t.same(failed(await check('nonsense')), ['certificate'])
  t.match((await check('nonsense')).checks, [{ code: 'certificate-invalid', values: {} }])
  const before = await present()
  for (const certificate of [other, fewer, sender, 'nonsense']) {
    const { status, json } = await act('POST', 'renewals/receiver/install', { certificate, why: 'new' })
    t.match({ status, json }, { status: /4\d\d/, json: { code: 'certificate-invalid' } })
  }
  t.equal((await present()).fingerprint256, before.fingerprint256)
  t.ok((await rowOf('receiver')).request, 'it waits still')
})

t.test('the certificate takes its place with its key, those before are kept, and the records say so', async t => {
  const [before, good] = [await present(), await issue('good')]
  const { json: checked } = await act('POST', 'renewals/receiver/check', { certificate: good })
  t.equal(checked.isGood, true)
  const der = new X509Certificate(good).raw.toString('base64')
  const { status, json } = await act('POST', 'renewals/receiver/install', { certificate: der, why: 'due in March' })
  t.equal(status, 200)
  const identity = await loadIdentity(certs, 'receiver')
  t.not(identity.certificate.fingerprint256, before.fingerprint256)
  t.equal(json.fingerprint, identity.certificate.fingerprint256.replaceAll(':', '').toLowerCase())
  t.equal((await rowOf('receiver')).request, null)
  t.notOk((await readdir(certs)).some(name => name.endsWith('.next')))
  const folders = (await readdir(certs, { recursive: true })).filter(name => /.\/receiver\.crt$/.test(name))
  const kept = await Promise.all(folders.map(async name => new X509Certificate(await readFile(join(certs, name)))))
  t.ok(kept.some(({ fingerprint256 }) => fingerprint256 === before.fingerprint256))
  const acts = listener.records().filter(({ action }) => action === 'key.certificate-installed')
  t.same(acts.map(({ outcome }) => outcome).slice(-2), ['pending', 'success'])
  t.match(acts.at(-1), { on: { id: 'receiver' }, why: 'due in March', actor: { role: 'security-officer' } })
})

t.test('a withdrawn request leaves neither key nor request; with four eyes only what takes a place waits', async t => {
  t.equal((await act('POST', 'renewals/seal', { why: 'to try' })).status, 200)
  t.match(await act('DELETE', 'renewals/seal?why=changed+my+mind'), { status: 200, json: { request: null } })
  t.notOk((await readdir(certs)).some(name => name.endsWith('.next')))
  t.equal((await act('DELETE', 'renewals/seal?why=again')).status, 404)
  const two = await openListener(t, certs, { fourEyes: true })
  const jane = { ...two.sessionOf('security-officer'), 'sec-fetch-site': 'same-origin' }
  const ask = (path: string, body: object) => two.ask('POST', `/api/v1/${path}`, jane, JSON.stringify(body))
  t.equal((await ask('renewals/seal', { why: 'due' })).status, 200)
  t.equal((await ask('renewals/seal/install', { certificate: 'x', why: 'due' })).status, 202)
  t.equal(
    (await ask('revocations', { serialNumber: '01', isUnknown: true, reason: 'keyCompromise', why: 'stolen' })).status,
    202,
  )
})

t.test('a key from a PKCS #12 file waits when each check has passed; its password stays nowhere', async t => {
  const password = 'correct horse 4711'
  const chain = [new X509Certificate(await readFile(join(certs, 'ca.crt')))]
  /** A key that was made elsewhere, for these hosts. */
  const make = async (name: string, hosts: readonly string[], changed: { readonly id?: string } = {}) => {
    const options = { certs, ca: 'ca', profile: 'receiver', key: 'ec-p256', days: 30, now: new Date() } as const
    const out = join(certs, 'made', name)
    const { certificate } = await issueFiles({ ...options, id, hosts, out, ...changed })
    const key = createPrivateKey(await readFile(`${out}.key`))
    return { certificate, octets: writePkcs12({ key, certificate, chain, name }, password) }
  }
  const good = await make('elsewhere', ['localhost', '127.0.0.1', '::1'])
  const bad = await make('bad', ['localhost'], { id: 'MINISTRY 9_SEG01' })
  const give = (octets: Buffer, { dryRun = false, given = password, fields = {} } = {}) => {
    const body = JSON.stringify({ pkcs12: octets.toString('base64'), password: given, why: 'made by the CA' })
    return listener.ask('POST', `/api/v1/renewals/receiver/import?dryRun=${dryRun}`, { ...officer, ...fields }, body)
  }
  const failed = (json: { checks: { name: string; isPassed: boolean }[] }) =>
    json.checks.filter(({ isPassed }) => !isPassed).map(({ name }) => name)
  for (const [octets, given, names] of [
    [good.octets, 'wrong', ['file']],
    [good.octets, 'not ascii: ä', ['file']],
    [Buffer.from('no such file'), password, ['file']],
    [bad.octets, password, ['name', 'hosts']],
  ] as const) {
    const looked = await give(octets, { dryRun: true, given })
    t.match(looked, { status: 200, json: { isGood: false, isDryRun: true } })
    t.same(failed(looked.json), names)
    if (names[0] === 'file') t.match(looked.json.checks, [{ code: 'p12-invalid' }])
    t.match(await give(octets, { given }), { status: 403, json: { code: 'certificate-invalid' } })
  }
  t.match((await give(good.octets, { dryRun: true })).json, { isGood: true, isDryRun: true })
  t.equal((await rowOf('receiver')).request, null, 'nothing of them is kept')
  t.notOk((await readdir(certs)).some(name => /^receiver\..*\.next$/.test(name)))

  const imported = await give(good.octets, { fields: { 'idempotency-key': 'import-1' } })
  t.match(imported, { status: 200, json: { isGood: true, isDryRun: false } })
  t.match(await give(good.octets), { status: 409, json: { code: 'act-impossible' } }, 'one waits')
  const { certificate } = imported.json
  t.match((await act('POST', 'renewals/receiver/check', { certificate })).json, { isGood: true })
  t.equal((await act('POST', 'renewals/receiver/install', { certificate, why: 'new key' })).status, 200)
  const identity = await loadIdentity(certs, 'receiver')
  t.equal(identity.certificate.fingerprint256, good.certificate.fingerprint256)
  t.ok(identity.certificate.checkPrivateKey(createPrivateKey(identity.keyPem)))
  const acts = listener.records().filter(({ action }) => action === 'key.key-imported')
  t.equal(acts.filter(({ outcome }) => outcome === 'success').length, 1)
  for (const folder of [listener.folder, certs])
    for (const name of await readdir(folder, { recursive: true })) {
      const octets = await readFile(join(folder, name)).catch(() => Buffer.alloc(0))
      t.notOk(octets.includes(password) || octets.includes(good.octets), name)
    }
  // Whoever has the file and the store of answers must not find the password by trying all.
  const guess = (text: string) => createHash('sha256').update(text).digest()
  const body = { password, pkcs12: good.octets.toString('base64'), why: 'made by the CA' }
  const stores = (await readdir(listener.folder)).filter(name => name.startsWith('answers'))
  t.ok(stores.length > 0)
  for (const name of stores) {
    const octets = await readFile(join(listener.folder, name))
    for (const fields of [body, { pkcs12: body.pkcs12, password, why: body.why }])
      t.notOk(
        octets.includes(guess(JSON.stringify(['POST', '/api/v1/renewals/receiver/import?dryRun=false', null, fields]))),
      )
  }
})

t.test('of requests at once one is made; it can be withdrawn also when its key is lost', async t => {
  const made = await Promise.all(['a', 'b', 'c'].map(why => act('POST', 'renewals/console', { why })))
  t.same(made.map(({ status }) => status).sort(), [200, 409, 409])
  for (const { json } of made.filter(({ status }) => status !== 200)) t.equal(json.code, 'act-impossible')
  const { request } = await rowOf('console')
  const key = createPublicKey(await readFile(join(certs, 'console.key.next')))
  t.equal(
    request.key,
    createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
  )
  await rm(join(certs, 'console.key.next'))
  t.ok((await rowOf('console')).request, 'the list is there all the same')
  t.match(await act('DELETE', 'renewals/console?why=its+key+is+lost'), { status: 200, json: { request: null } })
  t.equal((await act('POST', 'renewals/console', { why: 'anew' })).status, 200)
  t.equal((await act('DELETE', 'renewals/console?why=enough')).status, 200)
})

t.test('a certificate of our CA is revoked once, where the key of the CA is', async t => {
  const { certificate } = await loadIdentity(certs, 'sender')
  const body = { serialNumber: certificate.serialNumber, reason: 'keyCompromise', why: 'stolen, case 4711' }
  const list = () => readFile(join(certs, 'ca.crl'), 'utf8')
  const before = await list()
  const unknown = { ...body, serialNumber: '4711' }
  const refused = { status: 400, json: { code: 'parameter-invalid', detail: /known here, found 4711/ } }
  for (const query of ['', '?dryRun=true']) t.match(await act('POST', `revocations${query}`, unknown), refused)
  const surely = { ...unknown, isUnknown: true }
  const dry = { isDryRun: true, isNew: true, subject: null, fingerprint: null, serialNumber: '4711' }
  t.match(await act('POST', 'revocations?dryRun=true', surely), { status: 200, json: dry })
  const itself = { fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(), subject: /CN=/ }
  t.match((await act('POST', 'revocations?dryRun=true', body)).json, { isDryRun: true, isNew: true, ...itself })
  t.equal(await list(), before, 'a dry run changes nothing')
  t.match(await act('POST', 'revocations', body), { status: 200, json: { isNew: true, count: 1, ...itself } })
  t.not(await list(), before)
  t.match((await act('POST', 'revocations', body)).json, { isNew: false, count: 1 })
  t.equal((await act('POST', 'revocations', { ...body, serialNumber: '00' })).status, 400)
  const withItself = { ...body, certificate: certificate.toString() }
  t.match((await act('POST', 'revocations', withItself)).json, { isNew: false, count: 1 })
  const after = await list()
  const elsewhere = t.testdir()
  await generate({ out: elsewhere, key: 'ec-p256' })
  const foreign = (await loadIdentity(elsewhere, 'sender')).certificate
  const other = { ...body, serialNumber: foreign.serialNumber, certificate: foreign.toString() }
  t.match(await act('POST', 'revocations', other), { status: 403, json: { code: 'certificate-untrusted' } })
  const mixed = { ...withItself, serialNumber: foreign.serialNumber }
  t.match((await act('POST', 'revocations', mixed)).json, { code: 'certificate-invalid' })
  t.equal(await list(), after, 'nothing of another CA comes on the list')
  t.equal((await act('POST', 'revocations', { ...body, reason: 'whatever' })).status, 400)
  await rename(join(certs, 'ca.key'), join(certs, 'elsewhere'))
  t.match((await act('GET', 'revocations')).json.acts, [
    { name: 'revoke', isAllowed: false, why: /not on this machine/ },
  ])
  t.match(await act('POST', 'revocations', body), { status: 409, json: { code: 'act-impossible' } })
  await rm(join(certs, 'elsewhere'))
})
