// Every page of the console in a real Chromium: reached by its address, light and dark, narrow and
// wide, without a barrier, a complaint or a request to others; and what a first visit loads.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { findBarriers } from '../support/barriers.ts'
import { needsChromium, openBrowser } from '../support/chromium.ts'
import { root } from '../support/commands.ts'
import { openBusyConsole } from './busy-console.ts'

const console = await openBusyConsole(t, { documents: 48 })

/** Beside the pages with something to see: lists without a row, and what is not there. */
const others = [
  '/?range=24h',
  '/documents?document=nobody',
  '/documents/in/999999',
  '/connections?code=media-type',
  '/deliveries?partner=nobody',
  '/hand-off?target=nobody',
  '/audit?who=nobody',
  '/approvals/0',
]
/** Of a run of CI, which keeps them: each page as the visit leaves it. */
async function keepPicture(page: Page, name: string): Promise<void> {
  if (process.env.CI === undefined) return
  const path = join(root, '.tap/screenshots', `${name}.jpg`)
  await page.screenshot({ path, fullPage: true, type: 'jpeg', quality: 60 })
}

const browser = needsChromium.skip === false ? await openBrowser(t) : undefined

t.test('whoever has not logged in gets a page that says how, and no file', async t => {
  const { ask, keyOf } = console.listener
  const people = { accept: 'text/html' }
  for (const path of ['/', '/documents?code=x', '/partners/a.b']) {
    const answer = await ask('GET', path, people)
    t.match(answer, { status: 401, text: /receiver console login/ }, path)
    t.match(answer.fields['content-security-policy'], /^default-src 'none'/)
  }
  const { text: page } = await ask('GET', '/', { ...people, ...keyOf('viewer') })
  const [script = ''] = /\/assets\/[^"]+\.js/.exec(page) ?? []
  t.equal((await ask('GET', script, people)).status, 401)
  t.match(await ask('GET', script, keyOf('viewer')), {
    status: 200,
    fields: { 'content-type': /^text\/javascript/, 'cache-control': /immutable/ },
  })
  for (const path of ['/assets/../manifest.json', '/assets/%2e%2e/manifest.json', '/index.html', '/api/v1/nothing'])
    t.equal((await ask('GET', path, keyOf('viewer'))).status, 404, path)
})

t.test('a first visit loads at most 90 kB of script and 20 kB of style', async t => {
  const built = join(root, 'packages/console/built')
  const { files } = JSON.parse(readFileSync(join(built, 'manifest.json'), 'utf8'))
  const paths: string[] = files.map(({ path }: { path: string }) => path)
  const scripts = new Set<string>()
  /** With what it imports at once; pages are imported when somebody opens them. */
  const load = (path: string) => {
    if (scripts.has(path)) return
    scripts.add(path)
    for (const [, other] of readFileSync(join(built, path), 'utf8').matchAll(
      /(?:from|import)\s*["']\.\/([^"']+\.js)["']/g,
    ))
      load(`/assets/${other}`)
  }
  for (const path of paths.filter(path => /\/(?:index|now-page)-[\w-]+\.js$/.test(path))) load(path)
  const size = (loaded: readonly string[]) =>
    loaded.reduce((sum, path) => sum + readFileSync(join(built, `${path}.br`)).length, 0)
  const script = size([...scripts])
  const style = size(paths.filter(path => path.endsWith('.css')))
  t.ok(script > 10_000 && script <= 90_000, `scripts of the front page: ${script} bytes`)
  t.ok(style > 1000 && style <= 20_000, `the style: ${style} bytes`)
})

t.test('each page is reached by its address, and has no barrier in any theme and width', needsChromium, async t => {
  const { page, open, wrongs } = await console.logIn(browser!, 'administrator')
  for (const [name, address] of [...Object.entries(console.pages), ...others.entries()]) {
    await open(address)
    t.same(await findBarriers(page), [], address)
    await keepPicture(page, `${name}`)
  }
  // Of the document that is not there, by its address.
  const expected = /status of 404/
  t.same(
    wrongs().filter(wrong => !expected.test(wrong)),
    [],
  )
})
