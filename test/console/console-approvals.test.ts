// Four eyes on the pages of the console, in a real Chromium: what one asks for, another sees,
// before and after, and approves or refuses; and a window that is merely open keeps no session.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import t from 'tap'
import { IDLE_TIME } from '../../packages/operators/src/access/access-rows.ts'
import type { Role } from '../../packages/operators/src/access/roles.ts'
import { openPartnerFile } from '../../packages/receiver/src/console/partner-file.ts'
import { makeCerts, makeFolder } from '../../packages/receiver/src/testing/gateway.ts'
import { findBarriers } from '../support/barriers.ts'
import { needsChromium, openBrowser } from '../support/chromium.ts'
import { openTestConsole } from '../support/console.ts'

const folder = await makeFolder(t)
const config = join(folder, 'seg.yaml')
await writeFile(config, 'partners:\n  - { id: M1, name: Ministry 1 }\n')
const partners = openPartnerFile({ certs: await makeCerts(t), data: folder, config })
const console = await openTestConsole(t, { partners, fourEyes: true })
const { listener } = console
const browser = needsChromium.skip === false ? await openBrowser(t) : undefined
/** Of another person than those who log in by a link. */
const joe = () => {
  const session = { id: 'joe', role: 'security-officer' as Role, method: 'link' as const, credential: 'l' }
  const { text } = listener.access.addSession(session, '127.0.0.1', new Date())
  return { cookie: `__Host-seg=${text}`, 'sec-fetch-site': 'same-origin' }
}
const logIn = (role: Role, locale = 'en') => console.logIn(browser!, role, { locale, reducedMotion: 'reduce' })

t.test('who asks is led to what waits, and reads why they cannot approve it', needsChromium, async t => {
  const { page, open, wrongs } = await logIn('security-officer')
  await open('/partners/M1')
  await page.getByRole('button', { name: 'Suspend: M1' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('key stolen')
  await dialog.getByRole('button', { name: 'Suspend', exact: true }).click()
  await page.getByRole('link', { name: 'Show what waits' }).click()
  await page.getByRole('heading', { name: 'Suspend partner M1' }).waitFor()
  const approve = page.getByRole('button', { name: /^Approve/ })
  await eventually(t, () => approve.getAttribute('aria-disabled'), 'true')
  await eventually(t, () => page.locator('main').textContent(), /key stolen.*state.*active.*suspended/s)
  await eventually(t, () => page.locator('.acts .why').textContent(), /you asked for it/)
  t.same(await findBarriers(page), [])
  await page.getByRole('button', { name: /^Refuse/ }).click()
  await dialog.getByLabel('Reason').fill('found again')
  await dialog.getByRole('button', { name: 'Refuse', exact: true }).click()
  await page.getByText('Refused: Suspend partner M1.').waitFor()
  t.same(wrongs(), [])
})

t.test(
  'what needs this person is on the front page, in German as well, and is approved there',
  needsChromium,
  async t => {
    const body = JSON.stringify({ why: 'left' })
    const { status, json } = await listener.ask('POST', '/api/v1/partners/M1/suspend', joe(), body)
    t.equal(status, 202)
    const { page, open, wrongs } = await logIn('security-officer', 'de')
    await open('/')
    await page.getByRole('link', { name: 'Partner M1 sperren: joe bittet um Ihre Genehmigung' }).click()
    await page.getByRole('heading', { name: 'Partner M1 sperren' }).waitFor()
    await page.waitForURL(`**/approvals/${json.id}`)
    await page.getByRole('button', { name: /^Genehmigen/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Genehmigen', exact: true }).click()
    await page.getByText('Genehmigt und ausgeführt: Partner M1 sperren.').waitFor()
    t.match(await partners.text(), { partners: [{ id: 'M1', state: 'suspended' }] })
    await open('/approvals')
    await page.getByRole('heading', { name: 'Entschieden' }).waitFor()
    t.same(await findBarriers(page), [])
    t.same(wrongs(), [])
  },
)

t.test('only what follows a click or a key keeps a session, and an ended one asks no more', needsChromium, async t => {
  const { page, wrongs } = await logIn('viewer')
  const asked = (path: string) => page.waitForRequest(request => new URL(request.url()).pathname === `/api/v1/${path}`)
  const [alone] = await Promise.all([asked('alerts'), page.goto(`${listener.url}/alerts`)])
  t.equal(alone.headers()['seg-unattended'], '1', 'what a page asks for by itself')
  const [clicked] = await Promise.all([asked('faults'), page.locator('.rail a[href="/help"]').click()])
  t.equal(clicked.headers()['seg-unattended'], undefined, 'what somebody clicked for')
  listener.setTime(new Date(Date.now() + IDLE_TIME + 60_000))
  await page.locator('.rail a[href="/alerts"]').click()
  await page.getByText('Your session has ended.').waitFor()
  listener.setTime(new Date())
  await page.locator('.rail a[href="/help"]').click()
  await page.getByText('Your session has ended.').waitFor({ state: 'detached' })
  t.same(
    wrongs().filter(wrong => !/status of 401/.test(wrong)),
    [],
  )
})
