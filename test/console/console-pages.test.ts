// Every page of the console in a real Chromium: reached by its address, light and dark, narrow and
// wide, without a barrier, a complaint or a request to others; and what a first visit loads.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { needsChromium, openBrowser } from '../support/chromium.ts'
import { root } from '../support/commands.ts'
import { findBarriers, openTestConsole } from '../support/console.ts'

const addresses = [
  ...['/', '/connections', '/no-such-page'],
  ...['/deliveries', '/hand-off', '/alerts', '/alerts/rules', '/alerts/channels', '/health'],
]

const console = await openTestConsole(t)
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
  const { files } = JSON.parse(readFileSync(join(root, 'packages/console/built/manifest.json'), 'utf8'))
  const size = (ending: string) =>
    files
      .filter(({ path }: { path: string }) => path.endsWith(ending))
      .reduce(
        (sum: number, { path }: { path: string }) =>
          sum + readFileSync(join(root, `packages/console/built${path}.br`)).length,
        0,
      )
  t.ok(size('.js') > 10_000 && size('.js') <= 90_000, `all scripts: ${size('.js')} bytes`)
  t.ok(size('.css') > 1000 && size('.css') <= 20_000, `the style: ${size('.css')} bytes`)
})

t.test('each page is reached by its address and has no barrier, in each theme and width', needsChromium, async t => {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1440, 320]) {
      const window = await console.logIn(browser!, 'administrator', {
        colorScheme,
        viewport: { width, height: 900 },
        reducedMotion: 'reduce',
      })
      for (const address of addresses) {
        await window.open(address)
        t.same(await findBarriers(window.page), [], `${address}, ${colorScheme}, ${width} px`)
      }
      t.same(window.wrongs(), [], `${colorScheme}, ${width} px`)
      await window.context.close()
    }
})
