// The rounds: in each, every side verifies the same file for about as long, one after the other.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { median } from '../tables.ts'
import type { Side } from './side.ts'
import type { SignedFile } from './signed-file.ts'

export type Pace = {
  readonly rounds: number
  /** Nanoseconds that a side works in one round. */
  readonly batch: number
  /**
   * Nanoseconds that a side works on a file before it is timed, when it is one that becomes faster.
   */
  readonly warmUp: number
}

/** Nanoseconds of one verification by each side that takes part: the median of the rounds. */
export type Times = Readonly<Record<string, number>>

export async function compareSides(sides: readonly Side[], file: SignedFile, pace: Pace): Promise<Times> {
  const runners: { side: Side; repeats: number; samples: number[] }[] = []
  for (const side of sides.filter(({ isTooSlowFor }) => !isTooSlowFor(file))) {
    const repeats = Math.ceil(pace.batch / (await warmUp(side, file, pace)))
    runners.push({ side, repeats, samples: [] })
  }
  for (let round = 0; round < pace.rounds; round++)
    for (const { side, repeats, samples } of runners) samples.push((await measure(side, file, repeats)) / repeats)
  return Object.fromEntries(runners.map(({ side, samples }) => [side.name, median(samples)]))
}

/** Gives the nanoseconds of one verification, roughly. */
async function warmUp(side: Side, file: SignedFile, { warmUp, batch }: Pace): Promise<number> {
  const enough = side.warmsUp ? warmUp : batch / 2
  for (let repeats = 1, spent = 0; ; repeats *= 2) {
    const nanoseconds = await measure(side, file, repeats)
    spent += nanoseconds
    if (spent >= enough) return nanoseconds / repeats
  }
}

async function measure(side: Side, { path, shape, payload }: SignedFile, repeats: number): Promise<number> {
  const nanoseconds = await side.time(path, repeats)
  if (nanoseconds === 'refused')
    throw new Error(`${side.name} does not verify the document of ${payload} bytes of ${shape}`)
  return nanoseconds
}

/** Larger files need not show the same again. */
const CHECKED_PAYLOAD = 500

/** That every side does the work: each refuses `file` with one byte of its payload changed. */
export async function checkSidesRefuse(sides: readonly Side[], file: SignedFile): Promise<void> {
  if (file.payload > CHECKED_PAYLOAD) return
  const path = `${file.path}.changed`
  const bytes = await readFile(file.path)
  const at = bytes.indexOf('</', bytes.indexOf('<Payload>')) - 1
  bytes[at] = bytes[at] === 0x37 ? 0x38 : 0x37
  await writeFile(path, bytes)
  for (const side of sides)
    if ((await side.time(path, 1)) !== 'refused') throw new Error(`${side.name} accepts a changed document`)
  await rm(path)
}
