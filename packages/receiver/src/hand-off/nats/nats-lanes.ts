// The hand-off to a stream of NATS JetStream: each document is one message, one under way for each
// sender, and taken when the stream has acknowledged it.
import { asFault, Fault, LONGEST_PAUSE, quote, retryDelay } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import type { Logger } from '../../logger.ts'
import type { Edge, Lane, LaneTarget, Obstacle, RetryOutcome } from '../sender-lanes.ts'
import { ByteRoom } from './byte-room.ts'
import { connectToNats, type NatsConnection, type NatsPlace, proveLimit } from './nats-connection.ts'
import { headersOf, messageBytes, subjectOf } from './nats-message.ts'
import { checkStream, readPublished, type StreamPlace } from './nats-stream.ts'

/** Senders with a document under way at the same time, and documents of one sender in a turn. */
const LANES = 8
const TURN = 16
/** Bytes of documents in memory at the same time; a larger one is alone. */
const BYTES_UNDER_WAY = 32 * 1024 * 1024
/** Milliseconds for an acknowledgement, for an answer about the stream, between two such. */
const ACKNOWLEDGE_TIME = 30_000
const LOOK_TIME = 5000
const LOOK_INTERVAL = 60_000

export type NatsTarget = NatsPlace & StreamPlace
type Outcome = RetryOutcome & { readonly isFinal: boolean }

/**
 * Throws the Fault `configuration` for a stream that may lose documents, and `storage-unavailable`
 * for what may pass. Returns warnings.
 */
export async function lookAtNats(target: NatsTarget, signal: AbortSignal): Promise<readonly string[]> {
  const connection = await connectToNats(target, signal)
  return lookAtStream(connection, target, signal).finally(() => connection.end('it is not used any more'))
}

async function lookAtStream(
  connection: NatsConnection,
  target: NatsTarget,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const asking = connection.request(`$JS.API.STREAM.INFO.${target.stream}`, {}, Buffer.alloc(0), {
    time: LOOK_TIME,
    signal,
  })
  return checkStream(await asking, target)
}

export class NatsLanes implements LaneTarget {
  readonly name = 'nats'
  readonly lanes = LANES
  readonly turn = TURN
  readonly longestPause = LONGEST_PAUSE
  readonly #target: NatsTarget
  readonly #ledger: Pick<LedgerReader, 'read'>
  readonly #logger: Pick<Logger, 'error' | 'warn'>
  readonly #edge: Edge
  readonly #patience: number
  readonly #room = new ByteRoom(BYTES_UNDER_WAY)
  #connection: NatsConnection | undefined
  #connecting: Promise<NatsConnection> | undefined
  /** Bytes of a message, more than which the server has refused. */
  #provenLimit: number | undefined
  /** When the stream was looked at, by `elapsed`. */
  #lookedAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #nextTry = 0
  #lastFault: Fault | undefined
  #warnings = ''

  constructor(
    target: NatsTarget,
    ledger: Pick<LedgerReader, 'read'>,
    logger: Pick<Logger, 'error' | 'warn'>,
    edge: Edge,
    patience = ACKNOWLEDGE_TIME,
  ) {
    this.#target = target
    this.#ledger = ledger
    this.#logger = logger
    this.#edge = edge
    this.#patience = patience
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#connected(signal)
  }

  async handOn(documents: readonly AcceptedDocument[], lane: Lane, signal: AbortSignal): Promise<Obstacle | undefined> {
    for (const document of documents) {
      if (signal.aborted) return undefined
      const begin = this.#edge.elapsed()
      const { reason, isFinal } = await this.#publish(document, signal)
      if (signal.aborted && reason !== undefined) return undefined
      const { id, sha256, bytes } = document
      if (reason !== undefined && !isFinal)
        return { reason: `${describe(document)}: ${reason}`, retryAfter: 0, document: id }
      const facts = { document: id, sha256, bytes, tries: lane.tries + 1, totalTime: this.#edge.elapsed() - begin }
      if (reason === undefined) await lane.moveBehind(document, facts)
      else {
        await lane.giveUp(document, reason, facts)
        const what = `NATS does not take ${describe(document)}: ${reason}`
        this.#logger.error(`${what}; \`receiver dead-letters\` lists it`)
      }
    }
    return undefined
  }

  async tryAgain(document: AcceptedDocument, signal: AbortSignal): Promise<RetryOutcome> {
    const { reason } = await this.#publish(document, signal)
    return { reason }
  }

  async close(): Promise<void> {
    this.#connection?.end('the receiver stops')
  }

  /** Every behaviour of NATS is an outcome, and a document that cannot be read, too. */
  async #publish(document: AcceptedDocument, signal: AbortSignal): Promise<Outcome> {
    const { stream, subject } = this.#target
    const headers = headersOf(document, stream, this.#edge.traceParent?.(document))
    const bytes = messageBytes(headers, document)
    try {
      const { maxPayload: most } = await this.#connected(signal)
      if (bytes > most) {
        await this.#prove(most, signal)
        return { reason: `${bytes} bytes with its headers; the server takes ${most} (max_payload)`, isFinal: true }
      }
      using _room = await this.#room.enter(bytes)
      const content = await readWhole(document, this.#ledger)
      const connection = await this.#connected(signal)
      const limits = { time: this.#patience, signal }
      const answer = await connection.request(subjectOf(subject, document), headers, content, limits)
      const outcome = readPublished(answer, this.#target)
      if (outcome.kind === 'stored') return { reason: undefined, isFinal: true }
      return { reason: outcome.reason, isFinal: outcome.isAboutMessage }
    } catch (error) {
      return { reason: asFault(error).message, isFinal: false }
    }
  }

  /** Nothing is given up for what nobody has signed; once for each connection. */
  async #prove(most: number, signal: AbortSignal): Promise<void> {
    if (this.#provenLimit === most) return
    await proveLimit(this.#target, most, { time: this.#patience, signal })
    this.#provenLimit = most
  }

  /** One attempt for all senders, with growing pauses; the stream is looked at every minute. */
  async #connected(signal: AbortSignal): Promise<NatsConnection> {
    const { elapsed } = this.#edge
    const isFresh = elapsed() - this.#lookedAt < LOOK_INTERVAL
    if (this.#connection !== undefined && !this.#connection.isEnded && isFresh) return this.#connection
    if (elapsed() < this.#nextTry && this.#lastFault !== undefined) throw this.#lastFault
    this.#connecting ??= this.#connect(signal).finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connect(signal: AbortSignal): Promise<NatsConnection> {
    const { elapsed, random } = this.#edge
    try {
      const isOpen = this.#connection !== undefined && !this.#connection.isEnded
      const connection = isOpen ? this.#connection! : await connectToNats(this.#target, signal)
      if (connection !== this.#connection) this.#provenLimit = undefined
      this.#connection = connection
      const warnings = (await lookAtStream(connection, this.#target, signal)).join('; ')
      if (warnings !== '' && warnings !== this.#warnings) this.#logger.warn(warnings)
      this.#warnings = warnings
      this.#lookedAt = elapsed()
      this.#failures = 0
      this.#lastFault = undefined
      return connection
    } catch (error) {
      this.#lookedAt = Number.NEGATIVE_INFINITY
      this.#lastFault = asFault(error)
      this.#nextTry = elapsed() + retryDelay(++this.#failures, 0, random, LONGEST_PAUSE)
      throw this.#lastFault
    }
  }
}

async function readWhole({ sender, id, index }: AcceptedDocument, ledger: Pick<LedgerReader, 'read'>): Promise<Buffer> {
  const content = await ledger.read(sender, id)
  if (content === undefined) throw new Fault('storage-unavailable', `entry ${index} has lost its document`)
  return Buffer.concat(await Array.fromAsync(content))
}

function describe({ id, sender }: AcceptedDocument): string {
  return `document ${quote(id)} from ${quote(sender)}`
}
