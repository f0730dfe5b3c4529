// `pnpm bench growth`: whether the size of a ledger shows in the speed. Receivers with ledgers of
// several sizes, under the same load in turn.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, openOutput } from '@seg/core'
import { generate } from '@seg/pki'
import { describeMachine, type Machine, writeMachine } from '../machine.ts'
import { formatCount, formatTime, writeTable } from '../tables.ts'
import { makeWorkFolder } from '../work-folder.ts'
import { type Figures, type Load, measure, summarize } from './compare.ts'
import { fillLedger } from './fill-ledger.ts'
import { openGenerator } from './orders.ts'
import { openReceiver, type Server } from './server.ts'

type Grown = {
  /** Entries of the log before the load. */
  readonly entries: number
  /** Seconds from the start of the process to its first connection. */
  readonly start: number
  readonly figures: Figures
}

export type GrowthReport = {
  readonly machine: Machine
  readonly rounds: number
  readonly seconds: number
  readonly ledgers: readonly Grown[]
}

const load: Load = { payload: 500, connections: 48, client: 'lean', warmUp: 3000 }
const full = { sizes: [10_000, 1_000_000, 10_000_000], rounds: 9, seconds: 4 }
const quick = { sizes: [10_000, 300_000], rounds: 3, seconds: 2 }

export async function runGrowthBench(options: { readonly quick?: true }, command: Command): Promise<void> {
  const output = openOutput(command)
  const { sizes, rounds, seconds } = options.quick ? quick : full
  const machine = describeMachine()
  await using undo = new AsyncDisposableStack()
  const folder = await makeWorkFolder(undo)
  const certs = join(folder, 'certs')
  await mkdir(certs)
  await generate({ out: certs, key: 'rsa-2048' })

  const servers: (Server & { readonly entries: number; readonly start: number })[] = []
  for (const entries of sizes) {
    output.say(`filling a ledger with ${formatCount(entries)} entries`)
    const data = join(folder, String(entries))
    await fillLedger(data, certs, entries)
    const begin = performance.now()
    const server = undo.use(await openReceiver(certs, data, []))
    servers.push({ ...server, entries, start: (performance.now() - begin) / 1000 })
  }
  const generator = undo.use(openGenerator(certs, []))
  const samples = servers.map((): Figures[] => [])
  let rate = load.warmUp
  for (let round = -1; round < rounds; round++) {
    for (const [i, server] of servers.entries()) {
      await generator.sign({ payload: load.payload, count: Math.ceil(rate * seconds * 1.5) })
      const sample = await measure(generator, server, load, { stock: 'fresh', seconds })
      rate = Math.max(rate, sample.perSecond)
      // The first round warms up.
      if (round >= 0) samples[i]!.push(sample)
    }
  }
  const ledgers = servers.map(({ entries, start }, i) => ({ entries, start, figures: summarize(samples[i]!) }))
  const report: GrowthReport = { machine, rounds, seconds, ledgers }
  output.report(report, writeGrowthReport(report))
}

function writeGrowthReport({ machine, rounds, seconds, ledgers }: GrowthReport): string {
  const [smallest] = ledgers as [Grown]
  return [
    writeMachine(machine),
    `0.5 kB, ${load.connections} connections; receivers and generator on any core; ` +
      `medians of ${rounds} rounds of ${seconds} s; times in milliseconds`,
    '',
    writeTable(
      ['entries', 'documents/s', 'of the first', 'p50', 'p99', 'processor time each', 'written each', 'start'],
      ledgers.map(({ entries, start, figures: { perSecond, latency, processor, written } }) => [
        formatCount(entries),
        formatCount(perSecond),
        (perSecond / smallest.figures.perSecond).toFixed(2),
        formatTime(latency.p50),
        formatTime(latency.p99),
        formatTime(processor),
        formatCount(written),
        `${start.toFixed(1)} s`,
      ]),
    ),
  ].join('\n')
}
