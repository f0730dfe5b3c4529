// One delivery to a webhook: the document by HTTPS POST, signed with a shared secret in the manner of Standard Webhooks (standardwebhooks.com).
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Fault, parseRetryAfter, quote } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'

export type Webhook = {
  readonly url: URL
  /** Octets of the shared secret. */
  readonly secret: Buffer
  /** PEM of CAs that are trusted for the webhook's certificate beside, or instead of, those of the system; undefined: those of the system. */
  readonly ca: string | undefined
}

/** What became of one try. */
export type WebhookOutcome =
  | { readonly kind: 'taken' }
  /** It may well be taken in a while; `retryAfter` in milliseconds, `isAnswer`: there is somebody there. */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfter: number; readonly isAnswer: boolean }
  /** It was understood, and is not wanted. */
  | { readonly kind: 'refused'; readonly reason: string }

/** Milliseconds without a byte in either direction. */
const STALL_TIME = 30_000
/** Answers that speak of the document, not of the moment or of how we came there (RFC 9110 15.5): asking again changes nothing. */
const refusals = [400, 406, 409, 413, 415, 422]

/** Posts a document with its exact bytes; never rejects for what the webhook does. Throws the Fault `storage-unavailable` for a document that cannot be read. */
export async function postToWebhook(
  document: AcceptedDocument,
  ledger: LedgerReader,
  webhook: Webhook,
  now: Date,
  signal: AbortSignal,
): Promise<WebhookOutcome> {
  const headers = await signDelivery(document, ledger, webhook.secret, now)
  const content = await readContent(document, ledger)
  try {
    return readOutcome(await send(webhook, headers, content, signal), now)
  } catch (error) {
    if (error instanceof Fault) throw error
    return { kind: 'later', reason: quote((error as Error).message), retryAfter: 0, isAnswer: false }
  }
}

/** The signature covers id, time and body. The document is read twice, so that it need not be in memory. */
async function signDelivery(document: AcceptedDocument, ledger: LedgerReader, secret: Buffer, now: Date): Promise<Record<string, string>> {
  const { sender, id, sha256, index, acceptedAt, bytes } = document
  const [deliveryId, timestamp] = [`entry-${index}`, String(Math.floor(now.getTime() / 1000))]
  const hmac = createHmac('sha256', secret).update(`${deliveryId}.${timestamp}.`)
  for await (const piece of await readContent(document, ledger)) hmac.update(piece)
  return {
    'content-type': 'application/xml',
    'content-length': String(bytes),
    'webhook-id': deliveryId,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${hmac.digest('base64')}`,
    // A header field is no place for any octet: percent-encoded, as in a URL.
    'seg-sender': encodeURIComponent(sender),
    'seg-document-id': encodeURIComponent(id),
    'seg-sha256': sha256,
    'seg-index': String(index),
    'seg-accepted-at': acceptedAt,
  }
}

async function readContent({ sender, id, index }: AcceptedDocument, ledger: LedgerReader): Promise<AsyncIterable<Uint8Array>> {
  const content = await ledger.read(sender, id)
  if (content === undefined) throw new Fault('storage-unavailable', `entry ${index} has lost its document`)
  return content
}

async function send(
  { url, ca }: Webhook,
  headers: Record<string, string>,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const outgoing = request(url, {
    method: 'POST',
    headers,
    signal,
    timeout: STALL_TIME,
    agent: false,
    minVersion: 'TLSv1.2',
    // Said, since the environment (NODE_TLS_REJECT_UNAUTHORIZED) decides where nothing is said.
    rejectUnauthorized: true,
    ...(ca && { ca }),
  })
  outgoing.on('timeout', () => outgoing.destroy(new Error(`nothing moved for ${STALL_TIME / 1000} s`)))
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  // An answer may come before the whole document is sent, and then says all there is to say.
  const sent = pipeline(Readable.from(content), outgoing).then(() => answered)
  const [answer] = await Promise.race([answered, sent])
  sent.catch(() => {})
  answer.resume().on('error', () => {})
  if (!outgoing.writableFinished) outgoing.destroy()
  return answer
}

/** Nobody is led elsewhere: a redirection is an answer like another. */
function readOutcome({ statusCode = 0, headers }: IncomingMessage, now: Date): WebhookOutcome {
  const reason = `HTTP status ${statusCode}`
  if (statusCode >= 200 && statusCode < 300) return { kind: 'taken' }
  if (refusals.includes(statusCode)) return { kind: 'refused', reason }
  return { kind: 'later', reason, retryAfter: parseRetryAfter(headers['retry-after'], now), isAnswer: true }
}
