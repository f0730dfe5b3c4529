// The figures of `bench bars`, and how they are shown: the worst share first.
import { type Machine, writeMachine } from '../machine.ts'
import { formatCount, formatSize, formatTime, writeTable } from '../tables.ts'
import type { Bar, Pace, Sample } from './measure-bar.ts'
import { threadKinds } from './thread-times.ts'

export type Compared = { readonly bar: Bar; readonly ours: Sample; readonly bare: Sample }

export type BarsReport = {
  readonly machine: Machine
  readonly key: string
  readonly rounds: number
  readonly pace: Pace
  readonly compared: readonly Compared[]
}

export function writeBarsReport({ machine, key, rounds, pace, compared }: BarsReport): string {
  const worstFirst = compared.toSorted((one, other) => shareOf(one, 'perSecond') - shareOf(other, 'perSecond'))
  const { cold, warmUp, warm, half } = pace
  return [
    writeMachine(machine),
    `${key}; medians of ${rounds} rounds: ${cold} s cold, ` +
      `${warmUp} s to warm up, ${warm} s warm, ${half} s at half the speed`,
    '',
    writeTable(
      [
        'payload, client',
        'connections',
        'documents/s',
        'bare',
        'share',
        'first second',
        'bare',
        'share',
        'p99 at half, ms',
        'bare',
        'generator',
      ],
      worstFirst.map(pair => [
        nameOf(pair),
        String(pair.bar.connections),
        formatCount(pair.ours.perSecond),
        formatCount(pair.bare.perSecond),
        shareOf(pair, 'perSecond').toFixed(2),
        formatCount(pair.ours.cold),
        formatCount(pair.bare.cold),
        shareOf(pair, 'cold').toFixed(2),
        formatTime(pair.ours.p99AtHalf),
        formatTime(pair.bare.p99AtHalf),
        `${(pair.ours.generatorLoad * 100).toFixed(0)} %`,
      ]),
    ),
    '',
    'Processor time of the server for one document, in microseconds, by thread:',
    '',
    writeTable(
      ['payload, client', 'all', '× bare', 'first second', ...threadKinds, 'bare', 'bare, first second'],
      worstFirst.map(pair => [
        nameOf(pair),
        formatCount(pair.ours.processor),
        (pair.ours.processor / pair.bare.processor).toFixed(1),
        formatCount(pair.ours.coldProcessor),
        ...threadKinds.map(kind => formatCount(pair.ours.threads[kind])),
        formatCount(pair.bare.processor),
        formatCount(pair.bare.coldProcessor),
      ]),
    ),
  ].join('\n')
}

function nameOf({ bar: { payload, client } }: Compared): string {
  return `${formatSize(payload)}, ${client}`
}

function shareOf({ ours, bare }: Compared, figure: 'perSecond' | 'cold'): number {
  return ours[figure] / bare[figure]
}
