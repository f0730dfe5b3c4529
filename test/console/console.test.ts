// The console as an operator works with it, in a real Chromium, over TLS, on a receiver's own data.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import t from 'tap'
import { post } from '../../packages/receiver/src/testing/client.ts'
import { makeDocument, senderId } from '../../packages/receiver/src/testing/gateway.ts'
import { needsChromium, openBrowser } from '../support/chromium.ts'
import { openTestConsole } from '../support/console.ts'

const DAY = 24 * 60 * 60 * 1000

t.test('operators and their console', needsChromium, async t => {
  const { gateway, certs, listener, logIn } = await openTestConsole(t)
  const browser = await openBrowser(t)
  const send = async (id: string) => {
    const document = await makeDocument(gateway, { id })
    t.equal((await post(gateway, document)).status, 201)
    return document
  }
  const first = await send('first')
  const forged = Buffer.from((await makeDocument(gateway, { id: 'forged' })).toString().replace('Lunch', 'Dinner'))
  t.equal((await post(gateway, forged)).status, 422)
  // Midday where the browser is: no midnight comes between.
  const ahead = 12 - new Date().getUTCHours()
  const timezoneId = `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
  const { page, open, wrongs } = await logIn(browser, 'auditor', { timezoneId })

  await t.test('a link leads to a page of the console, and to no other host', async t => {
    const { status, fields } = await listener.ask('GET', `${pathOf(listener.linkOf('viewer'))}?to=/documents/refused`)
    t.match({ status, to: fields.location }, { status: 303, to: '/documents/refused' })
    for (const to of ['//elsewhere.example', 'https://elsewhere.example', '/\\elsewhere.example'])
      t.equal(
        (await listener.ask('GET', `${pathOf(listener.linkOf('viewer'))}?to=${encodeURIComponent(to)}`)).status,
        400,
        to,
      )
  })

  await t.test('a document that arrives while one watches appears, is counted, and is in the river', async t => {
    await page.getByRole('link', { name: 'first' }).waitFor()
    const accepted = page.locator('.number-cell').first()
    await eventually(t, () => accepted.textContent(), /^1accepted since midnight/)
    await send('second')
    await page.getByRole('link', { name: 'second', exact: true }).waitFor()
    await eventually(t, () => accepted.textContent(), /^2accepted since midnight/)
    const river = page.locator('.river-drawing')
    await river.locator('g.tick.accepted').nth(1).waitFor({ state: 'attached' })
    await river.focus()
    await page.keyboard.press('ArrowRight')
    await page.locator('#river-readout', { hasText: /second · accepted/ }).waitFor()
    await eventually(t, () => river.locator('.tick.refused').count(), 1, 'what was refused stands out')
    const heading = page.locator('h1')
    await eventually(t, () => heading.textContent(), /2 documents since midnight, every one receipted/)
    await page.keyboard.press('Enter')
    await page.locator('h1', { hasText: 'Accepted: second' }).waitFor()
  })

  await t.test('from the front page it takes two clicks to see why something was refused', async t => {
    await open('/')
    await page.getByRole('link', { name: /refused since midnight/ }).click()
    await page.getByRole('link', { name: 'not read' }).click()
    const failed = page.locator('.station.failed')
    await eventually(t, () => failed.locator('h3').textContent(), /^Signature ?failed$/)
    for (const part of [/Expectedsha256 /, /Foundsha256 .* over \d+ canonical bytes/, /changed after it was signed/])
      await eventually(t, () => failed.textContent(), part)
    const passed = page.locator('.station.passed h3')
    await eventually(t, () => passed.allTextContents(), ['Connectionpassed', 'Formpassed'])
    await eventually(t, () => page.locator('.station.unreached').count(), 5)
    await eventually(t, () => page.title(), /^Refused: signature-digest/)
    const note = page.locator('blockquote')
    await eventually(t, () => note.textContent(), /was refused: signature-digest\. .* Our reference: urn:uuid:/)
    t.notMatch(await note.textContent(), /sha256 /, 'the partner reads nothing of what this gateway computed')
  })

  await t.test('a document has its path, and its proof is recomputed node by node', async t => {
    await open('/documents')
    await page.getByRole('link', { name: 'first' }).click()
    await page.locator('h1', { hasText: 'Accepted: first' }).waitFor()
    await eventually(t, () => page.locator('.station.passed').count(), 8)
    await page.getByRole('button', { name: 'Recompute in this browser' }).click()
    await page.locator('.verdict', { hasText: 'Root equals that of the signed checkpoint' }).waitFor()
    await eventually(t, () => page.locator('.node.waiting').count(), 0)
    const root = Buffer.alloc(32, 7).toString('base64')
    await page.route('**/api/v1/log/*/proof', async route => {
      const proof = await (await route.fetch()).json()
      await route.fulfill({ json: { ...proof, checkpoint: proof.checkpoint.replace(/(\n.*\n).*/, `$1${root}`) } })
    })
    await page.getByRole('link', { name: /^\d+$/ }).click()
    // The page before has such a button, too.
    await page.locator('h1', { hasText: /^Entry/ }).waitFor()
    await page.getByRole('button', { name: 'Recompute in this browser' }).click()
    await page.locator('.verdict', { hasText: 'is not that of the checkpoint' }).waitFor()
    await eventually(t, () => page.locator('.node.wrong').count(), 1, 'another root is shown, and both values')
    await page.unroute('**/api/v1/log/*/proof')
  })

  await t.test('search recognizes what an operator has in hand, a file too, and says what was never seen', async t => {
    const digest = createHash('sha256').update(first).digest('hex')
    for (const [question, as] of [
      ['first', 'As a document id'],
      [digest, 'As the digest of a document'],
      [senderId, 'As a partner'],
    ] as const) {
      await page.keyboard.press('/')
      const focused = () => page.evaluate(() => document.activeElement?.id)
      await eventually(t, focused, 'search', 'a slash goes to the search')
      await page.keyboard.type(question)
      await page.keyboard.press('Enter')
      await page.locator('h2', { hasText: as }).waitFor()
      await page.getByRole('link', { name: 'first' }).first().waitFor()
      await page.locator('h1').click()
    }
    await open('/search?q=nobody-knows')
    await page.locator('h1', { hasText: 'Never seen: nobody-knows' }).waitFor()
    await page.setInputFiles('input[type=file]', [{ name: 'a.xml', mimeType: 'text/xml', buffer: first }])
    await page.locator('h2', { hasText: 'As the digest of a document' }).waitFor()
    await eventually(t, async () => new URL(page.url()).searchParams.get('q'), digest)
  })

  await t.test('filters stand in the address: they survive a reload and Back', async t => {
    await open('/documents')
    await page.getByLabel('Document id').fill('second')
    await page.keyboard.press('Enter')
    await page.waitForURL(/document=second/)
    const names = () => page.locator('tbody a').allTextContents()
    await eventually(t, names, ['second'])
    await page.reload()
    await eventually(t, names, ['second'])
    await eventually(t, () => page.getByLabel('Document id').inputValue(), 'second')
    await page.goBack()
    await eventually(t, names, ['second', 'first'])
  })

  await t.test('a receipt is verified with the network off, and what was changed in it is named', async t => {
    const { index } = (await gateway.gate.ledger.find(senderId, 'first'))!
    await open(`/evidence?document=${index}`)
    await page.getByText(`receipt-${index}.xml`).waitFor()
    await page.context().setOffline(true)
    const [evidence, trust] = [page.locator('input[type=file]').first(), page.locator('input[type=file]').last()]
    const files = ['ca.crt', 'ca.crl', 'log.pub']
    await trust.setInputFiles(
      await Promise.all(files.map(async name => asUpload(name, await readFile(join(certs, name))))),
    )
    await evidence.setInputFiles([asUpload('first.xml', first)])
    await page.locator('h2', { hasText: 'Verified: the receiver accepted exactly this document' }).waitFor()
    const checks = await page.locator('.checks li').count()
    await eventually(t, () => page.locator('.checks [data-state=passed]').count(), checks)
    await page.context().setOffline(false)
    const paper = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
    t.equal(paper.match(/\/Type \/Page\b/g)?.length, 1, 'it is one page for a file')
    t.match(paper, /\/MediaBox \[0 0 59[45]\S* 84[12]\S*\]/, 'of A4')
    await page.emulateMedia({ media: 'print' })
    // As wide as A4 without its margins, in pixels of CSS.
    await page.setViewportSize({ width: 657, height: 1000 })
    await eventually(
      t,
      () => page.evaluate(printedParts),
      { checks, others: 0 },
      'all checks, and nothing that leads on',
    )
    await eventually(t, () => page.evaluate(brokenLines), [], 'what is compared stands in one line')
    await page.emulateMedia({ media: 'screen' })
    await page.setViewportSize({ width: 1280, height: 720 })
    await page.context().setOffline(true)
    await page.getByRole('button', { name: 'Remove all files' }).click()
    const receipt = (await gateway.gate.ledger.receipt(senderId, 'first'))!.toString()
    await evidence.setInputFiles([
      asUpload('receipt.xml', Buffer.from(receipt.replace('<DocumentID>first', '<DocumentID>forst'))),
    ])
    await page.getByText('Contradicted in the receipt: DocumentID').waitFor()
    await page.context().setOffline(false)
  })

  await t.test('what a peer wrote is text, wherever it stands', async t => {
    await page.unrouteAll()
    await page.route('**/api/v1/refusals?*', async route => {
      const { data, ...rest } = await (await route.fetch()).json()
      const markup = '<img src=x onerror=alert(1)>'
      await route.fulfill({
        json: { ...rest, data: data.map((row: object) => ({ ...row, document: markup, partner: markup })) },
      })
    })
    await open('/documents/refused')
    await page.getByText('<img src=x onerror=alert(1)>').first().waitFor()
    t.equal(await page.locator('main img').count(), 0)
    await page.unroute('**/api/v1/refusals?*')
  })

  await t.test('forced colours and reduced motion keep what a page says', async t => {
    await open(`/documents/in/${(await gateway.gate.ledger.find(senderId, 'first'))!.index}`)
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
    await eventually(t, () => page.evaluate(unseenStates), [])
    await page.getByRole('button', { name: 'Recompute in this browser' }).click()
    await page.locator('.verdict', { hasText: 'Root equals that of the signed checkpoint' }).waitFor()
    await eventually(t, () => page.evaluate(() => document.getAnimations().length), 0, 'nothing moves')
    await open('/')
    await page.getByRole('link', { name: 'second', exact: true }).waitFor()
    await eventually(t, () => page.evaluate(unseenStates), [])
    await page.emulateMedia({ forcedColors: 'none', reducedMotion: 'no-preference' })
  })

  await t.test('German is complete, and chosen in the menu', async t => {
    await open('/')
    await page.locator('.menu summary').click()
    await page.getByLabel('Language').selectOption('de')
    await page.locator('h1', { hasText: 'Dokumente seit Mitternacht' }).waitFor()
    await eventually(t, () => page.evaluate(() => document.documentElement.lang), 'de')
    await page.getByLabel('Sprache').selectOption('en')
    await eventually(t, () => page.evaluate(() => document.documentElement.lang), 'en')
  })

  for (const days of [1, -1])
    await t.test(`a clock of the browser that is wrong by ${days} day changes nothing of what is shown`, async t => {
      const wrong = await logIn(browser, 'auditor', { timezoneId })
      await wrong.context.addInitScript(shiftClock, days * DAY)
      await Promise.all([open('/'), wrong.open('/')])
      const isSame = async (selector: string) => {
        const [expected, found] = await Promise.all([page, wrong.page].map(one => one.locator(selector).textContent()))
        return found !== '' && found === expected
      }
      const ticks = wrong.page.locator('.river-drawing g.tick.accepted')
      const count = await page.locator('.river-drawing g.tick.accepted').count()
      await eventually(t, () => ticks.count(), count, 'the river has each document of the last hour')
      await send(`shifted-${days}`)
      await eventually(t, () => ticks.count(), count + 1, 'and the one that arrives')
      await eventually(t, () => isSame('.number-cell:first-child .value'), true, 'midnight is that of the gateway')
      await eventually(t, () => isSame('.sentence .under'), true, 'so is how long ago something was')
      t.same(wrong.wrongs(), [])
      await wrong.context.close()
    })

  // The network was off for a while.
  const others = wrongs().filter(wrong => !/ERR_INTERNET_DISCONNECTED/.test(wrong))
  t.same(others, [], 'no error, no violation of the policy, and no request to others')

  await t.test('whose session ends keeps what is shown, and reads how to go on', async t => {
    const { page, open } = await logIn(browser, 'viewer')
    const end = () => {
      for (const { id, role } of listener.access.sessions(new Date()))
        if (role === 'viewer') listener.access.revokeSession(id, new Date())
    }
    await open('/documents')
    await page.getByRole('link', { name: 'second' }).waitFor()
    end()
    await page.getByRole('link', { name: 'Log', exact: true }).click()
    await page.getByText('Your session has ended.').waitFor()
    await page.reload()
    await page.locator('h1', { hasText: 'Log in to the console' }).waitFor()
    await eventually(t, () => page.locator('code').textContent(), /receiver console login/)
  })

  t.same(listener.complaints, [])
})

/** In the page, before its scripts: its clock is wrong by so many milliseconds. */
function shiftClock(milliseconds: number): void {
  const Right = Date
  globalThis.Date = class extends Right {
    constructor(...given: readonly []) {
      super(...(given.length === 0 ? ([Right.now() + milliseconds] as unknown as []) : given))
    }
    static override now(): number {
      return Right.now() + milliseconds
    }
  } as DateConstructor
}

function pathOf(link: string): string {
  return new URL(link).pathname
}

function asUpload(name: string, buffer: Buffer) {
  return { name, mimeType: 'application/octet-stream', buffer }
}

/** In the page: how much of it is shown. */
function printedParts(): { readonly checks: number; readonly others: number } {
  const shown = (selector: string) =>
    [...document.querySelectorAll(selector)].filter(element => element.getClientRects().length > 0).length
  return { checks: shown('.checks li'), others: shown('.header, .rail, .zones, .buttons, .acts, .not-printed') }
}

/** In the page: texts that have more than one line, and must not. */
function brokenLines(): string[] {
  const lineOf = (element: Element) => Number.parseFloat(getComputedStyle(element).lineHeight)
  return [...document.querySelectorAll('.anchor, .facts .mono')]
    .filter(element => element.getBoundingClientRect().height > 1.5 * lineOf(element))
    .map(element => element.textContent ?? '')
}

/**
 * In the page: what a background says elsewhere and forced colours hide, drawings that the ground
 * hides, and tags without a border. The browser puts the ground behind each text unless told not
 * to.
 */
function unseenStates(): string[] {
  const ground = getComputedStyle(document.body).backgroundColor
  const of = (selector: string) => [...document.querySelectorAll(selector)]
  const filled = of('.rail a[aria-current], .switch [aria-pressed="true"], .button.first').filter(element => {
    const { color, backgroundColor, forcedColorAdjust } = getComputedStyle(element) as CSSStyleDeclaration & {
      readonly forcedColorAdjust: string
    }
    return forcedColorAdjust !== 'none' || color === backgroundColor || backgroundColor === ground
  })
  const drawn = of('.tick line, .sparkline polyline, .leaf, .node rect').filter(element => {
    const { stroke, fill } = getComputedStyle(element)
    return [stroke, fill].every(colour => colour === 'none' || colour === ground)
  })
  const tags = of('.tag').filter(element => getComputedStyle(element).borderStyle !== 'solid')
  return [...filled, ...drawn, ...tags].map(element => element.outerHTML.slice(0, 100))
}
