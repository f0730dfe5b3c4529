// `pnpm faults [--faults N] [--seed S] [--kind WORDS]`: faults, one after the other, of two nodes
// and three servers under load. After each the log is verified, and every acknowledged document
// looked for. The suite runs a short form (packages/ledger/src/postgres).
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { MISSING } from '../../packages/ledger/src/testing/postgres-server.ts'
import type { Checkpoint } from '../independent/checkpoint.ts'
import { checkLedger } from './check-ledger.ts'
import { Cluster } from './cluster.ts'
import { faults, type World } from './faults.ts'
import { type Acknowledged, LoadNode } from './load.ts'

/** Faults of one cluster: each of them reads the whole log. */
const ROUND = 25
/** Milliseconds until all nodes must acknowledge again. */
const RECOVERY = 180_000

const { values } = parseArgs({
  options: { faults: { type: 'string' }, seed: { type: 'string' }, kind: { type: 'string' } },
})
const [count, seed] = [Number(values.faults ?? 50), Number(values.seed ?? Date.now() % 1e9)]
const kinds = Object.keys(faults).filter(kind => kind.includes(values.kind ?? '')) as (keyof typeof faults)[]
if (!(Number.isSafeInteger(count) && Number.isSafeInteger(seed) && count > 0) || kinds.length === 0) {
  process.stderr.write('usage: pnpm faults [--faults N] [--seed S] [--kind WORDS]\n')
  process.exit(2)
}

let drawn = 0
/** By the seed and how many were drawn before. */
function choose(limit: number): number {
  return createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32BE(0) % limit
}

const total = { faults: 0, acknowledged: 0, lost: 0, longestGap: 0, longestByKind: {} as Record<string, number> }
for (let done = 0; done < count; done += ROUND) {
  const isGood = await runRound(Math.min(ROUND, count - done))
  if (isGood) continue
  process.exitCode = 1
  break
}
say({ seed, ...total })

async function runRound(faultsOfRound: number): Promise<boolean> {
  const ends: (() => unknown)[] = []
  const folder = await mkdtemp(join(tmpdir(), 'seg-faults-'))
  const scope = { teardown: (end: () => unknown) => ends.push(end) }
  scope.teardown(() => rm(folder, { recursive: true, force: true }))
  const cluster = await Cluster.start(scope)
  if (cluster === undefined) {
    process.stderr.write(`${MISSING}\n`)
    return false
  }
  const acknowledged = new Map<string, Acknowledged>()
  const defects: string[] = []
  let [lastAt, longestGap] = [performance.now(), 0]
  const take = (document: Acknowledged) => {
    const now = performance.now()
    longestGap = Math.max(longestGap, now - lastAt)
    lastAt = now
    acknowledged.set(document.id, document)
  }
  const nodes = ['one', 'two'].map(
    name => new LoadNode(name, [join(folder, name), cluster.url], take, line => defects.push(line)),
  )
  for (const node of nodes) {
    scope.teardown(() => node.kill())
    node.start()
  }
  const recovered = async () => {
    const before = nodes.map(node => node.count)
    for (const end = performance.now() + RECOVERY; ; await pause(50)) {
      if (nodes.every((node, i) => node.count >= before[i]! + 10)) return
      if (performance.now() > end) throw new Error('a node acknowledges nothing any more')
    }
  }
  const world: World = { cluster, nodes, acknowledged: () => acknowledged.size, choose }
  let head: Checkpoint | undefined
  try {
    await recovered()
    for (let i = 0; i < faultsOfRound; i++) {
      const kind = kinds[choose(kinds.length)]!
      longestGap = 0
      lastAt = performance.now()
      await faults[kind](world)
      await recovered()
      await cluster.untilReplicated(2)
      const gap = Math.round(longestGap)
      const checked = await checkLedger(cluster, join(folder, 'one'), acknowledged, head)
      head = checked.head
      const [{ backends }] = (await cluster.ask(
        "SELECT COUNT(*) AS backends FROM pg_stat_activity WHERE datname = 'seg'",
      )) as [{ backends: string }]
      total.faults++
      total.lost += checked.lost.length
      total.longestGap = Math.max(total.longestGap, gap)
      total.longestByKind[kind] = Math.max(total.longestByKind[kind] ?? 0, gap)
      say({
        fault: total.faults,
        kind,
        gap,
        entries: head.size,
        acknowledged: acknowledged.size,
        backends: Number(backends),
      })
      if (checked.lost.length > 0) throw new Error(`lost: ${checked.lost.slice(0, 5).join(', ')}`)
      if (defects.length > 0) throw new Error(defects[0])
    }
    return true
  } catch (error) {
    say({ failed: (error as Error).message, defects: defects.slice(0, 5) })
    return false
  } finally {
    total.acknowledged += acknowledged.size
    for (const end of ends.toReversed()) await end()
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
