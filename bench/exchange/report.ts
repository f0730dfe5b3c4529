// The figures of `bench exchange`, and how they are shown.
import { type Machine, writeMachine } from '../machine.ts'
import { formatCount, formatSize, formatTime, writeTable } from '../tables.ts'
import type { Comparison, Figures, Pace } from './compare.ts'
import type { Kept, Overload } from './overload.ts'
import type { Quantiles } from './tally.ts'

export type ExchangeReport = {
  readonly machine: Machine
  readonly pinned: boolean
  readonly pace: Pace
  readonly comparisons: readonly Comparison[]
  readonly overload: Overload
  readonly kept: Kept
}

export function writeExchangeReport({ machine, pinned, pace, comparisons, overload, kept }: ExchangeReport): string {
  return [
    writeMachine(machine),
    `RSA-2048; ${pinned ? 'server and generator on one core each' : 'server and generator on any core'}; ` +
      `medians of ${pace.rounds} rounds of ${pace.seconds} s; times in milliseconds`,
    '',
    writeTable(
      [
        'payload',
        'client',
        'server',
        'connections',
        'documents/s',
        'p50',
        'p99',
        'p99.9',
        'processor time each',
        'written each',
        'generator',
      ],
      comparisons.flatMap(comparison => [writeFigures(comparison, 'receiver'), writeFigures(comparison, 'bare')]),
    ),
    '',
    'The receiver against the bare server, and its latency at half its speed, documents coming when they come:',
    '',
    writeTable(
      [
        'payload',
        'client',
        'share by the clock',
        'share by processor time',
        'offered/s',
        'p50',
        'p99',
        'p99.9',
        'longest',
        'generator',
      ],
      comparisons.map(({ load, share, atHalf }) => [
        formatSize(load.payload),
        load.client,
        formatShare(share.clock),
        formatShare(share.processor),
        formatCount(atHalf.perSecond),
        ...writeQuantiles(atHalf.latency),
        formatTime(atHalf.latency.longest),
        formatShare(atHalf.generatorLoad),
      ]),
    ),
    '',
    ...writeOverload(overload),
    `${formatCount(kept.acknowledged)} documents acknowledged in the whole run, ` +
      `${kept.missing} of them not in the list afterwards`,
  ].join('\n')
}

function writeFigures({ load, ...servers }: Comparison, name: 'receiver' | 'bare'): string[] {
  const { perSecond, latency, processor, written, generatorLoad }: Figures = servers[name]
  return [
    formatSize(load.payload),
    load.client,
    name,
    String(load.connections),
    formatCount(perSecond),
    ...writeQuantiles(latency),
    formatTime(processor),
    formatCount(written),
    formatShare(generatorLoad),
  ]
}

function writeOverload({ offered, accepted, outcome, recovery }: Overload): string[] {
  const { refused, latency, refusal, seconds } = outcome
  const sent = accepted + Object.values(refused).reduce((sum, count) => sum + count, 0) / seconds
  const refusals = Object.entries(refused).map(([status, count]) => `${formatCount(count / seconds)}/s with ${status}`)
  return [
    `At 3 × its speed, ${formatCount(offered)} documents/s, ` +
      `of which ${formatCount(sent)}/s found a connection free: ${formatCount(accepted)}/s accepted`,
    `refused, by status (0: the connection broke): ${refusals.join(', ') || 'none'}`,
    `accepted: p50 ${formatTime(latency.p50)}, p99 ${formatTime(latency.p99)}; ` +
      `refused: p50 ${formatTime(refusal.p50)}, p99 ${formatTime(refusal.p99)}`,
    `back to normal ${recovery === undefined ? 'not while it was watched' : `in ${recovery} s`}`,
  ]
}

function writeQuantiles({ p50, p99, p999 }: Quantiles): string[] {
  return [p50, p99, p999].map(formatTime)
}

const formatShare = (share: number) => `${(share * 100).toFixed(0)} %`
