// Acts that wait for another person: what was asked for, by whom, and what became of it. None is
// deleted.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import { type Migrations, onDatabase, openDatabase, transact } from '@seg/ledger'
import type { Operator } from '../access/access-store.ts'

/** Milliseconds until an act that nobody decided lapses. */
export const APPROVAL_TIME = 24 * 3600 * 1000
/** That wait at once, of all and of one author. */
const MOST = 200
export const MOST_OF_ONE = 50
/** Of a list. */
const SHOWN = 200

export type ApprovalState = 'waiting' | 'approved' | 'refused' | 'lapsed'

/** `route`: method and pattern of a row of the table. Times in milliseconds since 1970. */
export type HeldAct = {
  readonly id: string
  readonly route: string
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  /** The ETag of what it changes, as its author saw it. */
  readonly seen: string | null
  readonly author: Operator
  readonly at: number
  readonly endsAt: number
  readonly state: ApprovalState
  readonly decidedBy: string | undefined
  readonly decidedAt: number | undefined
  /** Why it was refused, or what the approved act met; undefined for an act that was done. */
  readonly reason: string | undefined
}

/** Of the database in the data folder. */
export const APPROVALS_FILE = 'approvals.sqlite'

export const approvalMigrations: Migrations = {
  '0001-approvals': [
    `CREATE TABLE approvals (
      id TEXT NOT NULL PRIMARY KEY,
      act TEXT NOT NULL,
      at INTEGER NOT NULL,
      ends_at INTEGER NOT NULL,
      state TEXT NOT NULL,
      decided_by TEXT,
      decided_at INTEGER,
      reason TEXT
    ) WITHOUT ROWID`,
    'CREATE INDEX approvals_at ON approvals (at)',
    "CREATE INDEX approvals_waiting ON approvals (ends_at) WHERE state = 'waiting'",
  ],
}

/** Throws the Fault `storage-unavailable`. */
export async function openApprovalStore(folder: string): Promise<ApprovalStore> {
  return new ApprovalStore(await openDatabase(join(folder, APPROVALS_FILE), approvalMigrations))
}

type Asked = Pick<HeldAct, 'route' | 'params' | 'query' | 'body' | 'seen' | 'author'>
type Decision = { readonly state: ApprovalState; readonly by: string; readonly why?: string | undefined }

export class ApprovalStore {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Throws the Fault `overloaded`. */
  add(asked: Asked, now: Date): HeldAct {
    const [id, at, endsAt] = [randomUUID(), now.getTime(), now.getTime() + APPROVAL_TIME]
    return this.#change(() => {
      const waiting = this.#all("SELECT * FROM approvals WHERE state = 'waiting'").map(toHeld)
      const own = waiting.filter(({ author }) => author.id === asked.author.id).length
      if (waiting.length >= MOST || own >= MOST_OF_ONE)
        throw new Fault(
          'overloaded',
          `${waiting.length} acts wait for approval, ${own} of them yours, which is the most there may be`,
        )
      this.#run(
        'INSERT INTO approvals (id, act, at, ends_at, state) VALUES (?, ?, ?, ?, ?)',
        id,
        JSON.stringify(asked),
        at,
        endsAt,
        'waiting',
      )
      return this.#get(id)
    })
  }

  /** The newest first. */
  list(): HeldAct[] {
    return this.#all(`SELECT * FROM approvals ORDER BY at DESC, id LIMIT ${SHOWN}`).map(toHeld)
  }

  /** Acts that somebody may still decide. */
  countWaiting(now: Date): number {
    const sql = "SELECT COUNT(*) AS count FROM approvals WHERE state = 'waiting' AND ends_at > ?"
    return onDatabase('read approvals', () => Number(this.#database.prepare(sql).get(now.getTime())?.count))
  }

  close(): void {
    this.#database.close()
  }

  /** Throws the Fault `not-found`. */
  get(id: string): HeldAct {
    return onDatabase('read approvals', () => this.#get(id))
  }

  /** Of two decisions the first counts. Throws the Faults `approval-decided` and `not-found`. */
  decide(id: string, { state, by, why }: Decision, now: Date): HeldAct {
    return this.#change(() => {
      const known = this.#get(id)
      if (known.state !== 'waiting')
        throw new Fault('approval-decided', `expected an act that waits, found one that is ${known.state}`)
      this.#run(
        'UPDATE approvals SET state = ?, decided_by = ?, decided_at = ?, reason = ? WHERE id = ?',
        state,
        by,
        now.getTime(),
        why ?? null,
        id,
      )
      return this.#get(id)
    })
  }

  /** What an approved act met. */
  setReason(id: string, reason: string): void {
    this.#change(() => this.#run('UPDATE approvals SET reason = ? WHERE id = ?', reason, id))
  }

  /** Those whose time is over, and that nobody decided: they are decided by it. */
  lapse(now: Date): HeldAct[] {
    const over = onDatabase('read approvals', () =>
      this.#database.prepare("SELECT id FROM approvals WHERE state = 'waiting' AND ends_at <= ?").all(now.getTime()),
    )
    return over.map(({ id }) =>
      this.decide(String(id), { state: 'lapsed', by: 'time', why: 'nobody decided in time' }, now),
    )
  }

  #get(id: string): HeldAct {
    const row = this.#database.prepare('SELECT * FROM approvals WHERE id = ?').get(id)
    if (row === undefined) throw new Fault('not-found', `no act ${quote(id)} waits or waited for approval`)
    return toHeld(row)
  }

  #change<Value>(work: () => Value): Value {
    return onDatabase('keep approvals', () => transact(this.#database, work))
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): void {
    this.#database.prepare(sql).run(...values)
  }

  #all(sql: string): Record<string, unknown>[] {
    return onDatabase('read approvals', () => this.#database.prepare(sql).all())
  }
}

function toHeld(row: Readonly<Record<string, unknown>>): HeldAct {
  const orUndefined = <Value>(value: unknown, make: (value: unknown) => Value) =>
    value === null ? undefined : make(value)
  return {
    ...(JSON.parse(String(row.act)) as Asked),
    id: String(row.id),
    at: Number(row.at),
    endsAt: Number(row.ends_at),
    state: row.state as ApprovalState,
    decidedBy: orUndefined(row.decided_by, String),
    decidedAt: orUndefined(row.decided_at, Number),
    reason: orUndefined(row.reason, String),
  }
}
