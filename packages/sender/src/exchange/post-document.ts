// One try: the document goes out, and what came back is an answer, a refusal, or a reason to try
// again.
import { answerMeaning, parseRetryAfter } from '@seg/core'
import { type Answer, type Link, openConnection } from './connection.ts'
import { readConnectionFailure } from './connection-fault.ts'
import { DeliveryRefused, mayPass, readProblem } from './problem.ts'

/**
 * What is sent: `read` gives its `bytes` bytes from the start, each time it is called; a piece need
 * be good only until the next.
 */
export type Body = {
  readonly bytes: number
  readonly read: () => AsyncIterable<Uint8Array>
  /** Where it goes; the documents' place without. */
  readonly path?: '/v1/rollover'
  /** W3C Trace Context, where the try has a span. */
  readonly traceParent?: string | undefined
}

/** No answer for good. */
export type Later = {
  readonly reason: string
  /** Milliseconds of the receiver's Retry-After. */
  readonly retryAfter: number
  /** Whether any other document would probably have the same outcome. */
  readonly concernsReceiver: boolean
  /** The one that said so, where one came. */
  readonly answer?: Answer
}

export type Posted = { readonly accepted: Answer } | Later

/** How long one try may take. */
export type TryLimits = {
  /** The end of all. */
  readonly signal: AbortSignal
  /** Milliseconds without a byte of progress. */
  readonly stall?: number
  readonly now: () => Date
}

/**
 * Sends the document on a connection of its own and reads the answer, which may come before all is
 * sent: then the rest stays here. Resolves with an answer 200 or 201. Throws DeliveryRefused for
 * the receiver's no, and the Faults of a server that must not have the document.
 */
export async function postDocument(body: Body, link: Link, { signal, stall, now }: TryLimits): Promise<Posted> {
  const progress = watchProgress(stall, signal)
  let sent = 0
  const read = async function* () {
    for await (const piece of body.read()) {
      yield piece
      sent += piece.length
      progress.made()
    }
  }
  const answer = await post({ ...body, read }, link, progress.signal)
    .catch(readConnectionFailure)
    .finally(progress.end)
  if (typeof answer === 'string')
    return { reason: explain(answer, sent, body.bytes, signal, progress.signal), retryAfter: 0, concernsReceiver: true }
  if (answer.status === 200 || answer.status === 201) return { accepted: answer }
  const problem = readProblem(answer)
  const meaning = answerMeaning(problem.code, answer.status)
  if (!mayPass(meaning)) throw new DeliveryRefused(problem, { answer })
  const reason = `${problem.code}: ${problem.sentence}`
  return {
    reason,
    retryAfter: parseRetryAfter(answer.retryAfter, answer.date ?? now()),
    concernsReceiver: meaning === 'later',
    answer,
  }
}

async function post(body: Body, link: Link, signal: AbortSignal): Promise<Answer> {
  await using connection = openConnection(link)
  const headers = {
    'content-type': 'application/xml',
    'content-length': String(body.bytes),
    accept: 'application/xml, application/problem+json',
    ...(body.traceParent !== undefined && { traceparent: body.traceParent }),
  }
  const pieces = holdUntilSent(body.read(), () => connection.isDrained())
  return await connection.request({ method: 'POST', path: body.path ?? '/v1/documents', headers, body: pieces, signal })
}

/**
 * A piece stays as it is until the socket has sent it. Then its memory serves the next one: what is
 * sent leaves no garbage behind.
 */
async function* holdUntilSent(pieces: AsyncIterable<Uint8Array>, isSent: () => boolean): AsyncGenerator<Uint8Array> {
  let memory = Buffer.alloc(0)
  for await (const piece of pieces) {
    if (!isSent() || memory.length < piece.length) memory = Buffer.allocUnsafeSlow(piece.length)
    memory.set(piece)
    yield memory.subarray(0, piece.length)
  }
}

/** Gives up on a line that is open and carries nothing. */
function watchProgress(stall: number | undefined, signal: AbortSignal) {
  if (stall === undefined) return { signal, made: () => {}, end: () => {} }
  const stalled = new AbortController()
  const timer = setTimeout(
    () => stalled.abort(new DOMException(`nothing moved for ${stall / 1000} s`, 'TimeoutError')),
    stall,
  )
  return {
    signal: AbortSignal.any([signal, stalled.signal]),
    made: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  }
}

function explain(reason: string, sent: number, bytes: number, timeUp: AbortSignal, ended: AbortSignal): string {
  const isCutOff = ended.aborted && sent > 0 && sent < bytes
  if (!isCutOff) return reason
  return `${timeUp.aborted ? 'the time was up' : 'the line had stalled'} when ${sent} of ${bytes} bytes were sent`
}
