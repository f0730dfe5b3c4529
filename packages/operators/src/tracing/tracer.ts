// Spans on their way to a collector (OTLP over HTTP): a bounded queue, one request at a time.
// Nothing waits for it: what does not fit is dropped, and counted.
import { once } from 'node:events'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { checkServerIdentity, type SecureContext } from 'node:tls'
import { amount, asFault } from '@seg/core'
import { boundRequest } from '../outbound/bounded-server.ts'
import { loadOutboundContext } from '../outbound/outbound-tls.ts'
import { type Resource, type TraceSpan, writeRequest } from './span.ts'
import { SpanQueue } from './span-queue.ts'

/** Spans that go in one request. */
const BATCH = 512
/** Milliseconds that spans are gathered, that a collector has for an answer, and until a retry. */
const [GATHER_TIME, ANSWER_TIME, RETRY] = [1000, 10_000, 5000]
/** Milliseconds that a stop waits for the last ones. */
const CLOSING_TIME = 2000
/** The place of OTLP/HTTP 1.0, where the address names none. */
const PLACE = '/v1/traces'

export type Tracer = {
  /** Of a document of this partner. Never throws, never waits. */
  record(partner: string, ...spans: readonly TraceSpan[]): void
  /** Sends the last ones, if the collector takes them soon. */
  close(): Promise<void>
}

export type TracerOptions = Resource & {
  readonly url: URL
  /** CAs of the collector, in PEM; the public ones without. */
  readonly ca: string | undefined
  /** Gets a line for the operator. */
  readonly complain: (line: string) => void
}

/** Throws the Fault `configuration`. */
export async function openTracer(options: TracerOptions): Promise<Tracer> {
  const { ca, url } = options
  const context = url.protocol === 'https:' ? await loadOutboundContext({ ca }) : undefined
  return new OtlpTracer(options, context)
}

class OtlpTracer implements Tracer {
  readonly #options: TracerOptions
  readonly #url: URL
  readonly #context: SecureContext | undefined
  readonly #stop = new AbortController()
  readonly #waiting = new SpanQueue()
  /** On their way, until the collector has taken them. */
  #batch: readonly TraceSpan[] = []
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #dropped = 0
  /** Of these, how many a line of the log has said. */
  #told = 0
  #complaint = ''
  #isClosing = false

  constructor(options: TracerOptions, context: SecureContext | undefined) {
    this.#options = options
    this.#url = new URL(options.url.pathname === '/' ? PLACE : options.url.href, options.url)
    this.#context = context
  }

  record(partner: string, ...spans: readonly TraceSpan[]): void {
    this.#dropped += this.#waiting.add(partner, spans)
    this.#sendIn(GATHER_TIME)
  }

  async close(): Promise<void> {
    this.#isClosing = true
    clearTimeout(this.#timer)
    const late = setTimeout(() => this.#stop.abort(), CLOSING_TIME)
    await this.#sending
    let isTaken = true
    while (isTaken && this.#isMore) isTaken = await this.#send()
    clearTimeout(late)
    this.#stop.abort()
  }

  get #isMore(): boolean {
    return this.#batch.length > 0 || this.#waiting.size > 0
  }

  #sendIn(time: number): void {
    if (this.#timer !== undefined || this.#sending !== undefined || this.#isClosing) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#sending = this.#send().then(isTaken => {
        this.#sending = undefined
        // A whole request is gathered already: a second for each would drop the rest under load.
        const isWhole = this.#waiting.size >= BATCH
        if (this.#isMore) this.#sendIn(isTaken ? (isWhole ? 0 : GATHER_TIME) : RETRY)
      })
    }, time).unref()
  }

  /**
   * What is not taken stays, for the next time, unless the collector says that it is wrong. Whether
   * the next ones can go.
   */
  async #send(): Promise<boolean> {
    if (this.#batch.length === 0) this.#batch = this.#waiting.take(BATCH)
    const failure = await this.#post(writeRequest(this.#batch, this.#options)).then(
      status => (status < 300 ? '' : `HTTP status ${status}`),
      error => asFault(error).detail,
    )
    const isFinal = /HTTP status (?!408|429)4/.test(failure)
    if (isFinal) this.#dropped += this.#batch.length
    if (failure === '' || isFinal) this.#batch = []
    if (failure !== '' && failure !== this.#complaint)
      this.#options.complain(`traces are not taken by ${this.#url.origin}: ${failure}; documents do not depend on it`)
    // Each time twice as many: a collector that is always too slow does not fill the log.
    const isMore = this.#dropped > 2 * this.#told
    if (failure === '' && (this.#complaint !== '' || isMore)) {
      const taken = this.#complaint === '' ? 'traces come faster than they are taken' : 'traces are taken again'
      this.#options.complain(`${taken}; ${amount(this.#dropped, 'span')} dropped so far`)
      this.#told = this.#dropped
    }
    this.#complaint = failure
    return failure === ''
  }

  async #post(body: string): Promise<number> {
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ANSWER_TIME)])
    const asked = { method: 'POST', headers, signal, agent: false } as const
    // Set explicitly: otherwise environment variables and options of Node decide.
    const safe = { secureContext: this.#context, rejectUnauthorized: true, checkServerIdentity } as const
    const outgoing =
      this.#context === undefined ? requestPlain(this.#url, asked) : requestSecure(this.#url, { ...asked, ...safe })
    boundRequest(outgoing, 'the collector')
    // Also after the answer.
    outgoing.on('error', () => {})
    outgoing.end(body)
    const [answer] = (await once(outgoing, 'response', { signal })) as [IncomingMessage]
    // Only its status is used; a redirection is an answer like any other.
    answer.destroy()
    return answer.statusCode ?? 500
  }
}
