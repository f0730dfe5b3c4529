// `pnpm bench bars`: the whole path against a bare Fastify with the same TLS, with the clients of
// partners: both servers started in each round, from their first second to warm, time by thread.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, openOutput } from '@seg/core'
import { generate } from '@seg/pki'
import { openGenerator } from '../exchange/orders.ts'
import { openBareServer, openReceiver } from '../exchange/server.ts'
import { describeMachine } from '../machine.ts'
import { formatSize, median } from '../tables.ts'
import { makeWorkFolder } from '../work-folder.ts'
import { type Bar, measureBar, type Pace, type Sample, withServer } from './measure-bar.ts'
import { type BarsReport, type Compared, writeBarsReport } from './report.ts'
import { type ThreadTimes, threadKinds } from './thread-times.ts'

const loads: readonly Bar[] = [
  { payload: 1_600, connections: 32, client: 'undici', documents: 50_000 },
  { payload: 1_600, connections: 32, client: 'https', documents: 50_000 },
  { payload: 500, connections: 32, client: 'undici', documents: 50_000 },
  { payload: 500, connections: 32, client: 'https', documents: 50_000 },
  { payload: 100_000, connections: 32, client: 'lean', documents: 10_000 },
  { payload: 5_000_000, connections: 4, client: 'lean', documents: 400 },
]
const full: Pace & { readonly rounds: number } = { rounds: 3, cold: 1, warmUp: 5, warm: 4, half: 3 }
const quick: typeof full = { rounds: 1, cold: 1, warmUp: 2, warm: 2, half: 1 }
/** Of the documents, whose signing takes longer than the rest of a short round. */
const QUICK_SHARE = 0.2
const KEY = 'rsa-3072'

type Options = { readonly quick?: true; readonly only?: string }

export async function runBarsBench({ quick: isQuick, only = '' }: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  const { rounds, ...pace } = isQuick ? quick : full
  const machine = describeMachine()
  await using undo = new AsyncDisposableStack()
  const folder = await makeWorkFolder(undo)
  const certs = join(folder, 'certs')
  await mkdir(certs)
  await generate({ out: certs, key: KEY })
  const generator = undo.use(openGenerator(certs, []))
  const compared: Compared[] = []
  for (const bar of loads) {
    const name = `${formatSize(bar.payload)} ${bar.client}`
    if (!name.includes(only)) continue
    const [ours, bare]: [Sample[], Sample[]] = [[], []]
    const documents = Math.ceil(bar.documents * (isQuick ? QUICK_SHARE : 1))
    output.say(`${name}: signing ${documents} documents`)
    await generator.rewind({ payload: bar.payload, count: documents })
    for (let round = 0; round < rounds; round++) {
      const data = join(folder, 'receiver')
      const measure = [
        async () =>
          ours.push(
            await withServer(
              place => openReceiver(certs, place, []),
              data,
              server => measureBar(generator, server, { ...bar, documents }, 'repeated', pace),
            ),
          ),
        async () =>
          bare.push(
            await withServer(
              () => openBareServer(certs, []),
              data,
              server => measureBar(generator, server, bar, 'endless', pace),
            ),
          ),
      ]
      // Each of them is first in every other round.
      for (const one of round % 2 === 0 ? measure : measure.reverse()) await one()
    }
    compared.push({ bar, ours: medianOf(ours), bare: medianOf(bare) })
    output.say(`${name}: ${ours.at(-1)!.perSecond.toFixed(0)} documents/s, bare ${bare.at(-1)!.perSecond.toFixed(0)}`)
  }
  const report: BarsReport = { machine, key: KEY, rounds, pace, compared }
  output.report(report, writeBarsReport(report))
}

function medianOf(samples: readonly Sample[]): Sample {
  const of = (figure: (sample: Sample) => number) => median(samples.map(figure))
  const threads = threadKinds.map(kind => [kind, of(sample => sample.threads[kind])])
  return {
    cold: of(sample => sample.cold),
    perSecond: of(sample => sample.perSecond),
    coldProcessor: of(sample => sample.coldProcessor),
    processor: of(sample => sample.processor),
    threads: Object.fromEntries(threads) as ThreadTimes,
    p99AtHalf: of(sample => sample.p99AtHalf),
    generatorLoad: of(sample => sample.generatorLoad),
  }
}
