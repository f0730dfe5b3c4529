// A refusal as the peer gets it: RFC 9457, from the fault registry, and nothing of the input or of this system.
import { STATUS_CODES } from 'node:http'
import { Fault, type FaultCode } from '@seg/core'

export const PROBLEM_TYPE = 'application/problem+json'

/** `instance` is the request's name in our log: what an operator is asked for. */
export function formatProblem(fault: Fault, instance: string): string {
  const { code, status, sentence } = fault
  return JSON.stringify({
    type: `urn:seg:fault:${code}`,
    title: STATUS_CODES[status],
    status,
    code,
    detail: sentence,
    instance,
  })
}

/** When the peer may try again, in seconds, for what will pass by itself (RFC 9110 10.2.3). */
export function retryAfter({ status }: Fault): string | undefined {
  return status === 503 || status === 429 ? '2' : undefined
}

/** What Fastify and Node's HTTP parser refuse by themselves, by their own codes. */
const foreignCodes: Readonly<Record<string, FaultCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'document-too-large',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** The Fault behind any error: ours as it is, a client's mistake that HTTP tells of by its row, anything else a defect of ours. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const { code, statusCode = 500, message } = error as { code?: string; statusCode?: number; message?: string }
  const known = foreignCodes[code ?? '']
  const detail = `${code ?? 'no code'}: ${message ?? String(error)}`
  if (known !== undefined) return new Fault(known, detail, { cause: error })
  const isClients = (statusCode >= 400 && statusCode < 500) || code?.startsWith('HPE_') === true
  return new Fault(isClients ? 'request-malformed' : 'internal', detail, { cause: error })
}
