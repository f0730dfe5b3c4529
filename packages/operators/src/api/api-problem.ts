// A refusal as an operator gets it: RFC 9457, with what was expected and found.
import { STATUS_CODES } from 'node:http'
import { Fault, type FaultCode } from '@seg/core'

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** RFC 9110 11.6.1: what a credential may be; 10.2.3: when to come again, in seconds. */
export const PROBLEM_FIELDS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer realm="seg"' },
  429: { 'retry-after': '60' },
  503: { 'retry-after': '2' },
}

type Invalid = { readonly instancePath?: string; readonly message?: string; readonly params?: Record<string, unknown> }

/** What is wrong with the parts of one request. */
class InvalidParts extends Fault {
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[]

  constructor(part: string, found: readonly Invalid[], cause: unknown) {
    const errors = found.slice(0, 20).map(({ instancePath = '', message = 'is not allowed', params }) => {
      const { additionalProperty, missingProperty, allowedValues } = params ?? {}
      const name = additionalProperty ?? missingProperty
      return {
        pointer: `/${part}${instancePath}${typeof name === 'string' ? `/${name.slice(0, 100)}` : ''}`,
        detail: additionalProperty === undefined ? [message, allowedValues].flat().join(' ') : 'is not known here',
      }
    })
    super('parameter-invalid', errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; '), { cause })
    this.errors = errors
  }
}

/** Details of a defect, and of what others may not know, stay here. */
const isHidden = (code: FaultCode) => code === 'internal' || code === 'login-required' || code === 'not-found'

/** `isKnown`: somebody who has logged in. Nobody else learns of files and settings of ours. */
export function formatApiProblem(fault: Fault, instance: string, isKnown: boolean): string {
  const { code, status, sentence, detail } = fault
  const isOurs = !isKnown && status >= 500
  return JSON.stringify({
    type: `urn:seg:fault:${code}`,
    title: STATUS_CODES[status],
    status,
    code,
    detail: isHidden(code) || isOurs || detail === '' ? sentence : detail,
    instance,
    ...(fault instanceof InvalidParts && { errors: fault.errors }),
  })
}

/** What Fastify refuses by itself, by its own codes. */
const foreignFaults: Readonly<Record<string, FaultCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'parameter-invalid',
  FST_ERR_CTP_BODY_TOO_LARGE: 'parameter-invalid',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'parameter-invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'parameter-invalid',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** A Fault of this side alone, such as a file that cannot be read, has a status of its own: 500. */
export function toApiFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const {
    code,
    statusCode = 500,
    message,
    validation,
    validationContext,
  } = error as {
    readonly code?: string
    readonly statusCode?: number
    readonly message?: string
    readonly validation?: readonly Invalid[]
    readonly validationContext?: string
  }
  if (validation !== undefined) return new InvalidParts(validationContext ?? 'request', validation, error)
  const detail = `${code ?? 'no code'}: ${message ?? String(error)}`
  const known = foreignFaults[code ?? '']
  if (known !== undefined) return new Fault(known, message ?? detail, { cause: error })
  return new Fault(statusCode >= 400 && statusCode < 500 ? 'request-malformed' : 'internal', detail, { cause: error })
}
