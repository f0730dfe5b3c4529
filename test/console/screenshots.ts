// Pictures of every page of the console: light and dark, narrow and wide, in each language.
// `--docs` makes those of the documentation instead.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import t from 'tap'
import { openBrowser } from '../support/chromium.ts'
import { root } from '../support/commands.ts'
import { openBusyConsole } from './busy-console.ts'

const { values, positionals } = parseArgs({
  options: { docs: { type: 'boolean', default: false }, only: { type: 'string' } },
  allowPositionals: true,
})
const folder = resolve(positionals[0] ?? (values.docs ? join(root, 'docs/images') : join(root, '.tap/screenshots')))
await mkdir(folder, { recursive: true })
// As long as it takes: each page in two widths, themes and languages.
t.setTimeout(3_600_000)
const browser = await openBrowser(t)
const console = await openBusyConsole(t, { documents: 340, isCalm: values.docs })
const { pages } = console
let count = 0

if (values.docs) await takeForDocs()
else for (const locale of ['en', 'de']) await takeAll(locale)
t.pass(`${count} pictures in ${folder}`)

async function takeAll(locale: string): Promise<void> {
  const window = await console.logIn(browser, 'administrator', { locale, reducedMotion: 'reduce' })
  const wanted = Object.entries(pages).filter(([name]) => values.only?.split(',').includes(name) ?? true)
  for (const [number, [name, address]] of wanted.entries()) {
    process.stderr.write(`${locale}, page ${number + 1} of ${wanted.length}: ${address}\n`)
    await window.open(address)
    for (const width of [1440, 320])
      for (const colorScheme of ['light', 'dark'] as const) {
        await window.page.emulateMedia({ colorScheme })
        await window.page.setViewportSize({ width, height: 900 })
        await window.settle()
        await window.page.evaluate(() => document.fonts.ready.then(() => undefined))
        const path = join(folder, `${name}-${locale}-${width}-${colorScheme}.png`)
        await window.page.screenshot({ path, fullPage: true })
        count++
      }
  }
}

/** Small enough for a repository, sharp enough for a screen of twice the points. */
async function takeForDocs(): Promise<void> {
  const size = { viewport: { width: 1280, height: 960 }, deviceScaleFactor: 1.5 }
  const window = await console.logIn(browser, 'administrator', { locale: 'en', reducedMotion: 'reduce', ...size })
  for (const [name, address, colorScheme] of [
    ['now', '/', 'light'],
    ['now-dark', '/', 'dark'],
    ['refusal', pages.refusal!, 'light'],
    ['document', pages.document!, 'light'],
    ['certificates', pages.certificates!, 'light'],
  ] as const) {
    await window.page.emulateMedia({ colorScheme })
    await window.open(address)
    await window.settle()
    await writeFile(join(folder, `${name}.webp`), await takeWebp(window.page))
    count++
  }
}

async function takeWebp(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 })
  await session.detach()
  return Buffer.from(data, 'base64')
}
