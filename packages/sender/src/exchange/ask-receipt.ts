// Asking the receiver what it accepted under a document's id: the only word on bytes whose answer
// was lost.
import { answerMeaning, parseRetryAfter } from '@seg/core'
import { type Answer, type Link, openConnection } from './connection.ts'
import { readConnectionFailure } from './connection-fault.ts'
import type { Later } from './post-document.ts'
import { DeliveryRefused, mayPass, readProblem } from './problem.ts'

/** Milliseconds for a receipt of at most 64 KiB. */
const RECEIPT_TIME = 30_000

/** `none`: the receiver says that it accepted nothing under this id. */
export type Asked = { readonly accepted: Answer } | { readonly none: true } | Later

/**
 * `GET /v1/receipts/{id}` on a connection of its own. Throws DeliveryRefused when the receiver
 * refuses to answer.
 */
export async function askReceipt(id: string, link: Link, signal: AbortSignal, now: () => Date): Promise<Asked> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(RECEIPT_TIME)])
  const answer = await get(id, link, limited).catch(readConnectionFailure)
  if (typeof answer === 'string') return { reason: doubt(answer), retryAfter: 0, concernsReceiver: true }
  if (answer.status === 200) return { accepted: answer }
  if (answer.status === 404) return { none: true }
  const problem = readProblem(answer)
  const meaning = answerMeaning(problem.code, answer.status)
  if (!mayPass(meaning)) throw new DeliveryRefused(problem, { answer })
  return {
    reason: doubt(`${problem.code}: ${problem.sentence}`),
    retryAfter: parseRetryAfter(answer.retryAfter, answer.date ?? now()),
    concernsReceiver: true,
    answer,
  }
}

async function get(id: string, link: Link, signal: AbortSignal): Promise<Answer> {
  await using connection = openConnection(link)
  const headers = { accept: 'application/xml, application/problem+json' }
  return await connection.request({ method: 'GET', path: `/v1/receipts/${encodeURIComponent(id)}`, headers, signal })
}

function doubt(reason: string): string {
  return `whether the document was accepted before is not known yet: ${reason}`
}
