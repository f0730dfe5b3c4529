// The receiver's connections in processes of their own, which share the listening socket; this
// process has the ledger, counts by partner, and starts them again.
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Staple } from '../credentials/follow-staple.ts'
import type { ConnectionProcess, RunningReceiver } from '../http/start-receiver.ts'
import type { Answering } from './answer-process.ts'
import { limitsOfProcess } from './connection-limits.ts'
import type { StartedWith } from './messages.ts'
import { ProcessSlot, startSlot } from './process-slot.ts'

/** Milliseconds that one is waited for: a process that is stuck holds up none of the others. */
const LONGEST_RECALL = 500

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./connection-process${extname(import.meta.filename)}`, import.meta.url)
/** Mebibytes of objects in one process: many times what its bounds allow. */
const MEMORY = 1024

/** Seconds of silence after which a process that listens is ended: it reports once a second. */
const MOST_MISSED = 30

/** Milliseconds in which there is no other recall: a process keeps nothing for longer than that. */
const RECALLED = 900

type Parts = Omit<Answering, 'recall'> & {
  readonly staple: Staple
  readonly balancers: readonly string[]
  readonly node: string
}

/**
 * Starts `count` of them. Each accepts from one socket, which this process holds and does not read:
 * the one that is free takes the next connection. One that says nothing for `mostMissed` seconds is
 * ended and replaced. Throws as `startReceiver` does.
 */
export async function startConnectionProcesses(
  { balancers, node, ...parts }: Parts,
  { host, port }: { readonly host: string; readonly port: number },
  count: number,
  mostMissed = MOST_MISSED,
): Promise<RunningReceiver> {
  const { gate } = parts
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({
    exec: fileURLToPath(script),
    args: [],
    execArgv: [...process.execArgv, `--max-old-space-size=${MEMORY}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
  })
  const started: Omit<StartedWith, 'number' | 'port' | 'credentials' | 'staple'> = {
    count,
    data: gate.data,
    node,
    host,
    balancers,
    clockSkew: gate.clockSkew,
    limits: limitsOfProcess(gate.limits, count),
    secondOpinion: gate.secondOpinion.mode,
    isTraced: gate.traces !== undefined,
  }
  // Who names the port as the first did gets the same socket; once nobody has it, it is gone.
  let named = port
  const portNow = () => {
    if (bound !== undefined && !slots.some(({ isListening }) => isListening)) named = bound
    return named
  }
  let bound: number | undefined
  let recalledAt = Number.NEGATIVE_INFINITY
  let recalled = Promise.resolve()
  const recall = () => {
    const now = performance.now()
    if (now - recalledAt < RECALLED) return recalled
    recalledAt = now
    const late = pause(LONGEST_RECALL, undefined, { ref: false })
    recalled = Promise.race([Promise.all(slots.map(slot => slot.recall())), late]).then(() => {})
    return recalled
  }
  const options = { ...parts, recall, started, portNow, mostMissed }
  const slots = Array.from({ length: count }, (_, i) => new ProcessSlot(i + 1, options))
  const [first, ...others] = slots as [ProcessSlot, ...ProcessSlot[]]
  const stopFollowing = gate.credentials.onReplaced(next => {
    for (const slot of slots) slot.replace(next)
  })
  const close = async () => {
    await Promise.all(slots.map(slot => slot.close(gate.limits.closingTime)))
    stopFollowing()
  }
  try {
    const url = await startSlot(first)
    bound = Number(new URL(url).port || 443)
    await Promise.all(others.map(startSlot))
    return {
      url,
      connections: () => sumOf(slots),
      handshakes: () => slots.reduce((sum, { handshakes }) => sum + handshakes, 0),
      processes: () => slots.map(describe),
      load: () => loadOf(slots),
      drain() {
        for (const slot of slots) slot.drain()
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function describe({ number, isListening, starts, alive }: ProcessSlot): ConnectionProcess {
  return { number, isListening, starts, cpu: alive.cpu, memory: alive.memory }
}

/** Their writer takes as much of the processors as they do: half of them is all they can have. */
function loadOf(slots: readonly ProcessSlot[]): number {
  const busy = slots.reduce((sum, { alive }) => sum + alive.load, 0)
  return Math.min(1, busy / Math.max(1, availableParallelism() / 2))
}

function sumOf(slots: readonly ProcessSlot[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>()
  for (const { alive } of slots)
    for (const [partner, count] of alive.connections) sum.set(partner, (sum.get(partner) ?? 0) + count)
  return sum
}
