// The one worker of a node. It takes the lock of the log first, and only then what has gathered:
// all of that becomes one batch in one transaction (docs/high-availability.md).
import { Fault } from '@seg/core'
import type { Batch, BatchComposer, LogEnd } from '../../batch/compose-batch.ts'
import type { WriteOutcome, WriteRequest } from '../../batch/requests.ts'
import { type LogKey, verifierKeyOf } from '../../log/checkpoint.ts'
import { connectToPrimary, type PostgresConnection } from '../connect.ts'
import { BARRIER } from '../connections.ts'
import { isInTime } from '../in-time.ts'
import { postgresFault } from '../postgres-fault.ts'
import type { PostgresPlace } from '../postgres-place.ts'
import { checkLasting, LASTING_COLUMNS } from '../server-settings.ts'
import { checkGivenUp, checkLeases, checkPieces, findEarlierOf } from './batch-lookup.ts'
import { batchValues, STORE_BATCH } from './batch-rows.ts'
import { ChainRows } from './chain-rows.ts'
import { checkNotMoved, continueTree } from './log-end.ts'
import { CLOCK_COLUMN, checkClock } from './node-clock.ts'
import type { SeenLogFile } from './seen-log.ts'
import { limitsFor, SILENCE, workTimeFor, writerForm } from './writer-limits.ts'

/** Of the log, for all nodes; any number that nothing else in the database uses. */
export const LOG_LOCK = 0x5e6106
/** Of this process of the server. */
const HELD_LOCK = `SELECT 1 FROM pg_locks
  WHERE pid = $1 AND locktype = 'advisory' AND classid = 0 AND objid = ${LOG_LOCK} AND objsubid = 1 AND granted`
/** Milliseconds that requests wait for a commit; then they are in doubt, and it is waited for. */
const COMMIT_TIME = 3000
type Head = { readonly size: number; readonly root: Buffer; readonly latest: number; readonly key: string }

export class PostgresWriter {
  readonly #place: PostgresPlace
  readonly #composer: BatchComposer
  readonly #seen: SeenLogFile
  /** Milliseconds that the session may be silent in the next transaction. */
  readonly #silence: () => number
  readonly #chains = new ChainRows()
  #connection: PostgresConnection | undefined
  /** Undefined when the tree may have entries that the database does not have. */
  #end: LogEnd | undefined
  /** The verifier key of what the composer signs with. */
  #verifierKey: string
  /** Why nothing is taken: a commit without an answer. */
  #hanging: Fault | undefined
  /** Whether COMMIT was sent: what failed then may be there all the same. */
  #isCommitting = false

  constructor(place: PostgresPlace, key: LogKey, composer: BatchComposer, seen: SeenLogFile, silence: () => number) {
    this.#silence = silence
    this.#place = place
    this.#composer = composer
    this.#seen = seen
    this.#verifierKey = verifierKeyOf(key)
  }

  /**
   * Outcomes in the order of the requests that `take` gives, durable on this server and as many
   * standbys as it must wait for. A request that fails takes no other with it; where the server
   * does not answer, all that wait get that (`take` without a limit).
   */
  async commit(take: (limit?: number) => readonly WriteRequest[], limit: number): Promise<readonly WriteOutcome[]> {
    if (this.#hanging !== undefined) return failed(take(), this.#hanging, false)
    let requests: readonly WriteRequest[] | undefined
    this.#isCommitting = false
    try {
      return await this.#transact(() => {
        requests = take(limit)
        return requests
      })
    } catch (error) {
      const isDoubtful = this.#isCommitting
      await this.#undo()
      const fault = writerFault(error)
      if (requests === undefined) return failed(take(), fault, false)
      // What may be there already is not entered a second time.
      if (requests.length === 1 || isDoubtful || isOfServer(error)) return failed(requests, fault, isDoubtful)
      const outcomes: WriteOutcome[] = []
      for (const request of requests) outcomes.push(...(await this.commit(() => [request], 1)))
      return outcomes
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close()
    // Without it the next start knows an earlier end.
    await this.#seen.write().catch(() => {})
  }

  /**
   * Crash before COMMIT is sent: nothing of it is there. After: all of it or nothing, and the next
   * batch of any node finds out under the lock, which the server holds until the commit is over.
   */
  async #transact(take: () => readonly WriteRequest[]): Promise<readonly WriteOutcome[]> {
    const silence = this.#silence()
    const composing = this.#compose(take, silence)
    if (!(await isInTime(composing, workTimeFor(silence)))) this.#connection?.destroy()
    const composed = await composing
    return composed === undefined ? [] : this.#finish(composed.connection, composed.batch)
  }

  /** A batch that is stored and not yet committed; undefined when nothing has gathered. */
  async #compose(take: () => readonly WriteRequest[], silence: number) {
    const connection = await this.#connect()
    const head = await this.#begin(connection, silence)
    const requests = take()
    if (requests.length === 0) {
      await connection.tag('ROLLBACK')
      return undefined
    }
    const successor = head.key === this.#verifierKey ? undefined : head.key
    const known = this.#end
    this.#end = undefined
    const tree = await continueTree(connection, known?.tree, head)
    const end: LogEnd = { tree, latest: head.latest, successor, key: known?.key }
    const find = await findEarlierOf(connection, requests)
    await checkGivenUp(connection, requests)
    await checkLeases(connection, requests)
    await checkPieces(connection, requests)
    const batch = this.#composer.compose(requests, end, find)
    await this.#store(connection, batch, head.size)
    return { connection, batch }
  }

  async #connect(): Promise<PostgresConnection> {
    if (this.#connection === undefined || this.#connection.isEnded)
      this.#connection = await connectToPrimary(this.#place, writerForm)
    return this.#connection
  }

  /** The head of the log, under the lock, which ends with the transaction. */
  async #begin(connection: PostgresConnection, silence: number): Promise<Head> {
    const { seen } = this.#seen
    const limits = silence === SILENCE ? [] : Object.entries(limitsFor(silence))
    const [row] = await connection.lastRows(
      `BEGIN ISOLATION LEVEL READ COMMITTED; ${limits.map(([name, time]) => `SET LOCAL ${name} = '${time}'; `).join('')}
      SELECT pg_advisory_xact_lock(${LOG_LOCK});
      SELECT size, root, latest, has_moved, (SELECT verifier_key FROM log_keys ORDER BY from_size DESC LIMIT 1) AS key,
        (SELECT note FROM checkpoints WHERE tree_size = ${seen?.size ?? 0}) AS note,
        ${CLOCK_COLUMN}, ${LASTING_COLUMNS}
      FROM log_head`,
    )
    if (row === undefined) throw new Fault('storage-unavailable', 'the log in the database has no head')
    checkNotMoved(row)
    checkLasting(row, this.#place.standbys)
    checkClock(Date.now(), Number(row.clock))
    const size = Number(row.size)
    this.#seen.check(size, row.note, connection.timeline)
    const latest = row.latest === null ? Number.NEGATIVE_INFINITY : Date.parse(String(row.latest))
    return { size, root: row.root as Buffer, latest, key: String(row.key) }
  }

  async #store(connection: PostgresConnection, batch: Batch, from: number): Promise<void> {
    const { acceptances, checkpoint, nextKey, cursors, deadLetters } = batch
    await this.#chains.keep(connection, acceptances)
    if (checkpoint !== undefined) {
      const values = batchValues(batch, from, fingerprints => this.#chains.rowOf(fingerprints))
      const moved = await connection.planned('batch', STORE_BATCH, values)
      if (moved.length !== 1) throw new Fault('storage-unavailable', `the log was continued by another node at ${from}`)
    }
    if (nextKey !== undefined)
      await connection.rows('INSERT INTO log_keys (from_size, verifier_key) VALUES ($1, $2)', [
        nextKey.from,
        nextKey.verifierKey,
      ])
    for (const { cursor, index, at, reason } of deadLetters)
      await connection.rows(
        `INSERT INTO dead_letters (cursor, leaf_index, at, reason) VALUES ($1, $2, $3, $4)
        ON CONFLICT (cursor, leaf_index) DO NOTHING`,
        [cursor, index, at, storable(reason)],
      )
    if (cursors.length > 0) await storeCursors(connection, cursors)
    else if (checkpoint === undefined) await connection.rows(BARRIER)
  }

  async #finish(connection: PostgresConnection, batch: Batch): Promise<readonly WriteOutcome[]> {
    connection.takeNotices()
    this.#isCommitting = true
    const committed = connection.tag('COMMIT')
    if (!(await isInTime(committed, COMMIT_TIME))) throw this.#waitFor(connection, committed)
    await this.#settle(connection, await committed, batch)
    return batch.outcomes
  }

  /** The answer to a COMMIT. Throws the Fault `storage-unavailable` where it is not durable. */
  async #settle(connection: PostgresConnection, tag: string, { end, checkpoint, nextKey }: Batch): Promise<void> {
    if (tag !== 'COMMIT') throw new Fault('storage-unavailable', 'PostgreSQL rolled the batch back')
    // A wait for standbys that was cancelled ends with a warning, and a commit that is not there.
    if (connection.takeNotices().length > 0)
      throw new Fault('storage-unavailable', 'the commit did not wait for its standbys: it is in doubt')
    this.#end = end
    if (nextKey !== undefined && end.key !== undefined) this.#verifierKey = verifierKeyOf(end.key)
    const { timeline } = connection
    if (checkpoint !== undefined) this.#seen.keep({ ...checkpoint, timeline })
  }

  /**
   * Nobody cancels a commit that waits for its standbys: its answer shows that they are back. Until
   * then every request is answered at once.
   */
  #waitFor(connection: PostgresConnection, committed: Promise<string>): Fault {
    const fault = new Fault(
      'storage-unavailable',
      `PostgreSQL has not committed within ${COMMIT_TIME / 1000} s: is a standby missing?`,
    )
    this.#hanging = fault
    const keeper = setInterval(() => this.#lookAfter(connection), COMMIT_TIME)
    committed
      .catch(() => connection.destroy())
      .finally(() => {
        clearInterval(keeper)
        this.#hanging = undefined
      })
    return fault
  }

  /**
   * Gives the answer up where it cannot come any more: the server has let go of the lock, which it
   * holds until the commit is over and seen by others (then the answer was lost on its way, or the
   * session has ended), or another server has taken over. A commit that has not arrived, or waits
   * for standbys, has the lock. The requests were answered, and are not acknowledged here.
   */
  async #lookAfter(connection: PostgresConnection): Promise<void> {
    const other = await connectToPrimary(this.#place, { purpose: 'watchdog', patience: COMMIT_TIME }).catch(
      () => undefined,
    )
    if (other === undefined) return
    try {
      const [held] = await other.rows(HELD_LOCK, [connection.backend])
      if (held === undefined || other.timeline > connection.timeline) connection.destroy()
    } catch {
      // The next look tries again.
    } finally {
      await other.close()
    }
  }

  /** A connection with a commit under way is left alone. */
  async #undo(): Promise<void> {
    this.#end = undefined
    this.#chains.forget()
    const connection = this.#connection
    if (connection === undefined || this.#hanging !== undefined) return
    try {
      await connection.tag('ROLLBACK')
    } catch {
      connection.destroy()
    }
    if (connection.isEnded) this.#connection = undefined
  }
}

/** The furthest place of each name counts: a node that was stopped moves no cursor back. */
async function storeCursors(connection: PostgresConnection, cursors: Batch['cursors']): Promise<void> {
  const last = new Map(cursors.map(({ name, index }) => [name, index]))
  await connection.rows(
    `INSERT INTO cursors AS c (name, leaf_index) SELECT * FROM unnest($1::text[], $2::bigint[])
    ON CONFLICT (name) DO UPDATE SET leaf_index = GREATEST(c.leaf_index, excluded.leaf_index)`,
    [[...last.keys()], [...last.values()]],
  )
}

/** PostgreSQL has no text with a NUL. */
function storable(text: string): string {
  return text.replaceAll('\0', '\u{fffd}')
}

function failed(requests: readonly WriteRequest[], fault: Fault, isDoubtful: boolean): readonly WriteOutcome[] {
  return requests.map(() => ({ kind: 'failed', fault, isDoubtful }))
}

/** Not by one of the requests: to try each by itself would only take longer. */
function isOfServer(error: unknown): boolean {
  return !(error instanceof Fault) && postgresFault('', error) instanceof Fault
}

function writerFault(error: unknown): Fault {
  const fault = postgresFault('write to the ledger', error)
  return fault instanceof Fault
    ? fault
    : new Fault('internal', `cannot write to the ledger: ${(fault as Error).message}`, { cause: fault })
}
