// The webhook: each accepted document is posted to the receiver's own systems, in order for each
// sender; a failure of one sender delays no other.
import { Fault, LONGEST_PAUSE, quote, readInput, readSecretFile } from '@seg/core'
import type { AcceptedDocument, Ledger } from '@seg/ledger'
import type { Logger } from '../logger.ts'
import { type Edge, type HandOff, type Lane, type LaneTarget, type Obstacle, startLanes } from './sender-lanes.ts'
import { postToWebhook, type Webhook, webhookContext } from './webhook-request.ts'
import { parseWebhookSecret } from './webhook-secret.ts'

/** Senders with a document under way at the same time, and documents of one sender in a turn. */
const LANES = 8
const TURN = 16
/** Milliseconds from the first answer that does not take a document until it is given up. */
export const LIFETIME = 72 * 3600 * 1000

type Files = { readonly url: URL; readonly secret: string; readonly ca: string | undefined }

/**
 * Reads the secret, a file that nobody else may read, and the CAs. Throws the Fault
 * `configuration`.
 */
export async function loadWebhook({ url, secret, ca }: Files): Promise<Webhook> {
  try {
    const [octets, authorities] = await Promise.all([readSecretFile(secret), ca && readInput(ca).toString('utf8')])
    // OpenSSL takes a file without certificates for no file at all.
    if (authorities !== undefined && !authorities.includes('-----BEGIN CERTIFICATE-----'))
      throw new Fault('configuration', `expected certificates in PEM in ${ca}, found none`)
    return { url, secret: parseWebhookSecret(octets, secret), secureContext: webhookContext(authorities) }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('configuration', `cannot read what the webhook needs: ${(cause as Error).message}`, { cause })
  }
}

export function startWebhook(
  webhook: Webhook,
  ledger: Ledger,
  logger: Pick<Logger, 'error' | 'info'>,
  edge: Edge,
): HandOff {
  return startLanes(new WebhookLanes(webhook, ledger, logger, edge), ledger, logger, edge)
}

class WebhookLanes implements LaneTarget {
  readonly name = 'webhook'
  readonly lanes = LANES
  readonly longestPause = LONGEST_PAUSE
  readonly #webhook: Webhook
  readonly #ledger: Ledger
  readonly #logger: Pick<Logger, 'error'>
  readonly #edge: Edge
  /**
   * By sender: when the endpoint first answered its next document without taking it, in
   * milliseconds of the monotonic clock.
   */
  readonly #refusedSince = new Map<string, number>()

  constructor(webhook: Webhook, ledger: Ledger, logger: Pick<Logger, 'error'>, edge: Edge) {
    this.#webhook = webhook
    this.#ledger = ledger
    this.#logger = logger
    this.#edge = edge
  }

  cursor(sender: string): Promise<number> {
    return this.#ledger.cursor(cursorOf(sender))
  }

  async prepare(): Promise<void> {}

  async handOn(lane: Lane, signal: AbortSignal): Promise<Obstacle | undefined> {
    const { now, elapsed, note } = this.#edge
    for (const document of await this.#ledger.accepted(lane.cursor, TURN, lane.sender)) {
      if (signal.aborted) return undefined
      const begin = elapsed()
      const outcome = await postToWebhook(document, this.#ledger, this.#webhook, now(), signal)
      if (signal.aborted && outcome.kind !== 'taken') return undefined
      if (outcome.kind === 'later' && !this.#isOver(lane.sender, outcome.isAnswer)) {
        const reason = `${describe(document)}: ${outcome.reason}`
        return { reason, retryAfter: outcome.retryAfter, document: document.id }
      }
      // Crash before: posted again. After: never again.
      if (outcome.kind === 'taken') await this.#ledger.moveCursor(cursorOf(lane.sender), document.index)
      else await this.#giveUp(document, outcome.reason)
      const attempt = { kind: 'hand-off', target: this.name, at: now().getTime(), partner: lane.sender } as const
      const end =
        outcome.kind === 'taken'
          ? ({ outcome: 'taken' } as const)
          : ({ outcome: 'given-up', detail: outcome.reason } as const)
      const { id, sha256, bytes } = document
      note({ ...attempt, ...end, document: id, sha256, bytes, tries: lane.tries + 1, totalTime: elapsed() - begin })
      this.#refusedSince.delete(lane.sender)
      lane.advance(document.index)
    }
    return undefined
  }

  /** Whether the endpoint has answered for so long without taking the document. */
  #isOver(sender: string, isAnswer: boolean): boolean {
    const now = this.#edge.elapsed()
    const since = this.#refusedSince.get(sender) ?? now
    if (isAnswer) this.#refusedSince.set(sender, since)
    return now - since >= LIFETIME
  }

  async #giveUp(document: AcceptedDocument, reason: string): Promise<void> {
    await this.#ledger.giveUp(cursorOf(document.sender), document.index, this.#edge.now().toISOString(), reason)
    this.#logger.error(`the webhook does not take ${describe(document)}: ${reason}; \`receiver dead-letters\` lists it`)
  }
}

function cursorOf(sender: string): string {
  return `webhook ${sender}`
}

function describe({ id, sender }: AcceptedDocument): string {
  return `document ${quote(id)} from ${quote(sender)}`
}
