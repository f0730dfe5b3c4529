// A list with one part another than it should be, and signed again.
import { sign } from 'node:crypto'
import { bitString, der, extension, sequence, smallNumber, time } from '../certificate/der-writer.ts'
import { type AlgorithmName, algorithms, type Issued, usualAlgorithm } from './path-certificates.ts'

export type CrlChange = {
  readonly version?: number
  readonly dates?: readonly Date[]
  readonly extensions?: readonly Buffer[]
  readonly entryExtensions?: readonly Buffer[]
  readonly algorithm?: AlgorithmName
  /** Beside the signature. */
  readonly outer?: Buffer
}

const HOUR = 3_600_000

export function changedCrl({ keys, subject }: Issued, change: CrlChange): Buffer {
  const { identifier, hash } = algorithms[change.algorithm ?? usualAlgorithm(keys)]
  const dates = change.dates ?? [new Date(Date.now() - HOUR), new Date(Date.now() + HOUR)]
  const entryExtensions = change.entryExtensions === undefined ? [] : [sequence(...change.entryExtensions)]
  const entry = sequence(smallNumber(0x41), time(new Date()), ...entryExtensions)
  const extensions = change.extensions ?? [extension('2.5.29.20', smallNumber(1))]
  const signed = sequence(
    smallNumber(change.version ?? 1),
    identifier,
    subject,
    ...dates.map(time),
    sequence(entry),
    der(0xa0, sequence(...extensions)),
  )
  const signature = sign(hash, signed, keys.privateKey)
  return sequence(signed, change.outer ?? identifier, bitString(signature))
}
