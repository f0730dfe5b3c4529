// What a sender remembers of its receivers' logs, beside the last checkpoint of each: those seen
// before it, and doubts that are not settled.
import type { TreeHead } from '../log/merkle.ts'
import { asBuffer } from '../sqlite/writer/open-tree.ts'

/** Checkpoints of one log that are kept: what is older is in the receipts. */
export const KEPT = 10_000
/** So many more are there before some are removed. */
export const SLACK = 256

/** A checkpoint of a log as it was signed, and the tree that it vouches for. */
export type SeenCheckpoint = TreeHead & { readonly note: string }

export type KnownCheckpoint = SeenCheckpoint & {
  /** `name+hash`: the name of the log and the hash of its key. */
  readonly log: string
  /** Milliseconds since 1970. */
  readonly seenAt: number
}

/** A log that was not shown when a proof was due. Times in milliseconds since 1970. */
export type LogDoubt = {
  readonly since: number
  /** Times that it was asked for, and those that the receiver answered with a no. */
  readonly looks: number
  readonly refusals: number
  readonly reason: string
}

/** The last checkpoint under the log's own key, and the largest under any of its keys. */
export type WitnessedLog = {
  readonly own: RememberedCheckpoint | undefined
  readonly latest: RememberedCheckpoint | undefined
}
export type RememberedCheckpoint = SeenCheckpoint & { readonly log: string; readonly hasEnded: boolean }

/** Indexes of the last entry seen of version 1, and of the first of version 2. */
export type LogVersions = { readonly lastShown: number | undefined; readonly firstBlinded: number | undefined }

/**
 * Every method throws the Fault `storage-unavailable` when the storage fails; what it promises is
 * durable.
 */
export interface LogMemory {
  /** The last checkpoint of every log that was proven to continue what was seen before. */
  remembered(): Promise<RememberedCheckpoint[]>
  /**
   * What a new tree of this log must continue: the largest tree that was proven, under whichever of
   * the log's keys, for it continues after a change of its key (docs/log.md). What a person has
   * ended stands alone.
   */
  witnessed(log: string): Promise<WitnessedLog>
  /** Entries of which versions were seen where; undefined for a log of which none was. */
  versions(name: string): Promise<LogVersions | undefined>
  /** Notes the version of a proven entry. */
  noteVersion(name: string, version: 1 | 2, index: number): Promise<void>
  /**
   * The checkpoints seen of all logs, or of one, in the order of sight; the latest ones when there
   * were very many.
   */
  seen(log?: string): Promise<KnownCheckpoint[]>
  /** Adds checkpoints to the list of those seen, proven or not; each tree once. */
  note(log: string, checkpoints: readonly SeenCheckpoint[], at: number): Promise<void>
  /** Counts one more time that a log was not shown. */
  doubt(log: string, look: { at: number; isRefusal: boolean; reason: string }): Promise<LogDoubt>
  /** By log. */
  doubts(): Promise<Map<string, LogDoubt>>
  /** The proof has come. */
  settleDoubt(log: string): Promise<void>
  /**
   * The log of this key has ended: one under another key need not continue it. False when nothing
   * is remembered of it.
   */
  end(log: string): Promise<boolean>
}

/** What of all that is remembered a new tree of this log must continue. */
export function witnessedIn(remembered: readonly RememberedCheckpoint[], log: string): WitnessedLog {
  const own = remembered.find(known => known.log === log)
  if (own?.hasEnded) return { own, latest: own }
  const ofName = remembered.filter(known => !known.hasEnded && nameOf(known.log) === nameOf(log))
  const latest = ofName.reduce((last, known) => (last === undefined || known.size > last.size ? known : last), own)
  return { own, latest }
}

/** Whether what was proven against is still what is known. */
export function isUnchanged(now: WitnessedLog, proven: WitnessedLog): boolean {
  return now.own?.note === proven.own?.note && now.latest?.note === proven.latest?.note
}

/** Whether an entry of this version at `index` adds something to what is known. */
export function addsVersion(known: LogVersions | undefined, version: 1 | 2, index: number): boolean {
  const { lastShown = -1, firstBlinded = Number.POSITIVE_INFINITY } = known ?? {}
  return version === 1 ? index > lastShown : index < firstBlinded
}

// Rows of the tables, the same on every database.

export function readRemembered(row: Row): RememberedCheckpoint {
  return { ...readCheckpoint(row), log: String(row.log), hasEnded: Number(row.ended) === 1 }
}

export function readKnownCheckpoint(row: Row): KnownCheckpoint {
  return { ...readCheckpoint(row), log: String(row.log), seenAt: Number(row.seen_at) }
}

export function readVersions(row: Row | undefined): LogVersions | undefined {
  return row && { lastShown: readIndex(row.last_shown), firstBlinded: readIndex(row.first_blinded) }
}

export function readDoubt(row: Row): LogDoubt {
  return {
    since: Number(row.since),
    looks: Number(row.looks),
    refusals: Number(row.refusals),
    reason: String(row.reason),
  }
}

type Row = Readonly<Record<string, unknown>>

/** The log's name in `name+hash`. */
function nameOf(log: string): string {
  return log.slice(0, log.lastIndexOf('+'))
}

function readIndex(value: unknown): number | undefined {
  return value === null ? undefined : Number(value)
}

function readCheckpoint({ tree_size, root, note }: Row): SeenCheckpoint {
  return { size: Number(tree_size), root: asBuffer(root as Uint8Array), note: String(note) }
}
