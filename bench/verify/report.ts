// The figures of `bench verify`, and how they are shown.
import { type Machine, writeMachine } from '../machine.ts'
import { formatCount, formatMegabytes, formatSize, formatTime, writeTable } from '../tables.ts'
import type { Times } from './compare.ts'
import type { SignedFile } from './signed-file.ts'
import type { Streamed } from './stream-file.ts'

export type VerifyReport = {
  readonly machine: Machine
  /** Kind of the signer's key. */
  readonly key: string
  /** Who took part, in words. */
  readonly sides: readonly string[]
  readonly missing: readonly string[]
  readonly rounds: number
  readonly compared: readonly { readonly file: SignedFile; readonly times: Times }[]
  readonly streamed: readonly (Streamed & {
    readonly file: SignedFile /** Its time for a byte over the first file's. */
    readonly growth: number
  })[]
}

const ours = 'ours'

export function writeVerifyReport({ machine, key, sides, missing, rounds, compared, streamed }: VerifyReport): string {
  const others = [...new Set(compared.flatMap(({ times }) => Object.keys(times)))].filter(name => name !== ours)
  return [
    writeMachine(machine),
    [...new Set(sides)].join('; '),
    ...(missing.length > 0 ? [`left out: ${missing.join(', ')}`] : []),
    `${key}, SHA-256, Exclusive C14N; one core; processor time; ` +
      `medians of ${rounds} rounds; in brackets: how many times as long as ours; worst first`,
    '',
    writeTable(
      ['payload', 'document', ours, 'MB/s', ...others],
      compared
        .toSorted((a, b) => worstRatio(a.times) - worstRatio(b.times))
        .map(({ file, times }) => [
          ...describeFile(file),
          `${formatTime(times[ours]! / 1e6)} ms`,
          formatSpeed(file.bytes, times[ours]!),
          ...others.map(name => formatAgainst(times[name], times[ours]!)),
        ]),
    ),
    ...(streamed.length > 0 ? writeStreamed(streamed) : []),
  ].join('\n')
}

function writeStreamed(streamed: VerifyReport['streamed']): string[] {
  return [
    '',
    'Ours alone, from a file, in pieces of 64 KiB:',
    '',
    writeTable(
      ['payload', 'document', 'time', 'MB/s', 'time per byte, against 1 MB', 'idle MB', 'peak over idle MB'],
      streamed.map(({ file, nanoseconds, idle, peak, growth }) => [
        ...describeFile(file),
        `${formatTime(nanoseconds / 1e6)} ms`,
        formatSpeed(file.bytes, nanoseconds),
        growth.toFixed(2),
        formatMegabytes(idle),
        formatMegabytes(peak - idle),
      ]),
    ),
  ]
}

/** How many times as long as ours the fastest of the others takes. */
function worstRatio({ [ours]: base = Number.NaN, ...others }: Times): number {
  return Math.min(...Object.values(others)) / base
}

function describeFile({ payload, shape, bytes }: SignedFile): [string, string] {
  return [`${formatSize(payload)} ${shape}`, `${formatCount(bytes)} B`]
}

function formatAgainst(nanoseconds: number | undefined, base: number): string {
  return nanoseconds === undefined ? '–' : `${formatTime(nanoseconds / 1e6)} ms (${(nanoseconds / base).toFixed(1)} ×)`
}

function formatSpeed(bytes: number, nanoseconds: number): string {
  return ((bytes / nanoseconds) * 1000).toFixed(0)
}
