// The console as an operator has it: a receiver's data, the listener with the built pages, and a
// browser that is logged in. Whatever a page complains of, or asks of others, is remembered.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { openConsole } from '@seg/console'
import { until } from '@seg/core/testing/until'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Role } from '../../packages/operators/src/access/roles.ts'
import { openListener, type TestListener } from '../../packages/operators/src/testing/listener.ts'
import { makeCerts, openGateway, type TestGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { openPage } from './chromium.ts'
import { root } from './commands.ts'

export type TestConsole = {
  readonly gateway: TestGateway
  readonly certs: string
  readonly listener: TestListener
  /** A window of somebody with this role, on the front page. */
  logIn(browser: Browser, role: Role, options?: WindowOptions): Promise<ConsoleWindow>
}

type WindowOptions = Parameters<Browser['newContext']>[0]

export type ConsoleWindow = {
  readonly context: BrowserContext
  readonly page: Page
  /** Goes to a path and waits until what the page asks for is shown. */
  open(path: string): Promise<void>
  /** Waits until all that the page has asked for is shown. */
  settle(): Promise<void>
  /** What should not be: errors, violations of the policy, requests to others. */
  wrongs(): string[]
}

type GatewayOptions = Parameters<typeof openGateway>[2] & { readonly certs?: string }

export async function openTestConsole(
  t: Test,
  listening: Partial<Parameters<typeof openListener>[2]> = {},
  { certs = '', ...options }: GatewayOptions = {},
) {
  const built = spawnSync(process.execPath, [join(root, 'packages/console/src/bundle/build-console.ts')])
  if (built.status !== 0) throw new Error(`the console is not built: ${built.stderr}`)
  const folder = certs === '' ? await makeCerts(t) : certs
  const gateway = await openGateway(t, folder, options)
  const pages = openConsole(trouble => t.fail(trouble))
  pages.begin()
  t.teardown(() => pages.close())
  const listener = await openListener(t, folder, { data: gateway.data, pages, ...listening })
  // Before there is a desk, lists answer 503.
  const viewer = listener.keyOf('viewer')
  await until(async () => (await listener.ask('GET', '/api/v1/documents', viewer)).status === 200)
  const logIn = async (browser: Browser, role: Role, options: WindowOptions = {}): Promise<ConsoleWindow> => {
    // The CA of the test is nobody's; the policy of the page stays in force.
    const opened = await openPage(browser, { ignoreHTTPSErrors: true, ...options })
    const { context, page, requests, complaints, settle } = opened
    t.teardown(() => context.close())
    const goTo = async (url: string) => {
      await page.goto(url)
      await page.locator('h1').first().waitFor()
      await settle()
    }
    const open = (path: string) => goTo(`${listener.url}${path}`)
    await goTo(listener.linkOf(role))
    const wrongs = () => [...complaints, ...requests.filter(url => !url.startsWith(`${listener.url}/`))]
    return { context, page, open, settle, wrongs }
  }
  return { gateway, certs: folder, listener, logIn } satisfies TestConsole
}
