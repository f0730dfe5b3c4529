// One request to a webhook: HTTPS POST of the document, signed with a shared secret as Standard
// Webhooks defines (standardwebhooks.com).
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { checkServerIdentity, type SecureContext } from 'node:tls'
import { Fault, parseRetryAfter, quote } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import { boundRequest, openWebhookSignature } from '@seg/operators'

export type Webhook = {
  readonly url: URL
  /** Octets of the shared secret. */
  readonly secret: Buffer
  /** The trusted CAs, the TLS versions and the ciphers. */
  readonly secureContext: SecureContext
}

/** The outcome of one request. */
export type WebhookOutcome =
  | { readonly kind: 'taken' }
  /** May succeed later; `retryAfter` in milliseconds; `isAnswer`: the endpoint has answered. */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfter: number; readonly isAnswer: boolean }
  /** The answer is about this document, and final. */
  | { readonly kind: 'refused'; readonly reason: string }

/** Milliseconds without a byte in either direction after which a request is ended. */
const STALL_TIME = 30_000
/** Milliseconds for the rest of an answer; only its status is used. */
const LINGER_TIME = 1000
/**
 * Status codes that are about the document, and not about a temporary state or the request's way
 * (RFC 9110 15.5): the same request would get the same answer.
 */
const refusals = [400, 406, 409, 413, 415, 422]

/**
 * Posts the exact bytes of a document. Every behaviour of the webhook is an outcome, not an
 * exception. Throws the Fault `storage-unavailable` for a document that cannot be read.
 */
export async function postToWebhook(
  document: AcceptedDocument,
  ledger: LedgerReader,
  webhook: Webhook,
  now: Date,
  signal: AbortSignal,
  traceParent?: string,
): Promise<WebhookOutcome> {
  const signed = await signDelivery(document, ledger, webhook.secret, now)
  const headers = { ...signed, ...(traceParent !== undefined && { traceparent: traceParent }) }
  const content = await readContent(document, ledger)
  try {
    return readOutcome(await send(webhook, headers, content, signal), now)
  } catch (error) {
    if (error instanceof Fault) throw error
    return { kind: 'later', reason: quote((error as Error).message), retryAfter: 0, isAnswer: false }
  }
}

/** The signature covers id, time and body. The document is read twice, to keep it out of memory. */
async function signDelivery(
  document: AcceptedDocument,
  ledger: LedgerReader,
  secret: Buffer,
  now: Date,
): Promise<Record<string, string>> {
  const { sender, id, sha256, index, acceptedAt, bytes } = document
  const signature = openWebhookSignature(secret, `entry-${index}`, now)
  for await (const piece of await readContent(document, ledger)) signature.update(piece)
  return {
    'content-type': 'application/xml',
    'content-length': String(bytes),
    ...signature.headers(),
    // A header field cannot hold every octet: percent-encoded, as in a URL.
    'seg-sender': encodeURIComponent(sender),
    'seg-document-id': encodeURIComponent(id),
    'seg-sha256': sha256,
    'seg-index': String(index),
    'seg-accepted-at': acceptedAt,
  }
}

async function readContent(
  { sender, id, index }: AcceptedDocument,
  ledger: LedgerReader,
): Promise<AsyncIterable<Uint8Array>> {
  const content = await ledger.read(sender, id)
  if (content === undefined) throw new Fault('storage-unavailable', `entry ${index} has lost its document`)
  return content
}

type Answer = {
  readonly answer: IncomingMessage
  /** Whether the whole document was sent before it; an earlier answer can only be a refusal. */
  readonly isWhole: boolean
}

async function send(
  { url, secureContext }: Webhook,
  headers: Record<string, string>,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Answer> {
  // Without keep-alive Node closes the connection after an answer, even before it reports that the
  // request was sent.
  const agent = new Agent({
    keepAlive: true,
    secureContext,
    // Set explicitly: otherwise environment variables and options of Node decide.
    rejectUnauthorized: true,
    checkServerIdentity,
  })
  const outgoing = request(url, {
    method: 'POST',
    headers,
    signal,
    timeout: STALL_TIME,
    agent,
    insecureHTTPParser: false,
  })
  boundRequest(outgoing, 'the webhook')
  outgoing.once('close', () => agent.destroy())
  outgoing.on('timeout', () => outgoing.destroy(new Error(`nothing moved for ${STALL_TIME / 1000} s`)))
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  const sent = sendBody(outgoing, content)
  try {
    const [answer] = await Promise.race([answered, sent.then(() => answered)])
    answer.on('error', () => {})
    // Not read before: Node detaches the connection at the end of the answer.
    const isWhole = outgoing.writableFinished || (isTaken(answer) && (await isSentSoon(sent)))
    answer.resume()
    endSoon(outgoing)
    return { answer, isWhole }
  } catch (error) {
    outgoing.destroy()
    throw error
  } finally {
    // The one that is no longer awaited must not become an unhandled rejection.
    for (const end of [answered, sent]) end.catch(() => {})
  }
}

/** Node may report an answer shortly before it reports that the request was sent. */
function isSentSoon(sent: Promise<void>): Promise<boolean> {
  const isSent = sent.then(
    () => true,
    () => false,
  )
  return Promise.race([isSent, pause(LINGER_TIME, false, { ref: false })])
}

/** Resolves when all of it is sent. Rejects when the connection ends before. */
async function sendBody(outgoing: ClientRequest, content: AsyncIterable<Uint8Array>): Promise<void> {
  const ending = new AbortController()
  const { signal } = ending
  outgoing.once('close', () => ending.abort())
  for await (const piece of content) if (!outgoing.write(piece)) await once(outgoing, 'drain', { signal })
  const finished = once(outgoing, 'finish', { signal })
  outgoing.end()
  await finished
}

/** Only the status of an answer is used: a long one is not read to its end. */
function endSoon(outgoing: ClientRequest): void {
  if (!outgoing.writableFinished) return void outgoing.destroy()
  const timer = setTimeout(() => outgoing.destroy(), LINGER_TIME)
  outgoing.once('close', () => clearTimeout(timer))
}

/** Redirections are never followed; they are answers like any other. */
function readOutcome({ answer, isWhole }: Answer, now: Date): WebhookOutcome {
  const { statusCode = 0, headers } = answer
  const reason = `HTTP status ${statusCode}`
  if (isTaken(answer)) {
    if (isWhole) return { kind: 'taken' }
    return { kind: 'later', reason: `${reason} before the whole document was sent`, retryAfter: 0, isAnswer: true }
  }
  if (refusals.includes(statusCode)) return { kind: 'refused', reason }
  return { kind: 'later', reason, retryAfter: parseRetryAfter(headers['retry-after'], now), isAnswer: true }
}

function isTaken({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}
