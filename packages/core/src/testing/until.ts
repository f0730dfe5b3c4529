// How a test waits for a state: it polls until the state is there. The limit is generous and no
// assertion, so a slow machine fails no test.
import { setTimeout as pause } from 'node:timers/promises'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'

/** Milliseconds. */
const PATIENCE = 90_000
const BETWEEN = 15

/** The first value for which `isSo` holds; throws with the last value at the time limit. */
export async function until<Found>(
  look: () => Found | Promise<Found>,
  isSo: (found: Awaited<Found>) => boolean = Boolean,
): Promise<Awaited<Found>> {
  const { found, isThere } = await lookUntil(look, isSo)
  if (!isThere) throw new Error(`waited for ${isSo === Boolean ? look : isSo}, found ${inspect(found)} at last`)
  return found
}

/** Asserts that this is found, now or later: a text that matches, or a value that is the same. */
export async function eventually<Found>(
  t: Test,
  look: () => Promise<Found>,
  expected: RegExp | Found,
  title = `found in time: ${expected}`,
): Promise<void> {
  const isText = expected instanceof RegExp
  const isExpected = (found: unknown) => (isText ? expected.test(String(found)) : isDeepStrictEqual(found, expected))
  const { found } = await lookUntil(look, isExpected)
  if (isText) t.match(found, expected, title)
  else t.same(found, expected, title)
}

async function lookUntil<Found>(look: () => Found | Promise<Found>, isSo: (found: Awaited<Found>) => boolean) {
  for (const end = performance.now() + PATIENCE; ; await pause(BETWEEN)) {
    const found = await look()
    if (isSo(found)) return { found, isThere: true }
    if (performance.now() > end) return { found, isThere: false }
  }
}
