// One server under one load, from its first second to warm; then half of that load.
import { rm } from 'node:fs/promises'
import { checkAllAccepted, type Load } from '../exchange/compare.ts'
import type { Generator } from '../exchange/orders.ts'
import type { Server } from '../exchange/server.ts'
import type { StockKind } from '../exchange/stock.ts'
import type { Outcome } from '../exchange/tally.ts'
import { readThreadTimes, subtract, sumOf, type ThreadTimes } from './thread-times.ts'

export type Bar = Omit<Load, 'warmUp'> & {
  /** Signed for all seconds of a round, at the highest speed expected. */
  readonly documents: number
}

/** Seconds of each part of a round. */
export type Pace = { readonly cold: number; readonly warmUp: number; readonly warm: number; readonly half: number }

/** Of one round. */
export type Sample = {
  /** Documents a second in the first second of a server that has just started, and warm. */
  readonly cold: number
  readonly perSecond: number
  /** Microseconds of the server's processor for one document, in the first second and warm. */
  readonly coldProcessor: number
  readonly processor: number
  readonly threads: ThreadTimes
  /** Milliseconds; of documents that come when they come, half as many as warm. */
  readonly p99AtHalf: number
  /** The generator's share of a core. */
  readonly generatorLoad: number
}

/**
 * Of the documents, for each part of a round at the most, so that a server faster than expected
 * leaves some for the parts that follow.
 */
const shares = { cold: 0.15, warmUp: 0.3, warm: 0.35, half: 0.18 } as const

export async function measureBar(
  generator: Generator,
  server: Server,
  { payload, connections, client, documents }: Bar,
  stock: StockKind,
  pace: Pace,
): Promise<Sample> {
  if (stock === 'repeated') await generator.rewind({ payload, count: documents })
  await generator.connect({ ports: [server.port], count: connections, client })
  const mostOf = (part: keyof Pace) => (stock === 'repeated' ? Math.floor(documents * shares[part]) : undefined)
  const run = async (part: keyof Pace) => {
    const before = await readThreadTimes(server.pid)
    const outcome = await generator.runClosed({ payload, stock, seconds: pace[part], most: mostOf(part) })
    checkAllAccepted(outcome)
    const threads = subtract(await readThreadTimes(server.pid), before, outcome.accepted)
    return { ...outcome, threads, perSecond: outcome.accepted / outcome.seconds }
  }
  const cold = await run('cold')
  await run('warmUp')
  const warm = await run('warm')
  await generator.connect({ ports: [server.port], count: connections * 2, client })
  const rate = warm.perSecond / 2
  const seconds = Math.min(pace.half, (mostOf('half') ?? Number.POSITIVE_INFINITY) / rate)
  const half: Outcome = await generator.runOpen({ payload, stock, rate, seconds, isPatient: true })
  checkAllAccepted(half)
  return {
    cold: cold.perSecond,
    perSecond: warm.perSecond,
    coldProcessor: sumOf(cold.threads),
    processor: sumOf(warm.threads),
    threads: warm.threads,
    p99AtHalf: half.latency.p99,
    generatorLoad: warm.generatorLoad,
  }
}

/** With a server that has just started, on an empty folder, which goes with it. */
export async function withServer<Result>(
  open: (folder: string) => Promise<Server>,
  folder: string,
  work: (server: Server) => Promise<Result>,
): Promise<Result> {
  try {
    await using server = await open(folder)
    return await work(server)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
