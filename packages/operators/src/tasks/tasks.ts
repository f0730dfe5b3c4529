// Running a task: it begins, reports its progress, and ends by itself, at its time limit, or when
// it is cancelled.
import { amount, asFault, Fault } from '@seg/core'
import type { Task, TaskKind, TaskStore } from './task-store.ts'

/** Milliseconds between two notes of its progress. */
const PROGRESS_INTERVAL = 500
const MINUTE = 60_000
/** Minutes that each kind may take. */
const minutes: Readonly<Record<TaskKind, number>> = { backup: 24 * 60, diagnosis: 5 }

/** What the work gets: where its lines of progress go, and a signal that ends it early. */
export type TaskEdge = { readonly onProgress: (line: string) => void; readonly signal: AbortSignal }

/** Does the work. Throws the Fault that ended it; after an abort, any error. */
export type RunTask = (kind: TaskKind, edge: TaskEdge) => Promise<Readonly<Record<string, unknown>>>

export class Tasks {
  readonly #open: () => Promise<TaskStore>
  readonly #work: RunTask
  readonly #now: () => Date
  /** By its id: what ends it early, and its end. */
  readonly #underWay = new Map<string, { readonly stop: AbortController; readonly ended: Promise<unknown> }>()

  constructor(open: () => Promise<TaskStore>, work: RunTask, now: () => Date) {
    this.#open = open
    this.#work = work
    this.#now = now
  }

  /** Throws the Fault `storage-unavailable`. */
  store(): Promise<TaskStore> {
    return this.#open()
  }

  /**
   * `onBegun` gets the task. Resolves at its end; throws the Faults `act-impossible` while another
   * one runs, with nothing begun, and what it failed with. Crash on the way: the next start finds
   * it interrupted.
   */
  async run(kind: TaskKind, by: string, onBegun: (task: Task) => void): Promise<void> {
    const store = await this.#open()
    const [other] = this.#underWay.keys()
    if (other !== undefined) throw new Fault('act-impossible', `expected no task under way, found ${other}`)
    const task = store.begin(kind, by, this.#now())
    const stop = new AbortController()
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    this.#underWay.set(task.id, { stop, ended })
    onBegun(task)
    try {
      await this.#finish(task, store, stop)
    } finally {
      this.#underWay.delete(task.id)
      resolve()
    }
  }

  /** Resolves when it has ended. Throws the Fault `act-impossible` for one that does not run. */
  async cancel(id: string, by: string): Promise<Task> {
    const store = await this.#open()
    const { state } = store.get(id)
    const running = this.#underWay.get(id)
    if (running === undefined)
      throw new Fault('act-impossible', `expected a task that runs, found one that is ${state}`)
    running.stop.abort(new Fault('task-ended', `cancelled by ${by}`))
    await running.ended
    return store.get(id)
  }

  async #finish({ id, kind }: Task, store: TaskStore, stop: AbortController): Promise<void> {
    const time = minutes[kind]
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      stop.abort(new Fault('task-ended', `expected its end within ${amount(time, 'minute')}`))
    }, time * MINUTE).unref()
    let noted = Number.NEGATIVE_INFINITY
    const onProgress = (line: string) => {
      if (performance.now() - noted < PROGRESS_INTERVAL) return
      noted = performance.now()
      try {
        store.setProgress(id, line)
      } catch {
        // The work goes on all the same.
      }
    }
    const { signal } = stop
    try {
      const result = await this.#work(kind, { onProgress, signal })
      store.end(id, { state: 'done', result }, this.#now())
    } catch (error) {
      const fault = asFault(signal.aborted ? signal.reason : error)
      const { code, detail } = fault
      const state = signal.aborted && !isLate ? 'cancelled' : 'failed'
      store.end(id, { state, reason: { code, detail } }, this.#now())
      throw fault
    } finally {
      clearTimeout(timer)
    }
  }
}
