// The sender as a witness of its receivers' logs: each tree that a receipt shows must continue the one that was shown before (RFC 6962 2.1.2).
import { Fault, quote } from '@seg/core'
import {
  formatTilePath,
  type Outbox,
  openServedTree,
  type SeenCheckpoint,
  type TileName,
  verifyConsistency,
} from '@seg/ledger'
import type { ShownTree } from './check-log-entry.ts'
import { type Connection, type Link, openConnection } from './connection.ts'
import { readConnectionFailure } from './connection-fault.ts'
import { keepEvidence } from './log-evidence.ts'
import type { Later } from './post-document.ts'
import { readProblem } from './problem.ts'

/** Milliseconds for a tile of at most 8 KiB. */
const TILE_TIME = 30_000

/** A tree and the receipt that shows it, and where the log is served. */
export type Shown = {
  readonly tree: ShownTree
  readonly receipt: Buffer
  readonly link: Link
  readonly signal: AbortSignal
}

/** The log could not be looked at: no word about what it holds. */
class LogUnread extends Error {}

type Demand = Shown & { readonly settle: (doubt: Later | undefined) => void; readonly fail: (error: unknown) => void }

export class LogWitness {
  readonly #outbox: Outbox
  readonly #data: string
  /** What waits for each log; there is a list while one is being worked on. */
  readonly #waiting = new Map<string, Demand[]>()

  constructor({ outbox, data }: { outbox: Outbox; data: string }) {
    this.#outbox = outbox
    this.#data = data
  }

  /**
   * Resolves when the tree is proven to be of one history with what was seen of its log before; durable then. With a reason to try again when the log could
   * not be read. Throws the Fault `log-rewritten` when there is no such proof, and keeps what shows it. Several demands share one look at the log.
   */
  demand(shown: Shown): Promise<Later | undefined> {
    const { promise, resolve: settle, reject: fail } = Promise.withResolvers<Later | undefined>()
    const demand = { ...shown, settle, fail }
    const waiting = this.#waiting.get(shown.tree.log)
    if (waiting !== undefined) waiting.push(demand)
    else {
      this.#waiting.set(shown.tree.log, [demand])
      this.#work(shown.tree.log)
    }
    return promise
  }

  async #work(log: string): Promise<void> {
    for (let batch = this.#take(log); batch !== undefined; batch = this.#take(log)) {
      try {
        await this.#compare(log, batch)
      } catch (error) {
        for (const { settle, fail } of batch) {
          if (error instanceof LogUnread) settle({ reason: error.message, retryAfter: 0, concernsReceiver: true })
          else fail(error)
        }
      }
    }
  }

  /** All that waits by now; undefined when nothing does, and then nobody works on it any more. */
  #take(log: string): Demand[] | undefined {
    const batch = this.#waiting.get(log)
    if (batch === undefined || batch.length === 0) {
      this.#waiting.delete(log)
      return undefined
    }
    this.#waiting.set(log, [])
    return batch
  }

  /** Settles the demands. Throws LogUnread. */
  async #compare(log: string, batch: readonly Demand[]): Promise<void> {
    for (;;) {
      const before = await this.#outbox.seen(log)
      const trees = batch.map(({ tree }) => tree)
      const newest = trees.reduce((newer, tree) => (tree.size > newer.size ? tree : newer))
      const top = before !== undefined && before.size >= newest.size ? before : newest
      const source = batch[0]!
      await using served = openServedLog(source)
      if (before !== undefined && before !== top) {
        const broken = await served.isBroken(before, top)
        if (broken !== undefined) return this.#alarm(batch, before, broken)
      }
      // Another process may have seen another tree meanwhile, which this one must continue, too.
      if (top !== before && !(await this.#outbox.remember(log, before, top))) continue
      for (const demand of batch) {
        const broken = demand.tree === top ? undefined : await served.isBroken(demand.tree, top)
        if (broken === undefined) demand.settle(undefined)
        else await this.#alarm([demand], top, broken)
      }
      return
    }
  }

  /** What was seen before stays remembered. */
  async #alarm(batch: readonly Demand[], before: SeenCheckpoint, broken: Fault): Promise<void> {
    for (const { tree, receipt, link, fail } of batch) {
      const place = await keepEvidence(this.#data, {
        before,
        shown: tree,
        receipt,
        receiver: link.receiver,
        reason: broken.detail,
      })
      const sizes = `of ${before.size} entries before, of ${tree.size} in this receipt`
      fail(
        new Fault(
          'log-rewritten',
          `the log ${quote(tree.log)} at ${link.receiver.origin} has shown two trees (${sizes}) that are not of one history: ${broken.detail}; evidence is kept in ${place}`,
          { cause: broken },
        ),
      )
    }
  }
}

/** The log at the receiver, and each of its tiles asked for once. */
function openServedLog({ link, signal }: Shown) {
  let connection: Connection | undefined
  const fetchTile = async (name: TileName) => {
    connection ??= openConnection(link)
    return requestTile(connection, name, signal)
  }
  const trees = new Map<number, ReturnType<typeof openServedTree>>()
  return {
    /** The Fault of a proof that does not hold, or that cannot be had of the tiles that are shown; undefined when `newer` continues `older`. */
    async isBroken(older: SeenCheckpoint, newer: SeenCheckpoint): Promise<Fault | undefined> {
      try {
        if (older.size < newer.size && !trees.has(newer.size))
          trees.set(newer.size, openServedTree(newer.size, fetchTile))
        const tree = await trees.get(newer.size)
        verifyConsistency(older, newer, older.size < newer.size ? await tree!.proveFrom(older.size) : [])
        return undefined
      } catch (error) {
        if (error instanceof Fault && error.code === 'log-invalid') return error
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => connection?.[Symbol.asyncDispose](),
  }
}

async function requestTile(connection: Connection, name: TileName, signal: AbortSignal): Promise<Buffer> {
  const path = `/v1/log/${formatTilePath(name)}`
  const headers = { accept: 'application/octet-stream' }
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TILE_TIME)])
  const answer = await connection
    .request({ method: 'GET', path, headers, signal: limited })
    .catch(readConnectionFailure)
  if (typeof answer === 'string')
    throw new LogUnread(`the receipt came, but the receiver's log cannot be read: ${answer}`)
  if (answer.status === 200 && answer.body !== undefined) return answer.body
  const { code, sentence } = readProblem(answer)
  throw new LogUnread(`the receipt came, but the receiver does not show its log (${path}): ${code}: ${sentence}`)
}
