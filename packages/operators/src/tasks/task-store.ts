// The store of tasks: the one that runs and those that ended. A restart marks one as interrupted.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import { type Migrations, onDatabase, openDatabase, transact } from '@seg/ledger'

/** Tasks that are kept; the audit trail keeps the acts without a limit. */
const MOST = 500
/** Of a list. */
const SHOWN = 200
const INTERRUPT = "UPDATE tasks SET state = 'interrupted' WHERE state = 'running'"

export type TaskKind = 'backup' | 'diagnosis'
/** `interrupted`: the gateway ended before it did. */
export type TaskState = 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted'

/** Times in milliseconds since 1970. */
export type Task = {
  readonly id: string
  readonly kind: TaskKind
  readonly state: TaskState
  /** Who asked for it. */
  readonly by: string
  readonly at: number
  readonly endedAt: number | undefined
  /** Its latest line of progress. */
  readonly progress: string | undefined
  readonly result: unknown
  /** Why there is no result. */
  readonly reason: { readonly code: string; readonly detail: string } | undefined
}

/** `result` or `reason`. */
export type TaskEnd = Pick<Task, 'state'> & Partial<Pick<Task, 'result' | 'reason'>>

const migrations: Migrations = {
  '0001-tasks': [
    `CREATE TABLE tasks (
      id TEXT NOT NULL PRIMARY KEY,
      kind TEXT NOT NULL,
      state TEXT NOT NULL,
      asked_by TEXT NOT NULL,
      at INTEGER NOT NULL,
      ended_at INTEGER,
      progress TEXT,
      result TEXT,
      reason TEXT
    ) WITHOUT ROWID`,
    'CREATE INDEX tasks_at ON tasks (at)',
  ],
}

/**
 * Its one user also runs the tasks, so a task with the state `running` was interrupted.
 * Throws the Fault `storage-unavailable`.
 */
export async function openTaskStore(folder: string): Promise<TaskStore> {
  const database = await openDatabase(join(folder, 'tasks.sqlite'), migrations)
  onDatabase('keep tasks', () => database.exec(INTERRUPT))
  return new TaskStore(database)
}

export class TaskStore {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Called while none runs: a task whose end could not be stored is marked as interrupted. */
  begin(kind: TaskKind, by: string, now: Date): Task {
    return this.#change(() => {
      this.#run(INTERRUPT, [])
      const id = randomUUID()
      this.#run('INSERT INTO tasks (id, kind, state, asked_by, at) VALUES (?, ?, ?, ?, ?)', [
        ...[id, kind, 'running', by, now.getTime()],
      ])
      this.#run(`DELETE FROM tasks WHERE id NOT IN (SELECT id FROM tasks ORDER BY at DESC, id LIMIT ${MOST})`, [])
      return this.#get(id)
    })
  }

  setProgress(id: string, line: string): void {
    this.#change(() => this.#run('UPDATE tasks SET progress = ? WHERE id = ?', [line, id]))
  }

  end(id: string, { state, result, reason }: TaskEnd, now: Date): Task {
    return this.#change(() => {
      this.#run('UPDATE tasks SET state = ?, result = ?, reason = ?, ended_at = ? WHERE id = ?', [
        ...[state, textOf(result), textOf(reason), now.getTime(), id],
      ])
      return this.#get(id)
    })
  }

  /** The newest first. */
  list(): Task[] {
    return onDatabase('read tasks', () => this.#all(`SELECT * FROM tasks ORDER BY at DESC, id LIMIT ${SHOWN}`)).map(
      toTask,
    )
  }

  /** Throws the Fault `not-found`. */
  get(id: string): Task {
    return onDatabase('read tasks', () => this.#get(id))
  }

  #get(id: string): Task {
    const row = this.#database.prepare('SELECT * FROM tasks WHERE id = ?').get(id)
    if (row === undefined) throw new Fault('not-found', `there is no task ${quote(id)}`)
    return toTask(row)
  }

  #change<Value>(work: () => Value): Value {
    return onDatabase('keep tasks', () => transact(this.#database, work))
  }

  #run(sql: string, values: readonly (string | number | null)[]): void {
    this.#database.prepare(sql).run(...values)
  }

  #all(sql: string): Record<string, unknown>[] {
    return this.#database.prepare(sql).all()
  }
}

function textOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

function toTask(row: Readonly<Record<string, unknown>>): Task {
  const orUndefined = <Value>(value: unknown, make: (text: string) => Value) =>
    value === null ? undefined : make(String(value))
  return {
    id: String(row.id),
    kind: row.kind as TaskKind,
    state: row.state as TaskState,
    by: String(row.asked_by),
    at: Number(row.at),
    endedAt: orUndefined(row.ended_at, Number),
    progress: orUndefined(row.progress, String),
    result: orUndefined(row.result, JSON.parse),
    reason: orUndefined(row.reason, JSON.parse) as Task['reason'],
  }
}
