// What operators do on the pages of the console, in a real Chromium: done once, with a reason and a
// record; never more than was seen; and what was typed stays where it is refused.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import t from 'tap'
import { openOutbox } from '../../packages/ledger/src/index.ts'
import { type Alert, openAlertStore } from '../../packages/operators/src/alerts/alert-store.ts'
import { openDesk } from '../../packages/operators/src/index.ts'
import { openPartnerFile } from '../../packages/receiver/src/console/partner-file.ts'
import {
  makeCerts,
  makeFolder,
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
