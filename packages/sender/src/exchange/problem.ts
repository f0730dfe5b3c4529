// What a receiver says when it refuses, read with suspicion: only a code of the registry counts as
// a code, other text is quoted.
import { Fault, type FaultCode, faults, isFaultCode, quote } from '@seg/core'
import type { Answer } from './connection.ts'

export type Problem = {
  /**
   * The registry's code when the answer carried one that fits its status, else `delivery-refused`.
   */
  readonly code: FaultCode
  /** HTTP status of the answer; 0 when the refusal came from TLS. */
  readonly status: number
  /** The registry's sentence for the code, or the peer's own words, escaped. */
  readonly sentence: string
}

/** A refusal by the receiver. The same document is refused again until its cause is fixed. */
export class DeliveryRefused extends Fault {
  readonly problem: Problem
  /** The receiver's clock when it refused. */
  readonly serverTime: Date | undefined

  constructor(problem: Problem, options?: { cause?: unknown; serverTime?: Date | undefined }) {
    super('delivery-refused', `${problem.code}: ${problem.sentence}`, options)
    this.problem = problem
    this.serverTime = options?.serverTime
  }
}

/**
 * Reads a refusal (RFC 9457) out of an answer whose status is not 2xx. Never throws: what cannot be
 * read is a refusal without a code.
 */
export function readProblem(answer: Answer): Problem {
  const { status } = answer
  const said = parseProblemBody(answer)
  if (isFaultCode(said.code) && faults[said.code].status === status)
    return { code: said.code, status, sentence: faults[said.code].sentence }
  const words = [said.code, said.title, said.detail].filter(part => typeof part === 'string').map(quote)
  const sentence =
    words.length > 0
      ? `HTTP status ${status}, in its own words: ${words.join(', ')}`
      : `HTTP status ${status}, without a reason`
  return { code: 'delivery-refused', status, sentence }
}

function parseProblemBody(answer: Answer): { code?: unknown; title?: unknown; detail?: unknown } {
  if (answer.mediaType !== 'application/problem+json' || answer.body === undefined) return {}
  try {
    return Object(JSON.parse(answer.body.toString('utf8')))
  } catch {
    return {}
  }
}
