// The page for whoever has not logged in: every way that this gateway has, and no other.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openConsole } from '@seg/console'
import t, { type Test } from 'tap'
import { makeConsoleCerts, openListener } from '../../packages/operators/src/testing/listener.ts'

const certs = await makeConsoleCerts(t)
const config = join(certs, 'seg.yaml')
await writeFile(
  config,
  `openid-connect:
  issuer: https://provider.example
  client-id: seg
  client-secret: openid.secret
  claim: groups
  roles: { admins: administrator }
`,
)

async function open(t: Test, options: Parameters<typeof openListener>[2]) {
  const pages = openConsole(trouble => t.fail(trouble))
  t.teardown(() => pages.close())
  const { ask } = await openListener(t, certs, { pages, ...options })
  return async (path: string, host = 'localhost:8444') => (await ask('GET', path, { accept: 'text/html', host })).text
}

t.test('it leads to the provider, and back to the page that was asked for', async t => {
  const page = await open(t, { config })
  t.match(await page('/partners/a.b'), 'href="/login/openid?to=%2Fpartners%2Fa.b"')
  t.match(await page('/'), 'href="/login/openid"')
  t.notMatch(await page('/partners/a%22b'), '?to=%2Fpartners%2Fa%22', 'a quote ends no attribute')
  t.notMatch(await page('//evil.example/x'), 'evil')
})

t.test('it names the port for certificates, by the host that the browser knows', async t => {
  const page = await open(t, { certificateLogin: 'https://127.0.0.1:8445' })
  t.match(await page('/log', 'gw.example:8444'), 'https://gw.example:8445/?to=%2Flog')
  t.match(await page('/log', '"><script>'), 'https://127.0.0.1:8445/?to=%2Flog')
  t.notMatch(await page('/log'), 'openid')
})

t.test('without either it has the command alone', async t => {
  const page = await open(t, {})
  t.match(await page('/'), 'receiver console login')
  t.notMatch(await page('/'), /openid|certificate/)
})
