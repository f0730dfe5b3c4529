// What keeps people from using a page, as axe finds it in each theme and width: WCAG 2.2, and what
// is good practice.
import { atLength } from '@seg/core/testing/length'
import { until } from '@seg/core/testing/until'
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What depends on colours; the rest is the same in both themes, where it has all rules. */
const COLOURS = ['color-contrast', 'link-in-text-block']
type Look = {
  readonly colorScheme: 'light' | 'dark'
  readonly width: number
  readonly rules: readonly string[] | undefined
}
/** The last one is how the page stays: as wide as a window is. */
const usualLooks: readonly Look[] = [
  { colorScheme: 'dark', width: 320, rules: COLOURS },
  { colorScheme: 'light', width: 1440, rules: undefined },
]
const looks = atLength(usualLooks, [
  ...usualLooks,
  { colorScheme: 'light', width: 320, rules: undefined },
  { colorScheme: 'dark', width: 1440, rules: COLOURS },
])

/** What axe finds wrong with the page that is shown, and where it is wider than its window. */
export async function findBarriers(page: Page): Promise<string[]> {
  const found: string[] = []
  // The policy of the page does not bind what a test runs in it.
  await page.evaluate(axe.source)
  for (const { colorScheme, width, rules } of looks) {
    const note = (wrong: string) => found.push(`${colorScheme}, ${width} px: ${wrong}`)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 900 })
    // Drawings are made anew for another width.
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)
    await until(fits).catch(() => note('too wide'))
    for (const wrong of await page.evaluate(runAxe, rules)) note(wrong)
  }
  return found
}

/** In the page, which is one frame. Undefined: all rules. */
async function runAxe(rules: readonly string[] | undefined): Promise<string[]> {
  const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
  // With `preload` it would load style sheets once more, which the policy refuses.
  const { violations } = await axe.run(document, {
    ...(rules !== undefined && { runOnly: { type: 'rule', values: [...rules] } }),
    resultTypes: ['violations'],
    preload: false,
  })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)
}
