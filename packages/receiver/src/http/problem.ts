// A refusal as the peer gets it: RFC 9457, from the fault registry, and nothing of the input or of
// this system.
import { STATUS_CODES } from 'node:http'
import { Fault, type FaultCode } from '@seg/core'

export const PROBLEM_TYPE = 'application/problem+json'

/** `instance` is the request's id in the receiver's output, for questions to its operator. */
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

/**
 * Header fields that a status asks for: when the peer may try again, in seconds, for what passes by
 * itself (RFC 9110 10.2.3), and which content encodings there are (RFC 9110 12.5.3).
 */
const fieldsOfStatus: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  415: { 'accept-encoding': 'identity' },
  429: { 'retry-after': '2' },
  503: { 'retry-after': '2' },
}

export function fieldsOf({ status }: Fault): Readonly<Record<string, string>> {
  return fieldsOfStatus[status] ?? {}
}

/** What Fastify and Node's HTTP parser refuse by themselves, by their own codes. */
const foreignCodes: Readonly<Record<string, FaultCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'document-too-large',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/**
 * The Fault for any error: a Fault as it is, a client's mistake in HTTP by its row, anything else
 * as a defect of the receiver.
 */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const { code, statusCode = 500, message } = error as { code?: string; statusCode?: number; message?: string }
  const known = foreignCodes[code ?? '']
  const detail = `${code ?? 'no code'}: ${message ?? String(error)}`
  if (known !== undefined) return new Fault(known, detail, { cause: error })
  const isClients = (statusCode >= 400 && statusCode < 500) || code?.startsWith('HPE_') === true
  return new Fault(isClients ? 'request-malformed' : 'internal', detail, { cause: error })
}
