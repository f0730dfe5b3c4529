// The webhook: each accepted document is posted to the receiver's own systems, in order for each
// sender; a failure of one sender delays no other.
import { Fault, LONGEST_PAUSE, quote, readSecretFile } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import { loadOutboundContext, parseWebhookSecret } from '@seg/operators'
import type { Logger } from '../logger.ts'
import type { Edge, Lane, LaneTarget, Obstacle, RetryOutcome } from './sender-lanes.ts'
import { postToWebhook, type Webhook } from './webhook-request.ts'

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
    const [octets, secureContext] = await Promise.all([readSecretFile(secret), loadOutboundContext({ ca })])
    return { url, secret: parseWebhookSecret(octets, secret), secureContext }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('configuration', `cannot read what the webhook needs: ${(cause as Error).message}`, { cause })
  }
}

export class WebhookLanes implements LaneTarget {
  readonly name = 'webhook'
  readonly lanes = LANES
  readonly turn = TURN
  readonly longestPause = LONGEST_PAUSE
  readonly #webhook: Webhook
  readonly #ledger: LedgerReader
  readonly #logger: Pick<Logger, 'error'>
  readonly #edge: Edge
  /**
   * By sender: when the endpoint first answered its next document without taking it, in
   * milliseconds of the monotonic clock.
   */
  readonly #refusedSince = new Map<string, number>()

  constructor(webhook: Webhook, ledger: LedgerReader, logger: Pick<Logger, 'error'>, edge: Edge) {
    this.#webhook = webhook
    this.#ledger = ledger
    this.#logger = logger
    this.#edge = edge
  }

  async prepare(): Promise<void> {}

  async handOn(documents: readonly AcceptedDocument[], lane: Lane, signal: AbortSignal): Promise<Obstacle | undefined> {
    const { now, elapsed } = this.#edge
    for (const document of documents) {
      if (signal.aborted) return undefined
      const begin = elapsed()
      const outcome = await postToWebhook(
        document,
        this.#ledger,
        this.#webhook,
        now(),
        signal,
        this.#edge.traceParent?.(document),
      )
      if (signal.aborted && outcome.kind !== 'taken') return undefined
      if (outcome.kind === 'later' && !this.#isOver(lane.sender, outcome.isAnswer)) {
        const reason = `${describe(document)}: ${outcome.reason}`
        return { reason, retryAfter: outcome.retryAfter, document: document.id }
      }
      const { id, sha256, bytes } = document
      const facts = { document: id, sha256, bytes, tries: lane.tries + 1, totalTime: elapsed() - begin }
      if (outcome.kind === 'taken') await lane.moveBehind(document, facts)
      else {
        await lane.giveUp(document, outcome.reason, facts)
        const what = `the webhook does not take ${describe(document)}: ${outcome.reason}`
        this.#logger.error(`${what}; \`receiver dead-letters\` lists it`)
      }
      this.#refusedSince.delete(lane.sender)
    }
    return undefined
  }

  async tryAgain(document: AcceptedDocument, signal: AbortSignal): Promise<RetryOutcome> {
    const traceParent = this.#edge.traceParent?.(document)
    const outcome = await postToWebhook(document, this.#ledger, this.#webhook, this.#edge.now(), signal, traceParent)
    return { reason: outcome.kind === 'taken' ? undefined : outcome.reason }
  }

  /** Whether the endpoint has answered for so long without taking the document. */
  #isOver(sender: string, isAnswer: boolean): boolean {
    const now = this.#edge.elapsed()
    const since = this.#refusedSince.get(sender) ?? now
    if (isAnswer) this.#refusedSince.set(sender, since)
    return now - since >= LIFETIME
  }
}

function describe({ id, sender }: AcceptedDocument): string {
  return `document ${quote(id)} from ${quote(sender)}`
}
