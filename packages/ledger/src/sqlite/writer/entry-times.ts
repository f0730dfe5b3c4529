// The times of entries as they are written: while a receiver runs they go back by an hour at most,
// or the log would not verify.
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import type { LogEvent } from '../../log/events.ts'
import { isDatedBack } from '../../log/times.ts'

/** Among the last entries, from the last start on. */
const LATEST = `WITH last AS (SELECT * FROM transactions ORDER BY leaf_index DESC LIMIT 256)
  SELECT MAX(at) AS at FROM last
  WHERE leaf_index >= COALESCE((SELECT MAX(leaf_index) FROM last WHERE type = 'start'), 0)`

export class EntryTimes {
  /** Of the entries since the last start, in milliseconds since 1970. */
  #latest: number

  constructor(database: DatabaseSync) {
    const row = database.prepare(LATEST).get()
    this.#latest = typeof row?.at === 'string' ? Date.parse(row.at) : Number.NEGATIVE_INFINITY
  }

  /** For `restore`, when what was entered since is undone. */
  get latest(): number {
    return this.#latest
  }

  restore(latest: number): void {
    this.#latest = latest
  }

  /**
   * Throws the Fault `clock-behind` for an event whose time goes back; a start may do so, and shows
   * with its entry that the clock was set back.
   */
  enter({ type, at }: LogEvent): void {
    const time = Date.parse(at)
    if (type !== 'start' && isDatedBack(time, this.#latest))
      throw new Fault(
        'clock-behind',
        `the clock says ${at}, the log has an entry of ${new Date(this.#latest).toISOString()}: set the clock right; if it is right now, start the receiver again, which enters that it was set back`,
      )
    this.#latest = type === 'start' ? time : Math.max(time, this.#latest)
  }
}
