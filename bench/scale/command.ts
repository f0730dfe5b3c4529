// `pnpm bench scale`: one ledger on PostgreSQL with several receivers and standbys: what they do
// together, what a document costs each process, and what that means for machines of their own.
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, openOutput } from '@seg/core'
import { generate } from '@seg/pki'
import type { PostgresServer } from '../../packages/ledger/src/testing/postgres-server.ts'
import { readThreadTimes, sumOf } from '../bars/thread-times.ts'
import { describeMachine, writeMachine } from '../machine.ts'
import { formatCount, formatTime, writeTable } from '../tables.ts'
import { makeWorkFolder } from '../work-folder.ts'
import { openLedgerNodes } from './ledger-nodes.ts'
import { openReceivers } from './receivers.ts'
import { openServers, type Servers } from './servers.ts'
import type { Loaded, Site } from './site.ts'

/** `delay`: milliseconds from one server to another. */
const setups = [
  { standbys: 0, delay: 0 },
  { standbys: 1, delay: 0 },
  { standbys: 2, delay: 0 },
  { standbys: 1, delay: 5 },
  { standbys: 2, delay: 5 },
]
const full = { documents: 10_000, setups, nodes: [1, 2, 4] }
const quick = { documents: 4000, setups: [setups[2]!], nodes: [1, 2] }
const sides = { ledger: openLedgerNodes, 'whole path': openReceivers } as const

type Result = {
  readonly side: keyof typeof sides
  readonly nodes: number
  /** Undefined on SQLite. */
  readonly standbys: number | undefined
  readonly delay: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** At half of `perSecond`. */
  readonly halfP99: number
  /** Microseconds of processor a document: all nodes, the primary, all standbys. */
  readonly cost: { readonly nodes: number; readonly primary: number; readonly standbys: number }
  /** Bytes of WAL a document. */
  readonly wal: number
}

export async function runScaleBench(options: { readonly quick?: true }, command: Command): Promise<void> {
  const output = openOutput(command)
  const { documents, setups, nodes } = options.quick ? quick : full
  const machine = describeMachine()
  await using undo = new AsyncDisposableStack()
  const home = await makeWorkFolder(undo)
  const certs = join(home, 'certs')
  await mkdir(certs)
  await generate({ out: certs, key: 'rsa-2048' })
  const results: Result[] = []
  const measureAll = async (counts: readonly number[], servers: Servers | undefined, of: object) => {
    for (const side of ['ledger', 'whole path'] as const)
      for (const count of counts) {
        const folder = join(home, `${results.length}`)
        await mkdir(folder)
        const figures = await measureSide({ certs, folder }, side, count, servers, documents)
        results.push({ side, nodes: count, ...figures, ...of } as Result)
        output.say(writeRow(results.at(-1)!).join('  '))
      }
  }
  await measureAll([1], undefined, { standbys: undefined, delay: 0 })
  for (const setup of setups) {
    await using end = new AsyncDisposableStack()
    await measureAll(nodes, await openServers(end, setup), setup)
  }
  output.report({ machine, documents, results }, `${writeMachine(machine)}\n\n${writeResults(results)}`)
}

async function measureSide(
  site: Site,
  side: keyof typeof sides,
  count: number,
  servers: Servers | undefined,
  documents: number,
) {
  await using undo = new AsyncDisposableStack()
  const loaded = await sides[side](undo, site, count, await servers?.makeLedger())
  await loaded.runClosed(documents / 4)
  const before = await readCosts(loaded, servers)
  const { accepted, seconds, p50, p99 } = await loaded.runClosed(documents)
  const after = await readCosts(loaded, servers)
  const perSecond = accepted / seconds
  const half = await loaded.runOpen(perSecond / 2, seconds)
  const each = (of: (costs: Costs) => number) => (of(after) - of(before)) / accepted
  return {
    ...{ perSecond, p50, p99, halfP99: half.p99 },
    cost: { nodes: each(of => of.nodes), primary: each(of => of.primary), standbys: each(of => of.standbys) },
    wal: each(of => of.wal),
  }
}

type Costs = Awaited<ReturnType<typeof readCosts>>

async function readCosts({ pids }: Loaded, servers: Servers | undefined) {
  const sum = async (groups: readonly Promise<number>[]) =>
    (await Promise.all(groups)).reduce((all, one) => all + one, 0)
  const [position] = (await servers?.primary.ask('postgres', "SELECT pg_current_wal_lsn() - '0/0' AS at")) ?? []
  return {
    nodes: await sum(pids.map(async pid => sumOf(await readThreadTimes(pid)))),
    primary: servers === undefined ? 0 : await processorOf(servers.primary),
    standbys: await sum(servers?.standbys.map(processorOf) ?? []),
    wal: Number(position?.at ?? 0),
  }
}

/** Microseconds, of all processes of a server. */
async function processorOf({ pid }: PostgresServer): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean)
  const times = await Promise.all(
    [pid!, ...children.map(Number)].map(one => readThreadTimes(one).catch(() => undefined)),
  )
  return times.reduce((sum, one) => sum + (one === undefined ? 0 : sumOf(one)), 0)
}

const head = [
  '',
  'nodes',
  'standbys',
  'documents/s',
  'p50 ms',
  'p99',
  'p99 at half',
  'µs: nodes',
  'primary',
  'standbys',
  'WAL B',
]

function writeResults(results: readonly Result[]): string {
  return writeTable(head, results.map(writeRow))
}

function writeRow({ side, nodes, standbys, delay, perSecond, p50, p99, halfP99, cost, wal }: Result): string[] {
  const way = delay > 0 ? `, ${delay} ms away` : ''
  return [
    side,
    `${nodes}`,
    standbys === undefined ? 'SQLite' : `${standbys}${standbys > 0 ? way : ''}`,
    formatCount(perSecond),
    ...[p50, p99, halfP99].map(formatTime),
    ...[cost.nodes, cost.primary, cost.standbys].map(formatCount),
    formatCount(wal),
  ]
}
