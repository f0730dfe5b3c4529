// The receiver and a bare Fastify under the same load, in turn.

import type { ClientKind } from '../clients/client.ts'
import { median } from '../tables.ts'
import type { Generator } from './orders.ts'
import type { Scene } from './scene.ts'
import { readUsage, type Server } from './server.ts'
import type { StockKind } from './stock.ts'
import type { Outcome, Quantiles } from './tally.ts'

export type Load = {
  /** Bytes of payload, about. */
  readonly payload: number
  /**
   * Connections that send as fast as they are answered; twice as many for documents that come when
   * they come.
   */
  readonly connections: number
  readonly client: ClientKind
  /** Documents to warm up with. */
  readonly warmUp: number
}

export type Pace = { readonly rounds: number; readonly seconds: number }

/** Medians of the rounds; for one document of one server. */
export type Figures = {
  readonly perSecond: number
  /** Milliseconds of processor time of the server. */
  readonly processor: number
  /** Bytes. */
  readonly written: number
  readonly latency: Quantiles
  /** The generator's share of its core, at most 1. */
  readonly generatorLoad: number
}

export type Comparison = {
  readonly load: Load
  readonly receiver: Figures
  readonly bare: Figures
  /** The receiver's speed over the bare server's, by the clock and by processor time. */
  readonly share: { readonly clock: number; readonly processor: number }
  /** Half as many documents a second as the receiver could take. */
  readonly atHalf: { readonly perSecond: number } & Pick<Outcome, 'latency' | 'generatorLoad'>
}

export async function compareServers(
  scene: Scene,
  bareServer: Server,
  load: Load,
  { rounds, seconds }: Pace,
): Promise<Comparison> {
  const { receiver, generator } = scene
  const { payload } = load
  await generator.sign({ payload, count: load.warmUp })
  let rate = (await measure(generator, receiver, load, { stock: 'fresh', seconds })).perSecond
  await measure(generator, bareServer, load, { stock: 'endless', seconds: seconds / 2 })
  const samples: { receiver: Figures[]; bare: Figures[] } = { receiver: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    await generator.sign({ payload, count: Math.ceil(rate * seconds * 1.5) })
    const sample = await measure(generator, receiver, load, { stock: 'fresh', seconds })
    rate = Math.max(rate, sample.perSecond)
    samples.receiver.push(sample)
    samples.bare.push(await measure(generator, bareServer, load, { stock: 'endless', seconds }))
  }
  const [ours, bare] = [summarize(samples.receiver), summarize(samples.bare)]
  return {
    load,
    receiver: ours,
    bare,
    share: { clock: ours.perSecond / bare.perSecond, processor: bare.processor / ours.processor },
    atHalf: await measureAt(scene, load, ours.perSecond / 2, seconds * 2),
  }
}

type Run = { readonly stock: StockKind; readonly seconds: number }

export async function measure(
  generator: Generator,
  server: Server,
  { payload, connections, client }: Load,
  { stock, seconds }: Run,
): Promise<Figures> {
  await generator.connect({ ports: [server.port], count: connections, client })
  const before = await readUsage(server)
  const outcome = await generator.runClosed({ payload, stock, seconds })
  const after = await readUsage(server)
  checkAllAccepted(outcome)
  const { accepted, latency, generatorLoad } = outcome
  return {
    perSecond: accepted / outcome.seconds,
    processor: (after.processor - before.processor) / accepted,
    written: (after.written - before.written) / accepted,
    latency,
    generatorLoad,
  }
}

/** An open load that the receiver should bear. */
export async function measureAt(
  { receiver, generator }: Pick<Scene, 'receiver' | 'generator'>,
  { payload, connections, client }: Load,
  rate: number,
  seconds: number,
) {
  await generator.sign({ payload, count: Math.ceil(rate * seconds * 1.2) + 10 })
  await generator.connect({ ports: [receiver.port], count: connections * 2, client })
  const outcome = await generator.runOpen({ payload, stock: 'fresh', rate, seconds, isPatient: true })
  checkAllAccepted(outcome)
  return { perSecond: rate, ...outcome }
}

export function checkAllAccepted({ accepted, refused }: Outcome): void {
  if (accepted === 0 || Object.keys(refused).length > 0) {
    throw new Error(
      `${accepted} documents accepted, and by status refused: ${JSON.stringify(refused)}; the figures would be wrong`,
    )
  }
}

/** Medians. */
export function summarize(samples: readonly Figures[]): Figures {
  const of = (figure: (sample: Figures) => number) => median(samples.map(figure))
  return {
    perSecond: of(({ perSecond }) => perSecond),
    processor: of(({ processor }) => processor),
    written: of(({ written }) => written),
    latency: {
      p50: of(({ latency }) => latency.p50),
      p99: of(({ latency }) => latency.p99),
      p999: of(({ latency }) => latency.p999),
      longest: of(({ latency }) => latency.longest),
    },
    generatorLoad: of(({ generatorLoad }) => generatorLoad),
  }
}
