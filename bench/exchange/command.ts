// `pnpm bench exchange`: the whole path over mutual TLS, durable and with a receipt, against a bare
// Fastify; then more than it can take.
import { type Command, openOutput } from '@seg/core'
import { describeMachine } from '../machine.ts'
import { formatSize } from '../tables.ts'
import { type Comparison, compareServers, type Load } from './compare.ts'
import { countKept, overload } from './overload.ts'
import { type ExchangeReport, writeExchangeReport } from './report.ts'
import { openScene } from './scene.ts'
import { openBareServer } from './server.ts'

const loads: readonly [Load, ...Load[]] = [
  { payload: 500, connections: 48, client: 'lean', warmUp: 5000 },
  { payload: 500, connections: 32, client: 'https', warmUp: 5000 },
  { payload: 5_000, connections: 48, client: 'lean', warmUp: 3000 },
  { payload: 100_000, connections: 32, client: 'lean', warmUp: 1000 },
  { payload: 5_000_000, connections: 4, client: 'lean', warmUp: 20 },
]
const full = { rounds: 5, seconds: 6, overload: 10 }
const quick = { rounds: 1, seconds: 2, overload: 4 }

export async function runExchangeBench(
  options: { readonly quick?: true; readonly pin?: true },
  command: Command,
): Promise<void> {
  const output = openOutput(command)
  const { overload: overloadSeconds, ...pace } = options.quick ? quick : full
  const pinned = options.pin === true
  const machine = describeMachine()
  await using scene = await openScene({ pinned })
  const comparisons: Comparison[] = []
  {
    await using bareServer = await openBareServer(scene.certs, scene.serverPin)
    for (const load of loads) {
      const comparison = await compareServers(scene, bareServer, load, pace)
      comparisons.push(comparison)
      const { receiver, bare } = comparison
      output.say(
        `${formatSize(load.payload)}, ${load.client} client: ` +
          `${receiver.perSecond.toFixed(0)} documents/s, bare ${bare.perSecond.toFixed(0)}`,
      )
    }
  }
  const [{ receiver, atHalf }] = comparisons as [Comparison]
  const overloaded = await overload(scene, loads[0], receiver.perSecond, atHalf.latency.p99, overloadSeconds)
  const kept = await countKept(scene, loads)
  const report: ExchangeReport = { machine, pinned, pace, comparisons, overload: overloaded, kept }
  output.report(report, writeExchangeReport(report))
}
