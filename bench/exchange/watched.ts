// `pnpm bench exchange --watched`: what it costs to record what happens, and to watch it. The same
// load for a receiver without a desk, for one as it is, and for one that is watched.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, openOutput } from '@seg/core'
import { generate } from '@seg/pki'
import { readThreadTimes, subtract, sumOf, type ThreadTimes, threadKinds } from '../bars/thread-times.ts'
import { describeMachine, type Machine, writeMachine } from '../machine.ts'
import { formatCount, formatTime, median, writeTable } from '../tables.ts'
import { makeWorkFolder } from '../work-folder.ts'
import { type Load, measure, measureAt } from './compare.ts'
import { openGenerator } from './orders.ts'
import { openReceiver } from './server.ts'
import { openWatchers } from './watchers.ts'

/** Readers of events. */
const READERS = 5
const load: Load = { payload: 500, connections: 32, client: 'lean', warmUp: 3000 }
const full = { rounds: 7, seconds: 6 }
const quick = { rounds: 2, seconds: 3 }
const sides = {
  'without desk': { settings: ['--admin-port', 'off'], imports: [join(import.meta.dirname, 'without-desk.ts')] },
  'as it is': { settings: ['--admin-port', '0'], imports: [] },
  watched: { settings: ['--admin-port', '0'], imports: [] },
} as const
type Side = keyof typeof sides
const names = Object.keys(sides) as Side[]

type Sample = {
  readonly perSecond: number
  /** Latency in milliseconds of documents at random times, at half the speed of the first side. */
  readonly p99: number
  /** Microseconds of processor time for one document. */
  readonly times: ThreadTimes
}

export async function runWatchedBench(options: { readonly quick?: true }, command: Command): Promise<void> {
  const output = openOutput(command)
  const { rounds, seconds } = options.quick ? quick : full
  const machine = describeMachine()
  await using undo = new AsyncDisposableStack()
  const folder = await makeWorkFolder(undo)
  const certs = join(folder, 'certs')
  await mkdir(certs)
  await generate({ out: certs, key: 'rsa-2048' })
  const generator = undo.use(openGenerator(certs, []))
  const samples = new Map(names.map(name => [name, [] as Sample[]]))
  let rate = load.warmUp
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? names : names.toReversed()) {
      const data = join(folder, `${side} ${round}`)
      await using receiver = await openReceiver(certs, data, [], sides[side])
      await generator.sign({ payload: load.payload, count: Math.ceil(rate * (seconds + 2) * 1.5) })
      await measure(generator, receiver, load, { stock: 'fresh', seconds: 2 })
      await using watchers =
        side === 'watched' ? await openWatchers(certs, data, receiver.operators!, READERS) : undefined
      const before = await readThreadTimes(receiver.pid)
      const { perSecond } = await measure(generator, receiver, load, { stock: 'fresh', seconds })
      const times = subtract(await readThreadTimes(receiver.pid), before, perSecond * seconds)
      rate = Math.max(rate, perSecond)
      const half = median([perSecond, ...samples.get('without desk')!.map(sample => sample.perSecond)]) / 2
      const { latency } = await measureAt({ receiver, generator }, load, half, seconds)
      samples.get(side)!.push({ perSecond, p99: latency.p99, times })
      const { events, gaps, scrapes } = watchers?.seen ?? { events: 0, gaps: 0, scrapes: 0 }
      output.say(
        `${side}: ${perSecond.toFixed(0)} documents/s, ${sumOf(times).toFixed(0)} µs each, ` +
          `p99 ${formatTime(latency.p99)}` +
          (watchers ? `; ${events} events, ${gaps} gaps, ${scrapes} scrapes` : ''),
      )
    }
  }
  const report = { machine, rounds, seconds, samples: Object.fromEntries(samples) as Record<Side, Sample[]> }
  output.report(report, writeReport(report))
}

type Report = {
  readonly machine: Machine
  readonly rounds: number
  readonly seconds: number
  readonly samples: Readonly<Record<Side, readonly Sample[]>>
}

function writeReport({ machine, rounds, seconds, samples }: Report): string {
  const of = (side: Side, figure: (sample: Sample) => number) => median(samples[side].map(figure))
  const share = (side: Side, figure: (sample: Sample) => number) =>
    `${((of(side, figure) / of('without desk', figure) - 1) * 100).toFixed(1)} %`
  return [
    writeMachine(machine),
    `0.5 kB, ${load.connections} connections; ${READERS} readers of events and a scrape a second ` +
      `where it is watched; medians of ${rounds} rounds of ${seconds} s, each side with an empty ledger, in turn`,
    '',
    writeTable(
      [
        'receiver',
        'documents/s',
        'against without',
        'p99 at half speed (ms)',
        'against without',
        ...threadKinds,
        'all (µs)',
      ],
      names.map(side => [
        side,
        formatCount(of(side, ({ perSecond }) => perSecond)),
        share(side, ({ perSecond }) => perSecond),
        formatTime(of(side, ({ p99 }) => p99)),
        share(side, ({ p99 }) => p99),
        ...threadKinds.map(kind => of(side, ({ times }) => times[kind]).toFixed(0)),
        of(side, ({ times }) => sumOf(times)).toFixed(0),
      ]),
    ),
  ].join('\n')
}
