// Partners over the operators' API: added, changed and removed as by the commands, tried out before
// anything is written, and never over what somebody else has changed.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runInProcess } from '@seg/core/testing'
import { openListener } from '@seg/operators/testing'
import { readCertificates } from '@seg/pki'
import t, { type Test } from 'tap'
import { program } from '../main.ts'
import { makeCerts, makeFolder, senderId } from '../testing/gateway.ts'
import { openPartnerFile } from './partner-file.ts'

const certs = await makeCerts(t)
const other = await makeCerts(t)
const pemOf = (folder: string, name: string) => readFile(join(folder, name), 'utf8')

async function open(t: Test, yaml = '# kept\n') {
  const folder = await makeFolder(t)
  const config = join(folder, 'seg.yaml')
  await writeFile(config, yaml)
  const listener = await openListener(t, certs, { partners: openPartnerFile({ certs, data: folder, config }) })
  const officer = listener.keyOf('security-officer')
  const ask = (method: string, path: string, body?: object, fields: Record<string, string> = {}) =>
    listener.ask(method, `/api/v1/${path}`, { ...officer, ...fields }, body && JSON.stringify(body))
  return { config, listener, ask, text: () => readFile(config, 'utf8') }
}

const why = 'contract-17'
const pin = 'AB:'.repeat(31).concat('AB')

t.test('a partner is added, changed and removed, with its ETag, records, and nothing by a dry run', async t => {
  const { listener, ask, text } = await open(t)
  const record = { id: 'M7', name: 'Ministry 7' }
  const dry = await ask('POST', 'partners?dryRun=true', { record, why })
  t.match(dry, { status: 200, json: { before: null, after: { name: 'Ministry 7' }, isDryRun: true } })
  t.same([await text(), listener.records()], ['# kept\n', []])
  t.match(await ask('POST', 'partners', { record, why }), { json: { before: null, after: record, isDryRun: false } })
  t.match(await text(), /# kept\n[\s\S]*Ministry 7/)
  t.match(await ask('POST', 'partners', { record, why }), { status: 409, json: { code: 'act-impossible' } })
  for (const wrong of [{ id: 'M8', colour: 'red' }, { id: 'M8', state: 'gone' }, { name: 'no id' }, { id: 4 }])
    t.match(await ask('POST', 'partners', { record: wrong, why }), { status: 400, json: { code: 'parameter-invalid' } })

  const seen = await ask('GET', 'partners/M7')
  t.match(seen.json, { name: 'Ministry 7', record, acts: [{ name: 'suspend', isAllowed: true }, { isAllowed: false }] })
  const changed = { record: { ...record, contact: 'desk@m7.example' }, why }
  t.match(await ask('PUT', 'partners/M7', changed), { status: 428, json: { code: 'version-required' } })
  const put = (etag: string) => ask('PUT', 'partners/M7', changed, { 'if-match': etag })
  t.match((await put(seen.fields.etag!)).json, { before: record, after: { contact: 'desk@m7.example' } })
  t.match(await put(seen.fields.etag!), { status: 412, json: { code: 'version-changed' } })
  t.match(await ask('POST', 'partners/M7/suspend?dryRun=true', { why }), { json: { isDryRun: true } })
  t.notMatch(await text(), /suspended/)
  t.equal((await ask('DELETE', 'partners/M7')).status, 400, 'a reason is asked for')
  t.match(await ask('DELETE', `partners/M7?why=${why}`), { json: { before: { id: 'M7' }, after: null } })
  t.equal((await ask('DELETE', `partners/M7?why=${why}`)).status, 404)
  t.notMatch(await text(), 'M7')
  const acts = listener.records().map(({ action, outcome }) => `${action} ${outcome}`)
  t.same(acts.slice(0, 2), ['partner.changed pending', 'partner.changed success'])
  t.match(listener.records().at(-3), { action: 'partner.removed', outcome: 'success', why, change: [{ after: null }] })
})

t.test('an authority comes with its certificates; all is exported, and imported without naming files', async t => {
  const { ask, text, config } = await open(t, `partners:\n  - id: ${senderId}\n    state: suspended\n`)
  const anchorsPem = await pemOf(other, 'ca.crt')
  const files = () => readdirSync(certs).filter(name => name === 'authorities').length
  t.equal((await ask('PUT', 'authorities/gov', { anchorsPem: 'none', why })).status, 400)
  t.match(await ask('PUT', 'authorities/gov?dryRun=true', { anchorsPem, why }), { json: { isDryRun: true } })
  t.notMatch(await text(), 'gov')
  t.match((await ask('PUT', 'authorities/gov', { anchorsPem, why })).json, { after: { anchors: /\.pem$/ } })
  t.equal(files(), 1)
  t.equal(readdirSync(join(certs, 'authorities')).length, 1, 'what was only tried out left no file')
  t.match((await ask('GET', `partners/${encodeURIComponent(senderId)}`)).json, {
    state: 'suspended',
    certificates: [{ authority: 'gov' }],
  })

  const { json, fields } = await ask('GET', 'trust')
  const exported = await runInProcess(program, ['partners', 'export', '--config', config, '--json'])
  t.same(json, JSON.parse(exported.stdout.toString()))
  const put = (body: object, etag = fields.etag!) => ask('PUT', 'trust', { ...body, why }, { 'if-match': etag })
  const { gov } = json.trust.authorities
  const naming = (anchors: string) => ({ ...json, trust: { ...json.trust, authorities: { gov: { ...gov, anchors } } } })
  t.match(await put(naming('/etc/passwd')), { status: 400, json: { detail: /names already.*passwd/ } })
  t.match((await put({ ...json, partners: [] })).json, { after: { partners: [] } })
  t.equal((await put(json)).status, 412)
  t.equal((await put(json, (await ask('GET', 'trust')).fields.etag!)).status, 200)
  t.match(await ask('DELETE', `authorities/none?why=${why}`), { status: 404 })
})

type Named = { readonly name: string; readonly code: string | null; readonly values: object }

t.test('a certificate is judged in any form, each check by itself, and nothing is kept', async t => {
  const { ask, listener, text } = await open(t)
  const check = async (certificate: string) => ask('POST', 'certificates/check', { certificate })
  const failed = (json: { checks: { name: string; isPassed: boolean }[] }) =>
    json.checks.filter(({ isPassed }) => !isPassed).map(({ name }) => name)
  const [own, foreign] = [await pemOf(certs, 'sender.crt'), await pemOf(other, 'sender.crt')]
  const good = await check((await pemOf(certs, 'ca.crt')) + own)
  t.match(good.json, { form: 'PEM', isGood: true, partner: senderId, certificates: [{ isCa: false }, { isCa: true }] })
  const found = Object.fromEntries(good.json.checks.map(({ name, values }: Named) => [name, values]))
  t.match(found, { dates: { from: /Z$/, to: /Z$/ }, partner: { partner: senderId }, chain: { count: '1' } })
  t.ok(good.json.checks.every(({ code }: Named) => code === null))
  const [{ raw }] = await readCertificates(join(certs, 'sender.crt'))
  t.match((await check(raw.toString('base64'))).json, { form: 'DER', isGood: true })
  const p7 = execFileSync('openssl', ['crl2pkcs7', '-nocrl', '-certfile', join(certs, 'sender.crt')]).toString()
  t.match((await check(p7)).json, { form: 'PKCS #7', isGood: true })
  t.match((await check(p7.replaceAll(/-----[^-]*-----|\n/g, ''))).json, { form: 'PKCS #7', isGood: true })
  const stranger = await check(foreign)
  t.match(stranger.json, { isGood: false, partner: null })
  t.same(failed(stranger.json), ['authority', 'signing', 'partner'])
  t.match(
    stranger.json.checks.find(({ name }: { name: string }) => name === 'authority'),
    { detail: /expected/, remedy: String, code: 'certificate-untrusted', values: {} },
  )
  t.same(failed((await check(own + foreign)).json), ['chain'], 'what does not belong to it is named')
  t.ok(failed((await check(await pemOf(certs, 'receiver.crt'))).json).includes('form'))
  const cut = raw.subarray(0, 100).toString('base64')
  for (const nothing of ['x', await pemOf(certs, 'sender.key'), own.repeat(18), cut, p7.slice(0, 200)])
    t.match(await check(nothing), { status: 403, json: { code: 'certificate-invalid' } })
  t.same([listener.records(), await text()], [[], '# kept\n'])
  const listed = await open(
    t,
    `trust: { mode: listed }\npartners: [{ id: M9, certificates: [{ for: [tls, sign], sha256: '${pin}' }] }]\n`,
  )
  const ruled = await listed.ask('POST', 'certificates/check', { certificate: own })
  t.match(ruled.json, {
    rule: { for: ['tls', 'sign'], sha256: /^[0-9A-F:]+$/ },
  })
})

t.test('names that every object has are names like others', async t => {
  const { ask } = await open(t)
  const anchorsPem = await pemOf(other, 'ca.crt')
  for (const name of ['constructor', 'toString', '__proto__']) {
    const removed = await ask('DELETE', `authorities/${name}?why=${why}`)
    t.equal(removed.status, 404, name)
    const put = await ask('PUT', `authorities/${name}?dryRun=true`, { anchorsPem, why })
    t.ok(put.status === 400 || (put.status === 200 && put.json.before === null), `${name}: ${put.status} ${put.text}`)
    t.equal((await ask('GET', `partners/${name}`)).status, 404)
  }
})

t.test('a damaged certificate is judged, or refused, and never a failure of the gateway', async t => {
  const { ask, listener } = await open(t)
  const [{ raw: der }] = await readCertificates(join(other, 'sender.crt'))
  const statuses = new Set<number>()
  for (let i = 0; i < der.length; i += 3) {
    const damaged = Buffer.from(der)
    damaged[i] = (damaged[i]! + 1 + (i % 7) * 31) & 0xff
    const { status, text } = await ask('POST', 'certificates/check', { certificate: damaged.toString('base64') })
    statuses.add(status)
    if (status >= 500) t.fail(`octet ${i}: ${text}`)
  }
  t.ok(statuses.has(200))
  const form = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null', '-subj', '/']
  const nameless = execFileSync('openssl', ['req', '-x509', ...form], { stdio: 'pipe' }).toString()
  const judged = await ask('POST', 'certificates/check', { certificate: nameless })
  t.match(judged, { status: 200, json: { isGood: false, certificates: [{ subject: '', issuer: '' }] } })
  t.same(listener.complaints, [])
})
