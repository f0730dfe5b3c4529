// What a sender remembers of its receivers' logs, beside the last checkpoint of each: those seen
// before it, and doubts that are not settled.
import type { DatabaseSync } from 'node:sqlite'
import type { TreeHead } from '../log/merkle.ts'
import { onDatabase } from '../sqlite/database-fault.ts'
import { transact } from '../sqlite/transact.ts'
import { asBuffer } from '../sqlite/writer/open-tree.ts'

/** Checkpoints of one log that are kept: what is older is in the receipts. */
const KEPT = 10_000
/** So many more are there before some are removed. */
const SLACK = 256

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

/**
 * Every method throws the Fault `storage-unavailable` when the storage fails; what it promises is
 * durable.
 */
/** The last checkpoint under the log's own key, and the largest under any of its keys. */
export type WitnessedLog = {
  readonly own: RememberedCheckpoint | undefined
  readonly latest: RememberedCheckpoint | undefined
}
export type RememberedCheckpoint = SeenCheckpoint & { readonly log: string; readonly hasEnded: boolean }

/** Indexes of the last entry seen of version 1, and of the first of version 2. */
export type LogVersions = { readonly lastShown: number | undefined; readonly firstBlinded: number | undefined }

export class LogMemory {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** The last checkpoint of every log that was proven to continue what was seen before. */
  remembered(): RememberedCheckpoint[] {
    return this.#all('SELECT log, tree_size, root, note, ended FROM seen_checkpoints ORDER BY log').map(row => ({
      ...readCheckpoint(row),
      log: String(row.log),
      hasEnded: row.ended === 1,
    }))
  }

  /**
   * What a new tree of this log must continue: the largest tree that was proven, under whichever of
   * the log's keys, for it continues after a change of its key (docs/log.md). What a person has
   * ended stands alone.
   */
  witnessed(log: string): WitnessedLog {
    const remembered = this.remembered()
    const own = remembered.find(known => known.log === log)
    if (own?.hasEnded) return { own, latest: own }
    const ofName = remembered.filter(known => !known.hasEnded && nameOf(known.log) === nameOf(log))
    const latest = ofName.reduce((last, known) => (last === undefined || known.size > last.size ? known : last), own)
    return { own, latest }
  }

  /** Entries of which versions were seen where; undefined for a log of which none was. */
  versions(name: string): LogVersions | undefined {
    const [row] = this.#all('SELECT last_shown, first_blinded FROM log_versions WHERE name = ?', name)
    return row && { lastShown: readIndex(row.last_shown), firstBlinded: readIndex(row.first_blinded) }
  }

  /** Notes the version of a proven entry. */
  noteVersion(name: string, version: 1 | 2, index: number): void {
    const known = this.versions(name)
    const { lastShown = -1, firstBlinded = Number.POSITIVE_INFINITY } = known ?? {}
    if (version === 1 ? index <= lastShown : index >= firstBlinded) return
    const column = version === 1 ? 'last_shown' : 'first_blinded'
    const better = version === 1 ? 'MAX' : 'MIN'
    this.#transact('note the version of an entry', () =>
      this.#database
        .prepare(
          `INSERT INTO log_versions (name, ${column}) VALUES (?, ?) ON CONFLICT (name) DO UPDATE
           SET ${column} = ${better}(COALESCE(${column}, excluded.${column}), excluded.${column})`,
        )
        .run(name, index),
    )
  }

  /**
   * The checkpoints seen of all logs, or of one, in the order of sight; the latest ones when there
   * were very many.
   */
  seen(log?: string): KnownCheckpoint[] {
    const where = log === undefined ? '' : 'WHERE log = ?'
    const sql = `SELECT log, tree_size, root, note, seen_at FROM checkpoints ${where} ORDER BY number`
    return this.#all(sql, ...(log === undefined ? [] : [log])).map(row => ({
      ...readCheckpoint(row),
      log: String(row.log),
      seenAt: Number(row.seen_at),
    }))
  }

  /** Adds checkpoints to the list of those seen, proven or not; each tree once. */
  note(log: string, checkpoints: readonly SeenCheckpoint[], at: number): void {
    this.#transact('note checkpoints', () => {
      const insert = this.#database.prepare(
        'INSERT OR IGNORE INTO checkpoints (log, tree_size, root, note, seen_at) VALUES (?, ?, ?, ?, ?)',
      )
      let isManyMore = false
      for (const { size, root, note } of checkpoints) {
        const { changes, lastInsertRowid } = insert.run(log, size, root, note, at)
        isManyMore ||= changes === 1 && Number(lastInsertRowid) % SLACK === 0
      }
      if (isManyMore)
        this.#database
          .prepare(
            'DELETE FROM checkpoints WHERE log = ? AND number <= ' +
              '(SELECT number FROM checkpoints WHERE log = ? ORDER BY number DESC LIMIT 1 OFFSET ?)',
          )
          .run(log, log, KEPT)
    })
  }

  /** Counts one more time that a log was not shown. */
  doubt(log: string, { at, isRefusal, reason }: { at: number; isRefusal: boolean; reason: string }): LogDoubt {
    return this.#transact('note a doubt', () => {
      this.#database
        .prepare(
          `INSERT INTO log_doubts (log, since, looks, refusals, reason) VALUES (?, ?, 1, ?, ?)
           ON CONFLICT (log) DO UPDATE SET looks = looks + 1, refusals = refusals + excluded.refusals,
             reason = excluded.reason`,
        )
        .run(log, at, Number(isRefusal), reason)
      return this.doubts().get(log)!
    })
  }

  /** By log. */
  doubts(): Map<string, LogDoubt> {
    const rows = this.#all('SELECT log, since, looks, refusals, reason FROM log_doubts')
    return new Map(
      rows.map(row => [
        String(row.log),
        {
          since: Number(row.since),
          looks: Number(row.looks),
          refusals: Number(row.refusals),
          reason: String(row.reason),
        },
      ]),
    )
  }

  /** The proof has come. */
  settleDoubt(log: string): void {
    if (!this.doubts().has(log)) return
    this.#transact('settle a doubt', () => void this.#database.prepare('DELETE FROM log_doubts WHERE log = ?').run(log))
  }

  /**
   * The log of this key has ended: one under another key need not continue it. False when nothing
   * is remembered of it.
   */
  end(log: string): boolean {
    return this.#transact('end a log', () => {
      const { changes } = this.#database.prepare('UPDATE seen_checkpoints SET ended = 1 WHERE log = ?').run(log)
      return changes === 1
    })
  }

  #all(sql: string, ...parameters: readonly string[]) {
    return onDatabase('read the outbox', () => this.#database.prepare(sql).all(...parameters))
  }

  /** Crash before the commit returns: nothing of it is there. After: all of it. */
  #transact<Result>(task: string, work: () => Result): Result {
    return onDatabase(task, () => transact(this.#database, work))
  }
}

/** The log's name in `name+hash`. */
function nameOf(log: string): string {
  return log.slice(0, log.lastIndexOf('+'))
}

function readIndex(value: unknown): number | undefined {
  return value === null ? undefined : Number(value)
}

function readCheckpoint({ tree_size, root, note }: Record<string, unknown>): SeenCheckpoint {
  return { size: Number(tree_size), root: asBuffer(root as Uint8Array), note: String(note) }
}
