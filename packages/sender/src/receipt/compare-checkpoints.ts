// Whether several parties were shown one history of a log. Two signed trees of one size with
// different roots are a proof that they were not.
import { amount } from '@seg/core'
import type { Sighting, SignedCheckpoint } from '@seg/ledger'

/** `party` is the place of the sighting: two files may have one name. */
type Seen = { readonly party: number; readonly source: string; readonly checkpoint: SignedCheckpoint }

/** Two checkpoints, of which at most one can be of the log's true history. */
export type Split = { readonly one: Seen; readonly other: Seen; readonly reason: string }

export type LogComparison = {
  readonly log: string
  /** The largest size that each party has seen. */
  readonly newest: readonly { readonly source: string; readonly size: number }[]
  /** The largest size that two parties have both seen; undefined when they have none in common. */
  readonly comparedUpTo: number | undefined
  /**
   * Whether all that each party has seen is compared: sizes that not both have seen need a proof
   * from the log.
   */
  readonly isComplete: boolean
  readonly split: Split | undefined
}

/**
 * Proves with the log's own tiles that a newer tree continues an older one: undefined when it does,
 * the reason when it does not. Throws what keeps it from finding out.
 */
export type Prove = (older: SignedCheckpoint, newer: SignedCheckpoint) => Promise<string | undefined>

/**
 * Compares what the parties have seen of each log that two of them or more have seen, or that
 * contradicts itself. With `prove`, checkpoints of different sizes as well. A log is one under all
 * of its keys (docs/log.md), but for those whose log has `ended`.
 */
export async function compareSightings(
  sightings: readonly Sighting[],
  prove?: Prove,
  ended: ReadonlySet<string> = new Set(),
): Promise<LogComparison[]> {
  const seen = sightings.flatMap(({ source, checkpoints }, party) =>
    checkpoints.map(checkpoint => ({ party, source, checkpoint })),
  )
  const logs = Map.groupBy(seen, ({ checkpoint: { log } }) => (ended.has(log) ? log : log.split('+')[0]))
  const compared: LogComparison[] = []
  for (const all of logs.values()) {
    const isShared = all.some(({ party }) => party !== all[0]!.party)
    if (isShared || splitOfOneSize(all) !== undefined) compared.push(await compareLog(all, prove))
  }
  return compared
}

async function compareLog(seen: readonly Seen[], prove: Prove | undefined): Promise<LogComparison> {
  const { log } = newestOf(seen).checkpoint
  const parties = [...Map.groupBy(seen, ({ party }) => party).values()].map(of => {
    const sizes = new Set(of.map(({ checkpoint }) => checkpoint.size))
    return { source: of[0]!.source, sizes, size: newestOf(of).checkpoint.size }
  })
  const newest = parties.map(({ source, size }) => ({ source, size }))
  const pairs = parties.flatMap((one, i) => parties.slice(i + 1).map(other => compareSizes(one, other)))
  const commons = pairs.map(({ common }) => common)
  const split = splitOfOneSize(seen) ?? (prove && (await findBrokenProof(seen, prove)))
  const comparedUpTo = prove ? Math.max(...newest.map(({ size }) => size)) : Math.min(...commons)
  return {
    ...{ log, newest, split },
    comparedUpTo: comparedUpTo < 0 || comparedUpTo === Number.POSITIVE_INFINITY ? undefined : comparedUpTo,
    // Each party has proved for itself that what it saw is one history.
    isComplete: prove !== undefined || pairs.every(({ isComplete }) => isComplete),
  }
}

function newestOf(seen: readonly Seen[]): Seen {
  return seen.reduce((newer, next) => (next.checkpoint.size > newer.checkpoint.size ? next : newer))
}

type Party = { readonly sizes: ReadonlySet<number>; readonly size: number }

/** -1 when they have no size in common. */
function compareSizes(one: Party, other: Party): { common: number; isComplete: boolean } {
  const common = Math.max(-1, ...[...one.sizes].filter(size => other.sizes.has(size)))
  return { common, isComplete: common === Math.min(one.size, other.size) }
}

function splitOfOneSize(seen: readonly Seen[]): Split | undefined {
  const bySize = new Map<number, Seen>()
  for (const next of seen) {
    const { size, root } = next.checkpoint
    const known = bySize.get(size)
    if (known === undefined) bySize.set(size, next)
    else if (!known.checkpoint.root.equals(root))
      return { one: known, other: next, reason: `two trees of ${amount(size, 'entry')} with different roots` }
  }
  return undefined
}

async function findBrokenProof(seen: readonly Seen[], prove: Prove): Promise<Split | undefined> {
  const newest = newestOf(seen)
  const proved = new Set<number>()
  for (const next of seen) {
    const { size } = next.checkpoint
    if (size === 0 || size === newest.checkpoint.size || proved.has(size)) continue
    proved.add(size)
    const reason = await prove(next.checkpoint, newest.checkpoint)
    if (reason !== undefined) return { one: next, other: newest, reason }
  }
  return undefined
}
