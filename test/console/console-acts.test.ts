// What operators do on the pages of the console, in a real Chromium: done once, with a reason and a
// record; never more than was seen; and what was typed stays where it is refused.
import { createHash, createPrivateKey } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import { loadIdentity } from '@seg/pki'
import t from 'tap'
import { openOutbox } from '../../packages/ledger/src/index.ts'
import { type Alert, openAlertStore } from '../../packages/operators/src/alerts/alert-store.ts'
import { openDesk } from '../../packages/operators/src/index.ts'
import { issueFiles } from '../../packages/pki/src/issuing/issue-files.ts'
import { writePkcs12 } from '../../packages/pki/src/pkcs12/write-pkcs12.ts'
import { openPartnerFile } from '../../packages/receiver/src/console/partner-file.ts'
import { keepReceived } from '../../packages/receiver/src/rollover/announcements.ts'
import {
  makeCerts,
  makeFolder,
  receiverId,
  senderId,
  someChain,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'
import { needsChromium, openBrowser } from '../support/chromium.ts'
import { type ConsoleWindow, openTestConsole } from '../support/console.ts'

const folder = await makeFolder(t)
const outbox = await openOutbox(folder)
const partnerCerts = await makeCerts(t)
const config = join(folder, 'seg.yaml')
await writeFile(config, 'trust: { mode: listed }\n')
const partners = openPartnerFile({ certs: partnerCerts, data: folder, config })
const console = await openTestConsole(t, { outbox: folder, partners })
const { gateway, listener } = console
const browser = needsChromium.skip === false ? await openBrowser(t) : undefined
t.teardown(() => outbox.close())

const logIn = (role: Parameters<typeof console.logIn>[1]) =>
  console.logIn(browser!, role, { locale: 'en', reducedMotion: 'reduce' })

/** Accepts a document, and gives it up as the webhook's lane does. */
async function giveUp({ gate: { ledger } }: TestGateway, id: string): Promise<number> {
  const octets = Buffer.from(id)
  const digest = createHash('sha256').update(octets).digest()
  const content = ledger.stage()
  await content.write(octets)
  const at = new Date().toISOString()
  const facts = { sender: 'M1', id, acceptedAt: at, bytes: octets.length, sha256: digest.toString('hex') }
  const { index } = await ledger.accept(
    { ...facts, referenceDigest: digest.toString('base64'), chain: someChain },
    content,
  )
  await ledger.giveUp('webhook M1', index, at, 'HTTP status 422')
  return index
}

async function queue(id: string): Promise<number> {
  const queuedAt = Date.now()
  const document = { path: `${id}.xml`, bytes: 1, sha256: '00', id, receiverId: 'R', own: undefined }
  const asked = { delivery: id, receiver: 'https://r.example', file: id, document, queuedAt }
  return (await outbox.queue({ ...asked, expiresAt: queuedAt + 3_600_000 })).entry.number
}

/** Fills in the reason of the open dialog, and sends it. */
async function give({ page }: ConsoleWindow, why: string, verb: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill(why)
  await dialog.getByRole('button', { name: verb, exact: true }).click()
}

/** What was recorded of acts with this action: outcome and reason. */
const recordsOf = (action: string) =>
  listener
    .records()
    .filter(record => record.action === action)
    .map(({ outcome, why }) => [outcome, why])

t.test('a dead letter is discarded with a reason, once, and one who may not sees why', needsChromium, async t => {
  const index = await giveUp(gateway, 'doc-1')
  const viewer = await logIn('viewer')
  await viewer.open('/hand-off')
  const barred = viewer.page.getByRole('button', { name: 'Discard: doc-1' })
  await eventually(t, () => barred.getAttribute('aria-disabled'), 'true')
  const why = viewer.page.locator('.acts .why').first()
  await eventually(t, () => why.textContent(), /your role \(viewer\) may not/)
  await barred.focus()
  await viewer.page.keyboard.press('Enter')
  t.equal(await viewer.page.getByRole('dialog').count(), 0)

  const operator = await logIn('operator')
  await operator.open('/hand-off')
  await operator.page.getByRole('button', { name: 'Discard: doc-1' }).click()
  // The act is done, and its answer is lost on the way: the same is sent once more.
  await operator.page.route(
    '**/discard',
    async route => {
      await route.fetch()
      await route.abort()
    },
    { times: 1 },
  )
  await give(operator, 'sent by hand', 'Discard it')
  const dialog = operator.page.getByRole('dialog')
  await dialog.getByText('It is not known whether it was done.').waitFor()
  await eventually(t, () => dialog.getByLabel('Reason').inputValue(), 'sent by hand', 'what was typed is there')
  await dialog.getByRole('button', { name: 'Discard it' }).click()
  await operator.page.getByText('doc-1 is discarded as a dead letter.').waitFor()
  t.same(recordsOf('delivery.dead-letter-discarded'), [
    ['pending', 'sent by hand'],
    ['success', 'sent by hand'],
  ])
  await operator.open(`/hand-off/dead-letters/${index}`)
  const main = operator.page.locator('main')
  await eventually(t, () => main.textContent(), /sent by hand.*HTTP status 422|HTTP status 422.*sent by hand/s)
  t.same([...viewer.wrongs(), ...operator.wrongs().filter(line => !/ERR_FAILED/.test(line))], [])
})

t.test('an act on many takes what was counted under its filter, or nothing', needsChromium, async t => {
  await giveUp(gateway, 'doc-2')
  await giveUp(gateway, 'doc-3')
  const { page, open, ...operator } = await logIn('operator')
  await open('/hand-off?target=webhook')
  await page.getByRole('button', { name: /^Retry all 2/ }).click()
  const dialog = page.getByRole('dialog')
  await eventually(t, () => dialog.textContent(), /Exactly these: open, Target webhook, 2 as counted now/)
  await giveUp(gateway, 'doc-4')
  await give({ page, open, ...operator }, 'endpoint is back', 'Retry all 2')
  await page.getByText('Nothing was done.').waitFor()
  await eventually(t, () => dialog.textContent(), /expected 2 dead letters, found 3/)
  await page.getByRole('button', { name: 'Do nothing' }).click()
  await open('/hand-off?target=webhook')
  await page.getByRole('button', { name: /^Retry all 3/ }).click()
  await give({ page, open, ...operator }, 'endpoint is back', 'Retry all 3')
  await page.getByText('3 are to be tried again.').waitFor()
  await page.locator('td .tag', { hasText: 'to be retried' }).nth(2).waitFor()
  t.equal(recordsOf('delivery.dead-letters-retried').length, 4, 'two that failed, two that did not')
})

t.test(
  'a delivery is cancelled, queued again, and its page says what stands against an act',
  needsChromium,
  async t => {
    const entry = await queue('invoice-1')
    const desk = openDesk({ folder: gateway.data, retention: { days: 90, bytes: 2 ** 30 }, outbox: folder }, () => {})
    t.teardown(() => desk.close())
    const operator = await logIn('operator')
    const { page, open } = operator
    await open(`/deliveries/${entry}`)
    await page.getByRole('button', { name: 'Cancel: invoice-1' }).click()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await eventually(t, () => page.getByRole('dialog').count(), 0)
    t.equal((await outbox.find(entry))?.state, 'queued', 'Escape does nothing')
    await page.getByRole('button', { name: 'Cancel: invoice-1' }).click()
    await give(operator, 'wrong file', 'Cancel the delivery')
    await page.getByText('invoice-1 is cancelled.').waitFor()
    t.equal((await outbox.find(entry))?.state, 'cancelled')
    await page.getByText('Cancel: it is cancelled').or(page.getByText('it is cancelled')).first().waitFor()
    await page.getByRole('button', { name: 'Retry: invoice-1' }).click()
    await give(operator, 'right after all', 'Retry')
    await page.waitForURL(`**/deliveries/${entry + 1}`)
    t.equal((await outbox.find(entry + 1))?.state, 'queued')

    await open('/deliveries')
    await page.locator('.group', { hasText: 'https://r.example' }).getByText('not tried yet').waitFor()
    await open('/deliveries?outcome=queued&partner=R')
    const why = page.locator('.section .acts .why')
    await eventually(t, () => why.textContent(), /it takes the filter state alone/)
    t.same(operator.wrongs(), [])
  },
)

t.test(
  'an alert is acknowledged, and its rule muted with an end and a reason, until it is ended',
  needsChromium,
  async t => {
    const store = await openAlertStore(gateway.data)
    t.teardown(() => store.close())
    const labels = { partner: '<img src=x>' }
    const firing = {
      id: 'abc',
      rule: 'SegConflict',
      labels,
      state: 'firing',
      since: Date.now(),
      value: 1,
      notified: {},
    }
    store.save([firing as Alert], [])
    const operator = await logIn('operator')
    const { page, open } = operator
    await open('/alerts')
    await page.getByText('partner <img src=x>').waitFor()
    await page.getByRole('button', { name: /^Acknowledge/ }).click()
    await give(operator, 'case 4711', 'Acknowledge')
    await page.getByText(/Acknowledged by jane/).waitFor()
    const acknowledge = page.getByRole('button', { name: /^Acknowledge/ })
    await eventually(t, () => acknowledge.getAttribute('aria-disabled'), 'true')
    await open('/alerts/rules')
    await page.getByRole('button', { name: 'Mute: SegConflict' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('For how long').selectOption('24')
    await dialog.getByRole('button', { name: 'Mute' }).click()
    t.equal(store.mutes(0).length, 0, 'without a reason nothing is sent')
    await give(operator, 'load test', 'Mute')
    await page.getByText(/^Muted until .* by jane: load test/).waitFor()
    const hours = (store.mutes(0)[0]!.until - Date.now()) / 3_600_000
    t.ok(hours > 23.9 && hours <= 24)
    await page.getByRole('button', { name: 'End the mute: SegConflict' }).click()
    await give(operator, 'done', 'End the mute')
    await page.getByText('SegConflict is not muted any more.').waitFor()
    t.same(store.mutes(0), [])
    t.same(operator.wrongs(), [])
  },
)

t.test(
  'a partner is added by its certificate, after all that is wrong with it; suspended and resumed',
  needsChromium,
  async t => {
    const officer = await logIn('security-officer')
    const { page, open } = officer
    await open('/partners')
    await page.getByRole('link', { name: 'Add a partner' }).first().click()
    const certificate = page.locator('input[type=file]')
    await certificate.setInputFiles({ name: 'x', mimeType: '', buffer: Buffer.from('<script>') })
    await page.getByText('It cannot be added like this.').waitFor()
    await certificate.setInputFiles(join(partnerCerts, 'receiver.crt'))
    await page.locator('.judged li', { hasText: 'Form' }).getByText('not passed').waitFor()
    await certificate.setInputFiles(join(partnerCerts, 'sender.crt'))
    await page.locator('.judged li', { hasText: 'Form' }).getByText('passed', { exact: true }).waitFor()
    await eventually(t, () => page.getByLabel(/^Id/).inputValue(), senderId)
    await page.getByLabel('Contact').fill('desk@m1.example')
    t.notMatch(await readFile(config, 'utf8'), 'm1.example', 'nothing is kept before')
    await page.getByRole('button', { name: 'Review' }).click()
    await eventually(t, () => page.getByRole('dialog').textContent(), /"sha256": "[0-9A-F:]+"/)
    await give(officer, 'contract 17', 'Add the partner')
    await page.waitForURL('**/partners/MINISTRY%201_SEG01')
    t.match(await readFile(config, 'utf8'), /m1\.example/)

    await page.getByRole('button', { name: `Suspend: ${senderId}` }).click()
    await give(officer, 'key lost', 'Suspend')
    await page.getByText(`${senderId} is suspended.`).waitFor()
    t.match(await readFile(config, 'utf8'), /state: suspended/)
    await page.getByRole('button', { name: `Resume: ${senderId}` }).click()
    await give(officer, 'new key', 'Resume')
    await page.getByText(`${senderId} is active again.`).waitFor()
    t.same(recordsOf('partner.resumed'), [
      ['pending', 'new key'],
      ['success', 'new key'],
    ])

    await open('/audit')
    await page
      .getByRole('row', { name: /partner\.resumed.*done/ })
      .getByRole('link')
      .click()
    const row = page.getByRole('row', { name: /^state/ })
    await row.waitFor()
    await eventually(t, () => row.getByRole('cell').allTextContents(), ['state', 'suspended', 'active'])
    t.same(
      officer.wrongs().filter(line => !/status of 4\d\d/.test(line)),
      [],
    )
  },
)

t.test('a key from a PKCS #12 file is checked, imported, and used', needsChromium, async t => {
  const officer = await logIn('security-officer')
  const { page, open } = officer
  const { certs } = console
  const out = join(certs, 'elsewhere')
  const hosts = ['localhost', '127.0.0.1', '::1']
  const issued = { certs, ca: 'ca', profile: 'receiver', id: receiverId, key: 'ec-p256', days: 30 } as const
  const { certificate } = await issueFiles({ ...issued, hosts, out, now: new Date() })
  const key = createPrivateKey(await readFile(`${out}.key`))
  const buffer = writePkcs12({ key, certificate, chain: [], name: 'receiver' }, 'from the CA')
  await open('/certificates/renew/receiver')
  await page.locator('input[type=file]').setInputFiles({ name: 'new.p12', mimeType: 'application/x-pkcs12', buffer })
  const password = page.getByLabel('Password of new.p12')
  const isFile = page.locator('.judged li', { hasText: 'File and password' })
  await password.fill('something else')
  await page.getByRole('button', { name: 'Check it' }).click()
  await isFile.getByText('not passed').waitFor()
  await password.fill('from the CA')
  await page.getByRole('button', { name: 'Check it' }).click()
  await isFile.getByText('passed', { exact: true }).waitFor()
  await page.getByRole('button', { name: /^Import its key/ }).click()
  await give(officer, 'made by the CA', 'Import its key')
  await page.getByText(/^The key for .* waits/).waitFor()
  t.notMatch(await page.content(), 'from the CA')
  // Its certificate came with it.
  await page.getByRole('button', { name: /^Use it from now on/ }).click()
  await give(officer, 'due', 'Use it from now on')
  await page.getByText(/^The new certificate for .* is in its place/).waitFor()
  t.equal((await loadIdentity(certs, 'receiver')).certificate.fingerprint256, certificate.fingerprint256)
  t.same(officer.wrongs(), [])
})

t.test('an announced certificate waits on the front page, and is accepted or refused', needsChromium, async t => {
  const officer = await logIn('security-officer')
  const { page, open } = officer
  const issued = { certs: partnerCerts, ca: 'ca', profile: 'sender', id: senderId, key: 'ec-p256', days: 30 } as const
  const present = [(await loadIdentity(partnerCerts, 'sender')).certificate]
  const announce = async (document: string) => {
    const now = new Date()
    const options = { ...issued, hosts: [], out: join(partnerCerts, document), now }
    const { certificate } = await issueFiles(options)
    const [from, until] = [now.getTime(), now.getTime() + 10 * 86_400_000]
    const announcement = { certificate, uses: ['tls', 'sign'], from, until } as const
    const sha256 = createHash('sha256').update(document).digest('hex')
    const received = { sender: senderId, document, sha256, announcement, present: { tls: present, sign: present } }
    await keepReceived(folder, { ...received, at: now, state: 'waiting', reason: 'its record asks for it' })
    return certificate
  }
  await announce('rollover-1')
  const next = await announce('rollover-2')
  await open('/')
  await page.locator('.needs a[href="/partners/announced"]').first().click()
  const rowOf = (state: string) => page.getByRole('row').filter({ hasText: state })
  const last = next.fingerprint256.replaceAll(':', '').toLowerCase().slice(-4)
  await page
    .getByRole('row', { name: new RegExp(last) })
    .getByRole('button', { name: /^Accept/ })
    .click()
  await give(officer, 'compared by phone', 'Accept')
  await page.getByText(/^The next certificate of .* counts/).waitFor()
  t.match(await readFile(config, 'utf8'), next.fingerprint256)
  await rowOf('waits')
    .getByRole('button', { name: /^Refuse/ })
    .click()
  await give(officer, 'nobody knows of it', 'Refuse')
  await page.getByText(/^The next certificate of .* does not count/).waitFor()
  await rowOf('waits').waitFor({ state: 'detached' })
  t.same(recordsOf('partner.rollover-refused'), [
    ['pending', 'nobody knows of it'],
    ['success', 'nobody knows of it'],
  ])
  t.same(officer.wrongs(), [])
})

t.test(
  'an API key is shown once and counts until it is revoked; a session ends when somebody ends it',
  needsChromium,
  async t => {
    const administrator = await logIn('administrator')
    const { page, open } = administrator
    await open('/settings/api-keys')
    await page.getByRole('button', { name: 'Make an API key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('monitoring')
    await dialog.getByRole('button', { name: 'Make it' }).click()
    const key = await page.locator('.notice code').textContent()
    const me = () => listener.ask('GET', '/api/v1/me', { authorization: `Bearer ${key}` })
    t.match((await me()).json, { role: 'viewer', method: 'api-key' })
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.reload()
    await page.getByRole('button', { name: 'Revoke: monitoring' }).waitFor()
    t.notMatch(await page.content(), key)
    await page.getByRole('button', { name: 'Revoke: monitoring' }).click()
    await dialog.getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('The key monitoring is revoked.').waitFor()
    t.equal((await me()).status, 401)

    const other = await logIn('auditor')
    await open('/settings/sessions')
    const row = page.getByRole('row', { name: /auditor/ })
    await row.getByRole('button').click()
    await dialog.getByRole('button', { name: 'End' }).click()
    await page.getByText('The session of jane is ended.').waitFor()
    // The list is asked for anew once the act is done.
    await row.waitFor({ state: 'detached' })
    await other.page.getByRole('link', { name: 'Help' }).click()
    await other.page.getByText('Your session has ended.').waitFor()
    t.same(administrator.wrongs(), [])
  },
)
