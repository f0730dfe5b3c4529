// The keys that a log was signed with, one after the other: each signs from where the one before it
// was replaced (docs/log.md).
import { amount, Fault, quote } from '@seg/core'
import { type LogVerifier, openCheckpoint, parseVerifierKey } from './checkpoint.ts'

/** What the ledger has recorded: the key of the checkpoints of trees larger than `from`. */
export type KeyRange = { readonly from: number; readonly verifierKey: string }

/** The action of the entry that names the next key. */
export const ROTATION = 'rotate-log-key'

type Range = KeyRange & { readonly verifier: LogVerifier }

export class LogKeys {
  readonly #ranges: readonly Range[]

  private constructor(ranges: readonly Range[]) {
    this.#ranges = ranges
  }

  /** A log with one key from its start on. */
  static single(verifier: LogVerifier): LogKeys {
    return new LogKeys([{ from: 0, verifierKey: '', verifier }])
  }

  /**
   * `logPub` has the keys that are trusted, a line each; `stored` is what the ledger says of when
   * each was in use. A ledger that says nothing has had one: that of its latest checkpoint. Throws
   * the Faults `log-invalid` and `configuration`.
   */
  static open(logPub: string, stored: readonly KeyRange[], note: string | undefined): LogKeys {
    const trusted = logPub.split('\n').flatMap(line => (line.trim() === '' ? [] : [line.trim()]))
    const verifiers = trusted.map(parseVerifierKey)
    if (stored.length === 0) return LogKeys.single(findSigner(verifiers, note))
    const ranges = stored.map(({ from, verifierKey }) => {
      if (!trusted.includes(verifierKey))
        throw new Fault(
          'log-invalid',
          `the log was signed with ${quote(verifierKey)} from entry ${from} on, which has no line in log.pub`,
        )
      return { from, verifierKey, verifier: parseVerifierKey(verifierKey) }
    })
    if (new Set(ranges.map(({ verifierKey }) => verifierKey)).size < ranges.length)
      throw new Fault('log-invalid', 'a key of the log is used a second time, after another')
    const isInOrder = ranges.every(({ from, verifier }, i) => {
      const before = ranges[i - 1]
      return before === undefined ? from === 0 : from > before.from && verifier.name === before.verifier.name
    })
    if (!isInOrder) throw new Fault('log-invalid', `the keys of the log do not follow one another from entry 0 on`)
    return new LogKeys(ranges)
  }

  /** The name of the log, which is also its origin. */
  get name(): string {
    return this.#ranges[0]!.verifier.name
  }

  /** That no key is said to follow behind the end of a log of `size` entries. */
  checkEnd(size: number): void {
    const { from } = this.#ranges.at(-1)!
    if (from > size)
      throw new Fault(
        'log-invalid',
        `the log has ${amount(size, 'entry')}, a key of it is said to follow entry ${from - 1}`,
      )
  }

  /** What verifies the checkpoint of a tree of `size` entries. */
  at(size: number): LogVerifier {
    return this.#ranges.findLast(({ from }) => from < size)?.verifier ?? this.#ranges[0]!.verifier
  }

  /** Whether the key changes behind this entry, and to which; the entry must say so. */
  nextAfter(index: number): string | undefined {
    return this.#ranges.find(({ from }) => from === index + 1)?.verifierKey
  }
}

function findSigner(verifiers: readonly LogVerifier[], note: string | undefined): LogVerifier {
  const [first, ...others] = verifiers
  if (first === undefined) throw new Fault('configuration', 'expected the key of the log in log.pub, found none')
  if (others.length === 0 || note === undefined) return first
  const signer = verifiers.find(verifier => opens(note, verifier))
  if (signer === undefined)
    throw new Fault(
      'log-invalid',
      `the latest checkpoint has no signature with any of the ${amount(verifiers.length, 'key')} in log.pub`,
    )
  return signer
}

function opens(note: string, verifier: LogVerifier): boolean {
  try {
    openCheckpoint(note, verifier)
    return true
  } catch {
    return false
  }
}

/**
 * That a ledger bound to one log and key is opened with the same. Throws the Fault `configuration`.
 */
export function checkBound(bound: string, present: string): void {
  if (bound === present) return
  const [theirs, ours] = [bound, present].map(text => text.split('+'))
  if (theirs![0] !== ours![0])
    throw new Fault(
      'configuration',
      `the data folder is that of the receiver ${nameOf(theirs![0]!)}, the certificates are those of ` +
        `${nameOf(ours![0]!)}; use the data folder of this receiver (--data), or its certificates (--certs)`,
    )
  throw new Fault(
    'configuration',
    `the log is signed with the key whose hash is ${theirs![1]}, that of log.key is ${ours![1]}; ` +
      'put the former log.key back, or, where log.key.next is there, ' +
      'complete the change with `pnpm --filter receiver log rotate-key`: nothing else changes the key of a log',
  )
}

/** The receiver's id, of which the name of its log is made. */
function nameOf(log: string): string {
  try {
    return quote(decodeURIComponent(log))
  } catch {
    return quote(log)
  }
}
