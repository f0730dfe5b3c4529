// `pnpm soak`: hours of even load in short, and whether memory, open files or latency grow with
// time.
import { type Command, Fault, openOutput, quote } from '@seg/core'
import { describeMachine, type Machine, writeMachine } from '../machine.ts'
import { formatMegabytes, median, writeTable } from '../tables.ts'
import { type Load, measureAt } from './compare.ts'
import { openScene, type Scene } from './scene.ts'
import { readUsage } from './server.ts'

type Sample = {
  /** Since the beginning. */
  readonly minutes: number
  /** Bytes of memory. */
  readonly resident: number
  readonly descriptors: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

type Trait = Exclude<keyof Sample, 'minutes'>
const traits: readonly Trait[] = ['resident', 'descriptors', 'p50', 'p99']

export type SoakReport = {
  readonly machine: Machine
  readonly rate: number
  readonly accepted: number
  readonly samples: readonly Sample[]
  /**
   * The median of the last third of the samples over that of the second. The first third is warming
   * up.
   */
  readonly drift: Readonly<Record<Trait, number>>
}

/** Most are small; now and then one goes the way of large ones. */
const small: Load = { payload: 500, connections: 24, client: 'lean', warmUp: 0 }
const large: Load = { payload: 5_000_000, connections: 2, client: 'lean', warmUp: 0 }
const WINDOW_SECONDS = 10

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Fault('usage', `expected a number such as 60, not ${quote(text)}`)
  return Number(text)
}

export async function runSoak(
  { minutes, rate }: { readonly minutes: number; readonly rate: number },
  command: Command,
): Promise<void> {
  const output = openOutput(command)
  const machine = describeMachine()
  await using scene = await openScene({ pinned: true })
  const begin = performance.now()
  const samples: Sample[] = []
  let accepted = 0
  for (let past = 0; past < minutes; ) {
    const window = await runWindow(scene, rate)
    accepted += window.accepted
    past = (performance.now() - begin) / 60_000
    samples.push({ minutes: past, ...window.sample })
    output.say(writeSample(samples.at(-1)!).join('  '))
  }
  const report: SoakReport = { machine, rate, accepted, samples, drift: findDrift(samples) }
  output.report(report, writeSoakReport(report))
}

async function runWindow(scene: Scene, rate: number) {
  const { accepted, latency } = await measureAt(scene, small, rate, WINDOW_SECONDS)
  const largeOnes = await measureAt(scene, large, 1, WINDOW_SECONDS / 5)
  const { resident, descriptors } = await readUsage(scene.receiver)
  return {
    accepted: accepted + largeOnes.accepted,
    sample: { resident, descriptors, p50: latency.p50, p99: latency.p99 },
  }
}

function findDrift(samples: readonly Sample[]): Record<Trait, number> {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const second = samples.slice(-2 * third, -third)
  const last = samples.slice(-third)
  const drift = (trait: Trait) =>
    median(last.map(sample => sample[trait])) / median(second.map(sample => sample[trait]))
  return Object.fromEntries(traits.map(trait => [trait, drift(trait)])) as Record<Trait, number>
}

function writeSoakReport({ machine, rate, accepted, samples, drift }: SoakReport): string {
  const shown = samples.filter((_sample, i) => i % Math.ceil(samples.length / 12) === 0 || i === samples.length - 1)
  return [
    writeMachine(machine),
    `${rate} documents/s, and large ones; ${accepted.toLocaleString('en')} accepted, none refused`,
    '',
    writeTable(['minutes', 'memory MB', 'open files', 'p50 ms', 'p99 ms'], shown.map(writeSample)),
    '',
    `the last third over the one before: ${traits.map(trait => `${trait} × ${drift[trait].toFixed(2)}`).join(', ')}`,
  ].join('\n')
}

function writeSample({ minutes, resident, descriptors, p50, p99 }: Sample): string[] {
  return [minutes.toFixed(1), formatMegabytes(resident), String(descriptors), p50.toFixed(1), p99.toFixed(1)]
}
