// The verifier as one file from disk, in a real Chromium without a network.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeVerifierPage } from '@seg/console'
import { eventually } from '@seg/core/testing/until'
import type { Page } from 'playwright-core'
import t from 'tap'
import { makeFolder } from '../../packages/sender/src/testing/gateways.ts'
import { findBarriers } from '../support/barriers.ts'
import { needsChromium, openBrowser, openPage } from '../support/chromium.ts'
import { type Files, makeEvidence } from '../support/given-evidence.ts'

const html = writeVerifierPage()
const browser = needsChromium.skip === false ? await openBrowser(t) : undefined

t.test('the page allows one script and one style, by digest, and nothing from elsewhere', async t => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? ''
  t.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; /)
  t.notMatch(policy, /unsafe|connect-src|https?:/)
  t.notMatch(html, /\b(?:src|href|action|srcset)=|@import|url\(|\son\w+=|style="/, 'nothing inline, nothing loaded')
  t.equal(html, writeVerifierPage(), 'written twice, it is the same')
})

t.test('files dropped with the network off are verified, and what was changed is named', needsChromium, async t => {
  const { evidence, trust, receipt } = await makeEvidence(t)
  const file = join(await makeFolder(t), 'verify.html')
  await writeFile(file, html)
  const { page, requests, complaints } = await openPage(browser!, { offline: true })
  const url = pathToFileURL(file).href
  await page.goto(url)
  await drop(page, '#trust', trust)
  await drop(page, '#evidence', evidence)
  await heading(page, /^● Verified: the receiver accepted exactly this document$/)
  await eventually(t, () => page.locator('ol > li:not([data-state=passed])').count(), 0)
  t.ok((await page.locator('ol > li').count()) > 20, 'every check is listed')
  await eventually(t, () => page.locator('#result').textContent(), /MINISTRY 2_SEG01[\s\S]*SHA-256 [0-9a-f]{64}/)

  await page.getByRole('button', { name: 'Remove all files' }).click()
  const changed = receipt.toString().replace('<DocumentID>doc123', '<DocumentID>doc124')
  await page.setInputFiles('#trust-files', asUploads(trust))
  await page.setInputFiles('#evidence-files', asUploads({ ...evidence, 'receipt.xml': changed }))
  await heading(page, /^■ Not verified: it fails that the receipt is as it was sealed$/)
  await page.getByText('Contradicted in the receipt: DocumentID', { exact: true }).waitFor()

  await page.getByRole('button', { name: 'Remove all files' }).click()
  const markup = '<img src=x onerror=alert(1)>'
  await page.setInputFiles('#evidence-files', asUploads({ [markup]: markup }))
  await heading(page, /^■ Not verified: it fails that every file is understood$/)
  t.equal(await page.locator('img').count(), 0, 'names and contents of files are text')
  t.same(requests, [url])
  t.same(complaints, [])
})

t.test('axe finds nothing wrong with the page, light and dark, narrow and wide', needsChromium, async t => {
  const { evidence, trust } = await makeEvidence(t)
  const file = join(await makeFolder(t), 'verify.html')
  await writeFile(file, html)
  const { page } = await openPage(browser!, {})
  await page.goto(pathToFileURL(file).href)
  for (const files of [trust, evidence]) {
    await page.setInputFiles(files === trust ? '#trust-files' : '#evidence-files', asUploads(files))
    await heading(page, files === trust ? /needs the receipt/ : /^● Verified/)
    t.same(await findBarriers(page), [])
  }
  await page.goto('data:text/html,<p style="color:%23aaa">grey<img src="x">')
  const found = await findBarriers(page)
  const all = ['light, 1440 px: color-contrast', 'light, 1440 px: image-alt', 'dark, 320 px: color-contrast']
  for (const one of all)
    t.ok(
      found.some(line => line.startsWith(one)),
      `${one} would be found`,
    )
})

/** Waits for the heading that says so. */
async function heading(page: Page, verdict: RegExp): Promise<void> {
  await page.locator('#result > h2', { hasText: verdict }).waitFor()
}

async function drop(page: Page, selector: string, files: Files): Promise<void> {
  const given = asUploads(files).map(({ name, buffer }) => [name, buffer.toString('base64')] as const)
  const dataTransfer = await page.evaluateHandle(given => {
    const transfer = new DataTransfer()
    for (const [name, text] of given)
      transfer.items.add(new File([Uint8Array.from(atob(text), one => one.charCodeAt(0))], name))
    return transfer
  }, given)
  await page.dispatchEvent(selector, 'drop', { dataTransfer })
}

function asUploads(files: Files) {
  return Object.entries(files).map(([name, octets]) => ({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(octets as string),
  }))
}
