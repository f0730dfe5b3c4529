// The sender as a witness of its receivers' logs: each tree that a receipt shows must continue the
// one that was shown before (RFC 6962 2.1.2).
import { amount, answerMeaning, Fault, quote } from '@seg/core'
import {
  formatTilePath,
  isSignedWith,
  type LogVerifier,
  type Outbox,
  openCheckpoint,
  openServedTree,
  type RememberedCheckpoint,
  type SeenCheckpoint,
  type TileName,
  verifyConsistency,
} from '@seg/ledger'
import { type Link, openConnection, type ReceiverConnection } from '../exchange/connection.ts'
import { readConnectionFailure } from '../exchange/connection-fault.ts'
import type { Later } from '../exchange/post-document.ts'
import { mayPass, readProblem } from '../exchange/problem.ts'
import type { ShownTree } from './check-log-entry.ts'
import { keepEvidence } from './log-evidence.ts'

/** Milliseconds for a tile of at most 8 KiB. */
const TILE_TIME = 30_000
/** How often a receiver may answer and not show its log before that is an alarm. */
const MOST_REFUSALS = 3
/** Milliseconds, and the least number of requests, for which a log may be out of reach. */
const LONGEST_SILENCE = 24 * 3_600_000
const LEAST_LOOKS = 10

/** A tree and the receipt that shows it, and where the log is served. */
export type Shown = {
  readonly tree: ShownTree
  /** The keys of the logs that are known. */
  readonly verifiers: readonly LogVerifier[]
  readonly receipt: Buffer
  readonly link: Link
  readonly signal: AbortSignal
}

/** The log could not be read: nothing is known about its content. */
export class LogUnread extends Error {
  /** Whether the receiver answered, and did not show it. */
  readonly isRefusal: boolean

  constructor(message: string, isRefusal: boolean) {
    super(message)
    this.isRefusal = isRefusal
  }
}

type Demand = Shown & { readonly settle: (doubt: Later | undefined) => void; readonly fail: (error: unknown) => void }

export class LogWitness {
  readonly #outbox: Outbox
  readonly #data: string
  readonly #now: () => Date
  /** What waits for each log; there is a list while one is being worked on. */
  readonly #waiting = new Map<string, Demand[]>()

  constructor({ outbox, data, now }: { outbox: Outbox; data: string; now: () => Date }) {
    this.#outbox = outbox
    this.#data = data
    this.#now = now
  }

  /**
   * Resolves when the tree is proven to be of one history with what was seen of its log before;
   * durable then. With a reason to try again when the log could not be read. Throws the Faults
   * `log-rewritten` when there is no such proof, and keeps what shows it, and `log-unproven` when
   * the log is not shown for too long. Several demands share one request to the log.
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
        const end = await this.#weigh(log, batch, error).catch((failure: unknown) => failure)
        for (const { settle, fail } of batch) {
          if (end instanceof LogUnread) settle({ reason: end.message, retryAfter: 0, concernsReceiver: true })
          else fail(end)
        }
      }
    }
  }

  /** All demands that wait; undefined when none does, and then no request is under way. */
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
    const trees = batch.map(({ tree }) => tree)
    const newest = trees.reduce((newer, tree) => (tree.size > newer.size ? tree : newer))
    // Before any proof: a tree that breaks with the others is what partners must be able to find.
    await this.#outbox.logs.note(log, trees, this.#now().getTime())
    for (;;) {
      const known = await this.#outbox.logs.witnessed(log)
      const { own, latest: before } = known
      if (before !== undefined && own !== undefined && isReplaced(log, own, before, newest))
        return this.#alarm(
          batch,
          before,
          new Fault('log-invalid', `a key that was replaced signed ${amount(newest.size, 'entry')}`),
        )
      const top = before !== undefined && before.size >= newest.size ? before : newest
      const source = batch[0]!
      await using served = openServedLog(source)
      if (before !== undefined && before !== top) {
        const broken = await served.isBroken(before, top)
        if (broken !== undefined) return this.#alarm(batch, before, broken)
      }
      // Another process may have seen another tree meanwhile, which this one must continue, too.
      if (top !== before && !(await this.#outbox.remember(log, known, top))) continue
      for (const demand of batch) {
        const broken = demand.tree === top ? undefined : await served.isBroken(demand.tree, top)
        if (broken === undefined) demand.settle(undefined)
        else await this.#alarm([demand], top, broken)
      }
      await this.#outbox.logs.settleDoubt(log)
      return
    }
  }

  /**
   * A log that is not shown: whether its own last word is shorter than what it showed before, or it
   * has been silent for too long.
   */
  async #weigh(log: string, batch: readonly Demand[], error: unknown): Promise<unknown> {
    if (!(error instanceof LogUnread)) return error
    const { logs } = this.#outbox
    const before = (await logs.witnessed(log)).latest
    const now = error.isRefusal && before !== undefined ? await readLastWord(batch[0]!) : undefined
    if (before !== undefined && now !== undefined && now.size < before.size)
      return this.#prove(
        batch,
        before,
        now,
        `the log has shrunk: it had ${amount(before.size, 'entry')}, and now has ${now.size}`,
      )
    const doubt = await logs.doubt(log, {
      at: this.#now().getTime(),
      isRefusal: error.isRefusal,
      reason: error.message,
    })
    const isSilent = this.#now().getTime() - doubt.since >= LONGEST_SILENCE && doubt.looks >= LEAST_LOOKS
    if (doubt.refusals < MOST_REFUSALS && !isSilent) return error
    const since = new Date(doubt.since).toISOString()
    return new Fault(
      'log-unproven',
      `the log ${quote(log)} is not shown since ${since}, asked ${amount(doubt.looks, 'time')}: ${error.message}`,
      { cause: error },
    )
  }

  /** The Fault of a log whose own last checkpoint shows less than one before. */
  async #prove(batch: readonly Demand[], before: SeenCheckpoint, shown: ShownTree, reason: string): Promise<Fault> {
    const { receipt, link } = batch[0]!
    await this.#outbox.logs.note(shown.log, [shown], this.#now().getTime())
    const place = await keepEvidence(this.#data, { before, shown, receipt, receiver: link.receiver, reason })
    return new Fault(
      'log-rewritten',
      `the log ${quote(shown.log)} at ${link.receiver.origin} is not what it was: ${reason}; ` +
        `evidence is kept in ${place}`,
    )
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
      const sizes = `of ${amount(before.size, 'entry')} before, of ${tree.size} in this receipt`
      fail(
        new Fault(
          'log-rewritten',
          `the log ${quote(tree.log)} at ${link.receiver.origin} has shown two trees ` +
            `(${sizes}) that are not of one history: ${broken.detail}; evidence is kept in ${place}`,
          { cause: broken },
        ),
      )
    }
  }
}

/** A key that signed less than its successor is at its end: no larger tree is under it. */
function isReplaced(log: string, own: SeenCheckpoint, latest: RememberedCheckpoint, newest: ShownTree): boolean {
  return latest.log !== log && own.size < latest.size && newest.size > latest.size
}

/** The log at the receiver, and each of its tiles asked for once. */
export function openServedLog({ link, signal }: Pick<Shown, 'link' | 'signal'>) {
  let connection: ReceiverConnection | undefined
  const fetchTile = async (name: TileName) => {
    connection ??= openConnection(link)
    return requestTile(connection, name, signal)
  }
  const trees = new Map<number, ReturnType<typeof openServedTree>>()
  return {
    /**
     * The Fault of a proof that does not hold, or that cannot be had of the tiles that are shown;
     * undefined when `newer` continues `older`.
     */
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

async function requestTile(connection: ReceiverConnection, name: TileName, signal: AbortSignal): Promise<Buffer> {
  return requestLog(connection, formatTilePath(name), 'application/octet-stream', signal)
}

async function requestLog(
  connection: ReceiverConnection,
  name: string,
  accept: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const path = `/v1/log/${name}`
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TILE_TIME)])
  const answer = await connection
    .request({ method: 'GET', path, headers: { accept }, signal: limited })
    .catch(readConnectionFailure)
  if (typeof answer === 'string')
    throw new LogUnread(`the receipt came, but the receiver's log cannot be read: ${answer}`, false)
  if (answer.status === 200 && answer.body !== undefined) return answer.body
  const { code, sentence } = readProblem(answer)
  const reason = `the receipt came, but the receiver does not show its log (${path}): ${code}: ${sentence}`
  throw new LogUnread(reason, !mayPass(answerMeaning(code, answer.status)))
}

/**
 * The checkpoint that the log shows at this moment, under one of its keys; undefined when it shows
 * none.
 */
async function readLastWord({ tree, verifiers, link, signal }: Shown): Promise<ShownTree | undefined> {
  await using connection = openConnection(link)
  try {
    const note = (await requestLog(connection, 'checkpoint', 'text/plain', signal)).toString('utf8')
    const [name] = tree.log.split('+')
    const verifier = verifiers.find(key => key.name === name && isSignedWith(note, key))
    return verifier && { ...openCheckpoint(note, verifier), note, log: `${name}+${verifier.hash.toString('hex')}` }
  } catch (error) {
    if (error instanceof LogUnread || (error instanceof Fault && error.code === 'log-invalid')) return undefined
    throw error
  }
}
