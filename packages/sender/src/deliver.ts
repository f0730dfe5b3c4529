// The same bytes, again and again, until the receiver has said yes or no or the time is up.
import { Fault } from '@seg/core'
import { readConnectionFailure } from './connection-fault.ts'
import { type Answer, type Body, type Link, postDocument } from './post-document.ts'
import { DeliveryRefused, readProblem } from './problem.ts'
import { parseRetryAfter, retryDelay } from './retry.ts'

/** How long to keep trying, and the clock, timer and chance to do it with. */
export type Patience = {
  /** Milliseconds for all tries together. */
  readonly timeout: number
  readonly now: () => Date
  readonly random: () => number
  readonly pause: (milliseconds: number) => Promise<void>
  /** Told before each pause. */
  readonly onWait: (reason: string, milliseconds: number) => void
}

export type Accepted = { readonly answer: Answer; readonly tries: number }

type Later = { readonly reason: string; readonly retryAfter: number }
type Try = { readonly answer: Answer } | Later

/**
 * Resolves with the first answer 200 or 201. Throws DeliveryRefused for the receiver's no, Fault `delivery-pending` when the time is up or
 * the receiver asks for more patience than there is, Fault `certificate-invalid` for a server that must not have the document.
 */
export async function deliver(body: Body, link: Link, patience: Patience): Promise<Accepted> {
  const end = performance.now() + patience.timeout
  const timeUp = AbortSignal.timeout(patience.timeout)
  let later: Later | undefined
  for (let tries = 1; ; tries++) {
    const outcome = await tryOnce(body, link, timeUp, patience.now)
    if ('answer' in outcome) return { answer: outcome.answer, tries }
    // That the time was up in the middle of a try says less than why the one before failed.
    later = timeUp.aborted ? (later ?? outcome) : outcome
    const left = end - performance.now()
    if (left < 50 || later.retryAfter >= left) throw new Fault('delivery-pending', explainPending(later, tries, patience.timeout))
    // The last wait ends early enough for one more try.
    const delay = Math.min(retryDelay(tries, later.retryAfter, patience.random), Math.max(later.retryAfter, left * 0.8))
    patience.onWait(later.reason, delay)
    await patience.pause(delay)
  }
}

async function tryOnce(body: Body, link: Link, timeUp: AbortSignal, now: () => Date): Promise<Try> {
  let sent = 0
  const read = async function* () {
    for await (const piece of body.read()) {
      yield piece
      sent += piece.length
    }
  }
  const answer = await postDocument({ bytes: body.bytes, read }, link, timeUp).catch(readConnectionFailure)
  if (typeof answer === 'string') {
    const isCutOff = timeUp.aborted && sent > 0 && sent < body.bytes
    return { reason: isCutOff ? `the time was up when ${sent} of ${body.bytes} bytes were sent` : answer, retryAfter: 0 }
  }
  if (answer.status === 200 || answer.status === 201) return { answer }
  const problem = readProblem(answer)
  if (!isTransient(answer.status)) throw new DeliveryRefused(problem)
  return { reason: `${problem.code}: ${problem.sentence}`, retryAfter: parseRetryAfter(answer.retryAfter, now()) }
}

/** RFC 9110 15.5.9 and 15.6, RFC 6585 4: the request was good, the moment was not. */
function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

function explainPending({ reason, retryAfter }: Later, tries: number, timeout: number): string {
  const asked = retryAfter > 0 ? `; the receiver asks to be tried again in ${Math.ceil(retryAfter / 1000)} s` : ''
  return `${reason} (${tries === 1 ? '1 try' : `${tries} tries`}, --timeout ${timeout / 1000})${asked}`
}
