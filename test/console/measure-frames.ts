// How smooth the front page stays while a thousand facts a second arrive: the time between two
// frames, and what the page's thread does, in a headless Chromium.
import { loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { openBrowser } from '../support/chromium.ts'
import { openBusyConsole } from './busy-console.ts'

const SECONDS = 15
const RATE = 1000

const console = await openBusyConsole(t, { documents: 48, isCalm: true })
const browser = await openBrowser(t)
const { page, open } = await console.logIn(browser, 'viewer', { locale: 'en' })
const rows: number[] = []
/** Of all pages: what was entered before is nothing new. */
let entered = 0
t.setTimeout(10 * SECONDS * 1000)
for (const name of ['now', 'documents'] as const) {
  await open(console.pages[name]!)
  const quiet = await measure(async () => {
    await pause(SECONDS * 1000)
  })
  const live = await measure(note)
  t.comment(`${name}, quiet: ${quiet}`)
  t.comment(`${name}, ${RATE} facts a second: ${live}`)
  await page
    .getByText(`live-${entered - 1}`, { exact: true })
    .first()
    .waitFor()
  rows.push(await page.locator('tbody tr').count())
}
// The first assertion comes last: after one, tap waits for nothing.
t.ok(
  rows.every(count => count <= 200),
  'the rows are bounded',
)

/** Documents as the gateway notes them, at a steady rate. */
async function note(): Promise<void> {
  const { desk } = console.gateway.gate
  const start = performance.now()
  for (let noted = 0; noted < RATE * SECONDS; ) {
    const due = Math.min(RATE * SECONDS, Math.floor(((performance.now() - start) / 1000) * RATE))
    for (; noted < due; noted++, entered++) {
      const known = { partner: 'MINISTRY 1_SEG01', document: `live-${entered}`, bytes: 2_000, totalTime: 3 }
      desk.note({ kind: 'document', outcome: 'accepted', at: Date.now(), index: 1_000_000 + entered, ...known })
    }
    await pause(10)
  }
}

async function measure(work: () => Promise<void>): Promise<string> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')!.value
  }
  const before = await busy()
  await page.evaluate(watchFrames)
  const begin = performance.now()
  await work()
  const seconds = (performance.now() - begin) / 1000
  const frames = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames.splice(0))
  const share = (await busy()) - before
  await session.detach()
  const sorted = frames.toSorted((a, b) => a - b)
  const at = (part: number) => `${(sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1)} ms`
  return (
    `${(frames.length / seconds).toFixed(1)} frames a second, between two ${at(0.5)} (p50), ${at(0.99)} (p99), ` +
    `${at(1)} (most); the page's thread works ${((share / seconds) * 1000).toFixed(0)} ms a second; ` +
    `load ${loadavg()[0]!.toFixed(0)}`
  )
}

/** In the page. */
function watchFrames(): void {
  const kept: number[] = []
  Object.assign(globalThis, { frames: kept })
  let last = performance.now()
  const watch = (now: number) => {
    kept.push(now - last)
    last = now
    if ((globalThis as unknown as { frames: number[] }).frames === kept) requestAnimationFrame(watch)
  }
  requestAnimationFrame(watch)
}
