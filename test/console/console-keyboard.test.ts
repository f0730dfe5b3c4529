// The console from the keyboard alone, in a real Chromium: what an operator asks within three
// steps, the command palette, the keys, saved views, and a certificate from request to its place.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import t from 'tap'
import { issueFiles } from '../../packages/pki/src/issuing/issue-files.ts'
import { findBarriers } from '../support/barriers.ts'
import { needsChromium, openBrowser } from '../support/chromium.ts'
import { openBusyConsole } from './busy-console.ts'

t.test('operators at their keyboard', needsChromium, async t => {
  const console = await openBusyConsole(t, { documents: 48 })
  const { listener, certs } = console
  const browser = await openBrowser(t)
  const { page, open, settle, wrongs } = await console.logIn(browser, 'security-officer', {
    locale: 'en',
    reducedMotion: 'reduce',
  })
  const key = listener.keyOf('viewer')
  const latest = await listener.ask('GET', '/api/v1/documents?limit=1&outcome=accepted', key)
  const { document: id } = latest.json.data[0] as { document: string }
  const heading = (text: RegExp | string) => page.locator('h1', { hasText: text }).waitFor()

  /** With the Tab key to what has this name, and Enter: one step. */
  const go = async (name: RegExp) => {
    for (let presses = 0; presses < 400; presses++) {
      await page.keyboard.press('Tab')
      if (name.test(await page.evaluate(focusedName))) {
        await page.keyboard.press('Enter')
        return settle()
      }
    }
    throw new Error(`Tab never comes to ${name}`)
  }
  const search = async (text: string) => {
    await page.keyboard.press('/')
    await page.keyboard.type(text)
    await page.keyboard.press('Enter')
    await settle()
  }

  /** Each begins on the front page; its steps are at most three. */
  const questions = {
    'did document X arrive?': [() => search(id), () => go(RegExp(`^${id}$`)), () => heading(`Accepted: ${id}`)],
    'why was it refused?': [
      () => go(/refused since midnight/),
      () => go(/^not read$|-\d{6}$/),
      () => page.locator('.station.failed').waitFor(),
    ],
    'which certificates must be renewed?': [
      () => go(/certificates due/),
      () => page.getByRole('row', { name: /authority gov-g2.*expired/ }).waitFor(),
    ],
    'what did partner Y send today?': [
      () => search('TAX OFFICE_SEG01'),
      () => go(/^The partner TAX OFFICE_SEG01/),
      () => page.getByText('In 24 hours').waitFor(),
    ],
    'who changed this?': [
      () => go(/^Partners$/),
      () => go(/^CITY OF AURICH_SEG01$/),
      () => go(/^Changed by joe/),
      () => page.getByRole('row', { name: /^state .*suspended/ }).waitFor(),
    ],
    'prove that it was accepted on that day': [
      () => search(id),
      () => go(RegExp(`^${id}$`)),
      () => go(/^Verify it here, with ca\.crt$/),
      () => page.getByText(/^receipt-\d+\.xml/).waitFor(),
    ],
    'is anything stuck?': [() => go(/^See why: One dead letter/), () => heading('Hand-off')],
    'is the gateway healthy?': [() => go(/^Health$/), () => page.getByText('Documents are taken').waitFor()],
    'onboard a partner': [() => go(/^Partners$/), () => go(/^Add a partner$/), () => heading('Add a partner')],
    'rotate my TLS certificate': [
      () => go(/^Certificates$/),
      () => go(/^receiver$/),
      () => go(/^Renew: receiver$/),
      () => page.getByRole('button', { name: /^Make the request/ }).waitFor(),
    ],
  } as const satisfies Readonly<Record<string, readonly (() => Promise<unknown>)[]>>
  for (const [question, steps] of Object.entries(questions))
    await t.test(`${question} ${steps.length - 1} steps by keyboard`, async t => {
      t.ok(steps.length - 1 <= 3)
      await open('/')
      for (const step of steps) await step()
    })

  await t.test('the command palette finds pages, acts and documents, and says which is chosen', async t => {
    await open('/')
    const field = page.locator('[role=combobox]')
    const begin = async () => {
      await page.keyboard.press('Control+k')
      await page.locator('[role=combobox]:focus').waitFor()
    }
    await begin()
    t.same(await findBarriers(page), [])
    const chosen = page.locator('[role=option][aria-selected=true]')
    await page.keyboard.type('aud')
    await chosen.filter({ hasText: /^Audit/ }).waitFor()
    await eventually(t, () => field.getAttribute('aria-activedescendant'), (await chosen.getAttribute('id')) ?? '')
    await page.keyboard.press('ArrowUp')
    await chosen.filter({ hasText: 'Search for aud' }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await heading('Audit')
    await begin()
    await page.keyboard.type(id)
    await chosen.filter({ hasText: `${id} · ` }).waitFor()
    await page.keyboard.press('Enter')
    await heading(`Accepted: ${id}`)
    await begin()
    await page.keyboard.type('Dark')
    await chosen.filter({ hasText: 'Colours: Dark' }).waitFor()
    await page.keyboard.press('Enter')
    await eventually(t, () => page.evaluate(() => document.documentElement.dataset.theme ?? ''), 'dark')
    await begin()
    await page.keyboard.press('Control+k')
    await field.waitFor({ state: 'detached' })
    await begin()
    await page.keyboard.type('Dark')
    await chosen.filter({ hasText: 'Colours: Dark' }).waitFor()
    // Between what closes it and its event `close`, which is a task of its own.
    await page.evaluate(async () => {
      document.querySelector<HTMLFormElement>('.palette form')?.requestSubmit()
      for (let turns = 0; turns < 8; turns++) await Promise.resolve()
      dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))
    })
    await page.locator('[role=combobox]:focus').waitFor()
    await page.keyboard.press('Escape')
    await field.waitFor({ state: 'detached' })
  })

  await t.test('a question mark shows the keys, unless somebody types or has switched them off', async t => {
    const keys = page.getByRole('dialog', { name: 'Keys' })
    await open('/documents')
    await page.getByLabel('Document id').focus()
    await page.keyboard.press('?')
    await eventually(t, () => page.getByLabel('Document id').inputValue(), '?', 'it is typed')
    await page.locator('h1').click()
    await page.keyboard.press('?')
    await keys.waitFor()
    await page.keyboard.press('Escape')
    await keys.waitFor({ state: 'detached' })
    await page.locator('.menu summary').click()
    await page.getByLabel('Single-key shortcuts').uncheck()
    await page.locator('h1').click()
    await page.keyboard.press('/')
    await page.keyboard.press('?')
    await page.keyboard.press('Control+k')
    await page.locator('[role=combobox]').waitFor()
    t.equal(await keys.count(), 0, 'the palette opens, for it has a modifier')
    await page.keyboard.press('Escape')
    await page.getByLabel('Single-key shortcuts').check()
  })

  await t.test('filters are kept under a name, by list, also after a reload, until they are removed', async t => {
    await open('/audit')
    await page.getByLabel('Act, or how it begins').fill('partner.')
    await page.keyboard.press('Enter')
    await page
      .getByRole('row', { name: /authentication\.login/ })
      .first()
      .waitFor({ state: 'detached' })
    await page
      .getByRole('row', { name: /partner\.suspended/ })
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Save this view' }).click()
    await page.locator('.views input:focus').waitFor()
    await page.keyboard.type('Partners')
    await page.keyboard.press('Enter')
    const view = page.locator('.views').getByRole('link', { name: 'Partners' })
    await view.and(page.locator('[aria-current]')).waitFor()
    await open('/documents')
    await page.locator('.filters').waitFor()
    t.equal(await view.count(), 0, 'it is one of the other list')
    await open('/audit')
    await view.click()
    await page.waitForURL(/\/audit\?action=partner\.$/)
    await page.getByRole('button', { name: 'Remove the view Partners' }).click()
    await view.waitFor({ state: 'detached' })
    await page.evaluate(() => localStorage.setItem('seg-views', '{"/audit":[{"name":1},null],"x":7}'))
    await page.reload()
    await heading('Audit')
  })

  await t.test('a certificate is requested, checked, approved and in its place; another is revoked', async t => {
    const say = async (why: string, verb: string) => {
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Reason', { exact: true }).fill(why)
      await dialog.getByRole('button', { name: verb, exact: true }).click()
    }
    await open('/certificates/renew/receiver')
    await page.getByRole('button', { name: 'Make the request: receiver' }).click()
    await say('due in March', 'Make the request')
    await page.getByText('The request for receiver waits for its certificate.').waitFor()
    await page.reload()
    const pem = await page.locator('pre.record').textContent()
    const csr = join(certs, 'asked.csr')
    await writeFile(csr, pem ?? '')
    const options = { certs, ca: 'ca', profile: 'receiver', hosts: [], days: 90, now: new Date() } as const
    await issueFiles({ ...options, csr, out: join(certs, 'new', 'receiver') })
    const file = page.locator('input[type=file]')
    await file.setInputFiles(join(certs, 'sender.crt'))
    await page
      .locator('.judged li', { has: page.getByText('Key', { exact: true }) })
      .getByText('not passed')
      .waitFor()
    const install = page.getByRole('button', { name: 'Use it from now on: receiver' })
    await install.and(page.locator('[aria-disabled=true]')).waitFor()
    await file.setInputFiles(join(certs, 'new', 'receiver.crt'))
    await install.and(page.locator('[aria-disabled=false]')).waitFor()
    t.same(await findBarriers(page), [])
    await install.click()
    await say('due in March', 'Use it from now on')
    await page.getByRole('link', { name: 'Show what waits' }).click()
    await heading('Use the new certificate for receiver')
    const session = { id: 'joe', role: 'security-officer', method: 'link', credential: 'l' } as const
    const cookie = `__Host-seg=${listener.access.addSession(session, '127.0.0.1', new Date()).text}`
    const approval = new URL(page.url()).pathname.split('/').at(-1)
    const joe = { cookie, 'sec-fetch-site': 'same-origin' }
    const { status } = await listener.ask('POST', `/api/v1/approvals/${approval}/approve`, joe, '{}')
    t.equal(status, 200)
    const text = async (name: string) => (await readFile(join(certs, name), 'utf8')).trim()
    t.equal(await text('receiver.crt'), await text('new/receiver.crt'))

    await open('/certificates/revoke')
    await file.setInputFiles(join(certs, 'sender.crt'))
    const serial = page.getByLabel('Serial number, in hexadecimal')
    await eventually(t, () => serial.inputValue(), /^[0-9A-F]+$/)
    await page.getByLabel('Reason for the list').selectOption('superseded')
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await say('replaced', 'Revoke it')
    await page.getByText('It waits: another person must approve it').waitFor()
  })

  t.same(wrongs(), [], 'no error, no violation of the policy, and no request to others')
})

/** In the page: the accessible name of what has the focus. */
function focusedName(): string {
  const focused = document.activeElement
  return (focused?.getAttribute('aria-label') ?? focused?.textContent ?? '').trim()
}
