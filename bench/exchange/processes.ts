// `pnpm bench processes`: what a document costs with one process and with several, thread by
// thread, and what that allows with more cores.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, openOutput } from '@seg/core'
import { readThreadTimes, subtract, sumOf, type ThreadTimes, threadKinds } from '../bars/thread-times.ts'
import { describeMachine } from '../machine.ts'
import { median, writeTable } from '../tables.ts'
import { checkAllAccepted } from './compare.ts'
import { openScene } from './scene.ts'
import { childrenOf, openReceiver, type Server } from './server.ts'

const LOAD = { payload: 500, connections: 32, client: 'lean' } as const
const full = { rounds: 5, documents: 8_000 }
const quick = { rounds: 3, documents: 1_000 }

/** Microseconds of a document, of the process with the ledger and of the others together. */
type Cost = { readonly perSecond: number; readonly ledger: ThreadTimes; readonly connections: ThreadTimes }

export async function runProcessesBench(options: { readonly quick?: true }, command: Command): Promise<void> {
  const output = openOutput(command)
  const { rounds, documents } = options.quick ? quick : full
  const machine = describeMachine()
  await using scene = await openScene({ pinned: false })
  await using servers = new AsyncDisposableStack()
  const sides: { readonly count: number; readonly server: Server; readonly costs: Cost[] }[] = []
  for (const count of [1, 2]) {
    const data = join(scene.data, '..', `processes-${count}`)
    await mkdir(data)
    const settings = ['--processes', `${count}`]
    sides.push({ count, server: servers.use(await openReceiver(scene.certs, data, [], { settings })), costs: [] })
  }
  for (let round = -1; round < rounds; round++)
    for (const { server, costs } of sides) {
      await scene.generator.sign({ payload: LOAD.payload, count: documents })
      const cost = await measureCost(server, scene.generator)
      // The first one warms up.
      if (round >= 0) costs.push(cost)
    }
  const results = sides.map(({ count, costs }) => ({ count, ...medianOf(costs) }))
  const text = writeTable(
    ['processes', 'documents/s', 'µs a document', ...threadKinds.map(kind => `ledger: ${kind}`), 'connections'],
    results.map(({ count, perSecond, ledger, connections }) => [
      `${count}`,
      perSecond.toFixed(0),
      (sumOf(ledger) + sumOf(connections)).toFixed(0),
      ...threadKinds.map(kind => ledger[kind].toFixed(0)),
      sumOf(connections).toFixed(0),
    ]),
  )
  output.report({ machine, load: LOAD, rounds, documents, results }, text)
}

async function measureCost(server: Server, generator: Awaited<ReturnType<typeof openScene>>['generator']) {
  await generator.connect({ ports: [server.port], count: LOAD.connections, client: LOAD.client })
  const pids = await childrenOf(server)
  const read = () => Promise.all([server.pid, ...pids].map(readThreadTimes))
  const before = await read()
  const outcome = await generator.runClosed({ payload: LOAD.payload, stock: 'fresh', seconds: 120 })
  const [ledger, ...others] = (await read()).map((after, i) => subtract(after, before[i]!, outcome.accepted))
  checkAllAccepted(outcome)
  return { perSecond: outcome.accepted / outcome.seconds, ledger: ledger!, connections: addUp(others) }
}

function addUp(times: readonly ThreadTimes[]): ThreadTimes {
  const sums = threadKinds.map(kind => [kind, times.reduce((sum, one) => sum + one[kind], 0)])
  return Object.fromEntries(sums) as ThreadTimes
}

function medianOf(costs: readonly Cost[]): Cost {
  const of = (times: (cost: Cost) => ThreadTimes) =>
    Object.fromEntries(threadKinds.map(kind => [kind, median(costs.map(cost => times(cost)[kind]))])) as ThreadTimes
  return {
    perSecond: median(costs.map(({ perSecond }) => perSecond)),
    ledger: of(({ ledger }) => ledger),
    connections: of(({ connections }) => connections),
  }
}
