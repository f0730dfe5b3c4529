// A real Chromium, Debian's; where it is missing the tests that need it are skipped, and say so.
import { existsSync } from 'node:fs'
import { until } from '@seg/core/testing/until'
import { type Browser, type BrowserContext, chromium, type Page, type Request } from 'playwright-core'
import type { Test } from 'tap'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync)

export const needsChromium = {
  skip: executablePath === undefined && 'chromium is not installed (Debian: apt-get install chromium)',
}

export async function openBrowser(t: Test): Promise<Browser> {
  // Its own sandbox needs privileges that a container may not give; what it opens is ours.
  const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  return browser
}

/** Milliseconds that a test waits for a page at most. */
const PATIENCE = 90_000

/** A page, and all that it asked for or complained about. */
export async function openPage(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0],
): Promise<{
  readonly context: BrowserContext
  readonly page: Page
  readonly requests: string[]
  readonly complaints: string[]
  /** Waits until all that it asked for has been answered, and is drawn. */
  settle(): Promise<void>
}> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(PATIENCE)
  const page = await context.newPage()
  const requests: string[] = []
  const complaints: string[] = []
  const pending = new Set<Request>()
  page.on('request', request => {
    requests.push(request.url())
    // A stream of events has no end.
    if (request.resourceType() !== 'eventsource') pending.add(request)
  })
  page.on('requestfinished', request => pending.delete(request))
  page.on('requestfailed', request => pending.delete(request))
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  const settle = async () => {
    do {
      await until(() => pending.size === 0)
      await page.evaluate(drawn)
    } while (pending.size > 0)
  }
  return { context, page, requests, complaints, settle }
}

/** In the page: what it draws next is drawn, and what it asks for then is asked. */
function drawn(): Promise<void> {
  return new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 0))))
}
