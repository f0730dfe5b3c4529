// What a receiver says when it refuses, read with suspicion: only a code of the registry counts as
// a code, other text is quoted.
import { type AnswerMeaning, Fault, type FaultCode, faults, isFaultCode, quote } from '@seg/core'
import type { Answer } from './connection.ts'

type ProblemBody = { code?: unknown; title?: unknown; detail?: unknown; instance?: unknown }

export type Problem = {
  /**
   * The registry's code when the answer carried one that fits its status, else `delivery-refused`.
   */
  readonly code: FaultCode
  /** The registry's sentence for the code, or the peer's own words, escaped. */
  readonly sentence: string
}

/** A refusal by the receiver. The same document is refused again until its cause is fixed. */
export class DeliveryRefused extends Fault {
  readonly problem: Problem
  /** Undefined for what we or TLS refused, before there was one. */
  readonly answer: Answer | undefined

  constructor(problem: Problem, options?: { cause?: unknown; answer?: Answer }) {
    super('delivery-refused', `${problem.code}: ${problem.sentence}`, options)
    this.problem = problem
    this.answer = options?.answer
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
    return { code: said.code, sentence: faults[said.code].sentence }
  const words = [said.code, said.title, said.detail].filter(part => typeof part === 'string').map(quote)
  const sentence =
    words.length > 0
      ? `HTTP status ${status}, in its own words: ${words.join(', ')}`
      : `HTTP status ${status}, without a reason`
  return { code: 'delivery-refused', sentence }
}

/** `urn:uuid:…` of the request at the receiver; undefined for a name of any other form. */
export function requestOf(answer: Answer): string | undefined {
  const { instance } = parseProblemBody(answer)
  if (typeof instance !== 'string') return undefined
  return /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(instance) ? instance : undefined
}

/** Whether the same request may get another answer, without anybody's doing. */
export function mayPass(meaning: AnswerMeaning): boolean {
  return meaning === 'later' || meaning === 'later-alone'
}

function parseProblemBody(answer: Answer): ProblemBody {
  if (answer.mediaType !== 'application/problem+json' || answer.body === undefined) return {}
  try {
    return Object(JSON.parse(answer.body.toString('utf8')))
  } catch {
    return {}
  }
}
