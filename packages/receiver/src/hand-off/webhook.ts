// The webhook: each accepted document is posted to the receiver's own systems, in order for each sender; one sender's trouble holds up no other.
import { readFile, stat } from 'node:fs/promises'
import { asFault, Bell, Fault, LONGEST_PAUSE, patrol, quote, retryDelay } from '@seg/core'
import type { AcceptedDocument, Ledger } from '@seg/ledger'
import type { Logger } from '../log.ts'
import type { HandOff } from './hand-off.ts'
import { postToWebhook, type Webhook } from './webhook-request.ts'

/** Milliseconds between two looks at the ledger. */
const LOOK_INTERVAL = 250
/** Documents on their way at a time, each of another sender, and how many of one sender before another has its turn. */
const LANES = 8
const TURN = 16
const SHORTEST_SECRET = 32
/** Milliseconds of answers that it is not taken after which a document is given up. */
export const LIFETIME = 72 * 3600 * 1000

/** Milliseconds that a webhook is believed when it asks for patience. */
const LONGEST_PATIENCE = 3600 * 1000

type Files = { readonly url: URL; readonly secret: string; readonly ca: string | undefined }

/** Reads the secret, a file of 32 octets and more that nobody else may read, and the CAs. Throws the Fault `configuration`. */
export async function loadWebhook({ url, secret, ca }: Files): Promise<Webhook> {
  try {
    const [{ mode }, octets, authorities] = await Promise.all([
      stat(secret),
      readFile(secret),
      ca && readFile(ca, 'utf8'),
    ])
    if ((mode & 0o077) !== 0)
      throw new Fault('configuration', `${secret} must be readable for its owner only: chmod 600`)
    if (octets.length < SHORTEST_SECRET)
      throw new Fault(
        'configuration',
        `expected a secret of ${SHORTEST_SECRET} bytes or more in ${secret}, found ${octets.length}`,
      )
    return { url, secret: octets, ca: authorities || undefined }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('configuration', `cannot read what the webhook needs: ${(cause as Error).message}`, { cause })
  }
}

/** How far the documents of one sender have come. */
type Lane = {
  cursor: number
  tries: number
  /** Milliseconds since 1970. */
  nextTry: number
  /** Of the document that is next. */
  firstRefusal: number | undefined
  complaint: string
  /** When it last had its turn: how many others had had one before. */
  turn: number
  /** Entries that the log had when none of them was next. */
  emptyAt: number
}

type Edge = { readonly now: () => Date; readonly random: () => number }

export function startWebhook(
  webhook: Webhook,
  ledger: Ledger,
  log: Pick<Logger, 'error' | 'info'>,
  edge: Edge,
): HandOff {
  const stop = new AbortController()
  const rounds = new WebhookRounds(webhook, ledger, log, edge, stop.signal)
  const complain = (line: string) => log.error(`the webhook ${line}`)
  const ended = patrol(() => rounds.look(), {
    interval: LOOK_INTERVAL,
    wake: rounds.wake,
    signal: stop.signal,
    complain,
  })
  return {
    async close() {
      stop.abort()
      await ended
      await rounds.end()
    },
  }
}

class WebhookRounds {
  readonly #webhook: Webhook
  readonly #ledger: Ledger
  readonly #log: Pick<Logger, 'error' | 'info'>
  readonly #edge: Edge
  readonly #signal: AbortSignal
  readonly #lanes = new Map<string, Lane>()
  readonly #underWay = new Map<string, Promise<void>>()
  #turns = 0
  /** Entries that the log had when all its senders were known. */
  #metAt = 0
  /** Rings when a lane is free again. */
  readonly wake = new Bell()

  constructor(webhook: Webhook, ledger: Ledger, log: Pick<Logger, 'error' | 'info'>, edge: Edge, signal: AbortSignal) {
    this.#webhook = webhook
    this.#ledger = ledger
    this.#log = log
    this.#edge = edge
    this.#signal = signal
  }

  /** Whoever has waited longest comes first: otherwise a few with much to say would keep all lanes. */
  async look(): Promise<void> {
    const size = await this.#ledger.log.size()
    await this.#meetSenders(size)
    for (const [sender, lane] of [...this.#lanes].sort(([, one], [, other]) => one.turn - other.turn)) {
      if (this.#underWay.size >= LANES) return
      if (this.#underWay.has(sender) || lane.emptyAt === size || lane.nextTry > this.#edge.now().getTime()) continue
      if ((await this.#ledger.accepted(lane.cursor, 1, sender)).length > 0) this.#start(sender, lane)
      else lane.emptyAt = size
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  async #meetSenders(size: number): Promise<void> {
    if (size === this.#metAt) return
    for (const sender of await this.#ledger.senders()) {
      if (this.#lanes.has(sender)) continue
      const cursor = await this.#ledger.cursor(cursorOf(sender))
      this.#lanes.set(sender, {
        cursor,
        tries: 0,
        nextTry: 0,
        firstRefusal: undefined,
        complaint: '',
        turn: 0,
        emptyAt: 0,
      })
    }
    this.#metAt = size
  }

  #start(sender: string, lane: Lane): void {
    lane.turn = ++this.#turns
    const working = this.#work(sender, lane)
      .catch(error => this.#postpone(sender, lane, asFault(error).message, 0))
      .finally(() => {
        this.#underWay.delete(sender)
        this.wake.ring()
      })
    this.#underWay.set(sender, working)
  }

  async #work(sender: string, lane: Lane): Promise<void> {
    for (const document of await this.#ledger.accepted(lane.cursor, TURN, sender)) {
      if (this.#signal.aborted) return
      const { now } = this.#edge
      const outcome = await postToWebhook(document, this.#ledger, this.#webhook, now(), this.#signal)
      if (this.#signal.aborted && outcome.kind !== 'taken') return
      if (outcome.kind === 'later') {
        if (outcome.isAnswer) lane.firstRefusal ??= now().getTime()
        const isOver = lane.firstRefusal !== undefined && now().getTime() - lane.firstRefusal >= LIFETIME
        if (!isOver) return this.#postpone(sender, lane, `${describe(document)}: ${outcome.reason}`, outcome.retryAfter)
      }
      // Crash before: it is posted again. After: never.
      if (outcome.kind === 'taken') await this.#ledger.moveCursor(cursorOf(sender), document.index)
      else await this.#giveUp(document, outcome.reason)
      if (lane.complaint !== '') this.#log.info(`the webhook takes documents of ${quote(sender)} again`)
      Object.assign(lane, {
        cursor: document.index,
        tries: 0,
        nextTry: 0,
        firstRefusal: undefined,
        complaint: '',
      } satisfies Partial<Lane>)
    }
  }

  async #giveUp(document: AcceptedDocument, reason: string): Promise<void> {
    await this.#ledger.giveUp(cursorOf(document.sender), document.index, this.#edge.now().toISOString(), reason)
    this.#log.error(`the webhook does not take ${describe(document)}: ${reason}; \`receiver dead-letters\` lists it`)
  }

  #postpone(sender: string, lane: Lane, complaint: string, retryAfter: number): void {
    lane.tries++
    const patience = Math.min(retryAfter, LONGEST_PATIENCE)
    lane.nextTry = this.#edge.now().getTime() + retryDelay(lane.tries, patience, this.#edge.random, LONGEST_PAUSE)
    if (complaint !== lane.complaint)
      this.#log.error(`the webhook holds up documents of ${quote(sender)}: ${complaint}; it is tried again`)
    lane.complaint = complaint
  }
}

function cursorOf(sender: string): string {
  return `webhook ${sender}`
}

function describe({ id, sender }: AcceptedDocument): string {
  return `document ${quote(id)} from ${quote(sender)}`
}
