// A real Chromium, Debian's; where it is missing the tests that need it are skipped, and say so.
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
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

/** A page, and all that it asked for or complained about. */
export async function openPage(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0],
): Promise<{
  readonly context: BrowserContext
  readonly page: Page
  readonly requests: string[]
  readonly complaints: string[]
}> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', request => requests.push(request.url()))
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  return { context, page, requests, complaints }
}
