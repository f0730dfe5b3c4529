// Decisions about dead letters, as they are kept: the API, commands and the hand-off of a running
// receiver read and write them together.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { Fault } from '@seg/core'
import { onDatabase, openDatabase, openDatabaseReader, transact } from '@seg/ledger'
import { type ActObstacle, obstacle } from '../acts/obstacles.ts'
import { LETTERS_FILE, letterMigrations } from './letter-schema.ts'

/**
 * `open`: nobody has decided, or a retry was not taken. `retrying`: the receiver is to try it once.
 */
export type LetterState = 'open' | 'retrying' | 'taken' | 'discarded'

/** `index`: of the document in the log. */
export type LetterKey = { readonly index: number; readonly target: string }

/** Times in milliseconds since 1970. */
export type LetterDecision = LetterKey & {
  readonly state: LetterState
  readonly by: string
  readonly why: string
  readonly at: number
  /** Of retries, with the time and the answer of the latest. */
  readonly tries: number
  readonly triedAt: number | undefined
  readonly reason: string | undefined
}

/** From which states an act leads to which. */
export const letterActs = {
  retry: { from: ['open', 'discarded'], to: 'retrying' },
  discard: { from: ['open', 'retrying'], to: 'discarded' },
} as const satisfies Readonly<Record<string, { from: readonly LetterState[]; to: LetterState }>>

export type LetterAct = keyof typeof letterActs

const obstacles: Readonly<Record<LetterState, ActObstacle>> = {
  open: obstacle('in-state', { state: 'open' }),
  retrying: obstacle('letter-retrying'),
  taken: obstacle('letter-taken'),
  discarded: obstacle('letter-discarded'),
}

/** Why the act is not possible in this state; undefined when it is. */
export function findLetterObstacle(act: LetterAct, state: LetterState): ActObstacle | undefined {
  return letterActs[act].from.some(from => from === state) ? undefined : obstacles[state]
}

/** Throws the Fault `storage-unavailable`. */
export async function openLetterStore(folder: string): Promise<LetterStore> {
  return new LetterStore(await openDatabase(join(folder, LETTERS_FILE), letterMigrations))
}

/** To read and settle; undefined while nobody has decided anything. */
export async function openLetterStoreIfAny(folder: string): Promise<LetterStore | undefined> {
  return existsSync(join(folder, LETTERS_FILE)) ? openLetterStore(folder) : undefined
}

/** Only to read; undefined while nobody has decided anything. */
export function openLetterReader(folder: string): LetterStore | undefined {
  const path = join(folder, LETTERS_FILE)
  return existsSync(path) ? new LetterStore(openDatabaseReader(path, letterMigrations)) : undefined
}

/** What was decided of the letters of documents, for an audit record. */
export function readLetterStates(folder: string, indexes: readonly string[]): Record<string, LetterState> {
  const store = openLetterReader(folder)
  try {
    const decisions = indexes.flatMap(index => store?.decisions(Number(index), Number(index)) ?? [])
    return Object.fromEntries(decisions.map(({ index, target, state }) => [`${index} ${target}`, state]))
  } finally {
    store?.close()
  }
}

export class LetterStore {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Of documents from `low` to `high`. */
  decisions(low: number, high: number): LetterDecision[] {
    return this.#read('SELECT * FROM decisions WHERE leaf_index BETWEEN ? AND ?', low, high)
  }

  stateOf({ index, target }: LetterKey): LetterState {
    return this.#find({ index, target })?.state ?? 'open'
  }

  /**
   * Of all letters or of none. Throws the Fault `act-impossible` for one whose state does not allow
   * it. Crash before the commit: nothing is decided. After: a running receiver, or the next start,
   * does it.
   */
  decide(act: LetterAct, letters: readonly LetterKey[], by: { by: string; why: string; at: number }): void {
    this.#change(() => {
      for (const letter of letters) {
        const before = this.#find(letter)
        const found = findLetterObstacle(act, before?.state ?? 'open')
        if (found !== undefined)
          throw new Fault('act-impossible', `cannot ${act} the dead letter ${letter.index}: ${found.why}`)
        this.#write({
          ...{ tries: 0, triedAt: undefined, reason: undefined },
          ...before,
          ...{ index: letter.index, target: letter.target, state: letterActs[act].to, ...by },
        })
      }
    })
  }

  /** Those of a target that are to be tried, the longest decided first. */
  waiting(target: string, limit: number): LetterDecision[] {
    const sql = `SELECT * FROM decisions WHERE state = 'retrying' AND target = ? ORDER BY at, leaf_index LIMIT ?`
    return this.#read(sql, target, limit)
  }

  /** What came of a try. Crash before: it is made again. A letter discarded meanwhile stays so. */
  settle(letter: LetterKey, outcome: { isTaken: boolean; reason: string | undefined; at: number }): void {
    this.#change(() => {
      const found = this.#find(letter)
      if (found === undefined) return
      const failed = found.state === 'retrying' ? 'open' : found.state
      const { isTaken, reason, at } = outcome
      this.#write({ ...found, state: isTaken ? 'taken' : failed, tries: found.tries + 1, triedAt: at, reason })
    })
  }

  /** How many letters of each target need nobody any more. */
  countOver(): Map<string, number> {
    const sql = `SELECT target, COUNT(*) AS count FROM decisions WHERE state IN ('taken', 'discarded') GROUP BY target`
    return new Map(this.#all(sql).map(row => [String(row.target), Number(row.count)]))
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #find({ index, target }: LetterKey): LetterDecision | undefined {
    return this.#read('SELECT * FROM decisions WHERE leaf_index = ? AND target = ?', index, target)[0]
  }

  #write({ index, target, state, by, why, at, tries, triedAt, reason }: LetterDecision): void {
    const sql = `INSERT OR REPLACE INTO decisions (leaf_index, target, state, by, why, at, tries, tried_at, reason)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
    this.#database.prepare(sql).run(index, target, state, by, why, at, tries, triedAt ?? null, reason ?? null)
  }

  #read(sql: string, ...values: readonly SQLInputValue[]): LetterDecision[] {
    return this.#all(sql, ...values).map(row => ({
      index: Number(row.leaf_index),
      target: String(row.target),
      state: row.state as LetterState,
      by: String(row.by),
      why: String(row.why),
      at: Number(row.at),
      tries: Number(row.tries),
      triedAt: row.tried_at === null ? undefined : Number(row.tried_at),
      reason: row.reason === null ? undefined : String(row.reason),
    }))
  }

  #all(sql: string, ...values: readonly SQLInputValue[]) {
    return onDatabase('read what was decided of dead letters', () => this.#database.prepare(sql).all(...values))
  }

  #change(work: () => void): void {
    onDatabase('decide about a dead letter', () => transact(this.#database, work))
  }
}
