// How a request is answered, or refused, on the connection itself.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Fault, quote } from '@seg/core'
import { levelOf } from '../acceptance/document-account.ts'
import { connectionOf } from '../connections/connection.ts'
import { connectionFacts } from '../connections/connection-facts.ts'
import type { ExchangeGate } from '../gate.ts'
import type { ReceiverLimits } from '../limits.ts'
import type { Logger } from '../logger.ts'
import { costs } from '../shares/turns.ts'
import { lastAnswerOf, sendLastAnswer } from './last-answer.ts'
import { recognizeConnection, shownCertificate } from './peer.ts'
import { fieldsOf, formatProblem, PROBLEM_TYPE, toFault } from './problem.ts'

/** `id`: `urn:uuid:…`, for the log and for the peer. */
export type ServedRequest = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
}

export type AnswerFields = Readonly<Record<string, string>>
type RefusingParts = Pick<ExchangeGate, 'credentials' | 'desk' | 'limits' | 'now'> & { readonly logger: Logger }

export function answer({ response }: ServedRequest, status: number, fields: AnswerFields, body: Buffer): void {
  // As a text it leaves with its header in one piece; two would be gathered, and copied once more.
  response.writeHead(status, { ...fields, 'content-length': body.length }).end(body.toString('latin1'), 'latin1')
}

/** Refuses what is no document yet, or another request: with its line and its fact. */
export function refuseServed(
  error: unknown,
  served: ServedRequest,
  parts: RefusingParts,
  fields: AnswerFields = {},
): void {
  const fault = toFault(error)
  const { method, url = '' } = served.request
  const message = `${method} ${quote(url)} refused: ${fault.code}: ${fault.detail}`
  const facts = { request: served.id, code: fault.code }
  if (fault.code === 'internal') parts.logger.error({ ...facts, err: fault.cause }, message)
  else parts.logger[levelOf(fault)](facts, message)
  noteRequest(fault, served, parts)
  answerFault(fault, served, parts.limits, fields)
}

function noteRequest({ code, detail }: Fault, { request, id }: ServedRequest, parts: RefusingParts): void {
  try {
    const { socket } = request
    const found = recognizeConnection(socket, parts.credentials, parts.now())
    const partner = found.kind === 'partner' ? found.id : undefined
    const known = { code, detail, partner, certificate: shownCertificate(socket), ...connectionFacts(socket) }
    parts.desk.note({ kind: 'refusal', outcome: 'refused', at: parts.now().getTime(), request: id, ...known })
  } catch {
    // A defect of what was just asked is the one that is answered and logged.
  }
}

/** `fields`: of the answer, beside those of the fault. */
export function answerFault(
  fault: Fault,
  served: ServedRequest,
  limits: ReceiverLimits,
  fields: AnswerFields = {},
): void {
  const { request, response, id } = served
  if (response.headersSent) return void request.socket.destroy()
  connectionOf(request.socket)?.charge(costs.answer)
  const all: Record<string, string> = { ...fieldsOf(fault), ...fields, 'content-type': PROBLEM_TYPE }
  if (isUnread(request)) {
    if (isWorthDraining(fault, request, limits)) endIfSlow(request, limits.lingerTime)
    else if (response.socket !== null) {
      const { allow } = fields
      const last = lastAnswerOf(fault, id, allow === undefined ? {} : { allow })
      sendLastAnswer(request.socket, last, request.method)
      return
    }
    // A pipelined request whose turn to be answered has not come has no socket yet: Node answers it
    // in order, then closes.
    else all.connection = 'close'
  }
  // Where a request that is not understood ends is not certain either.
  if (fault.code === 'request-malformed') all.connection = 'close'
  answer(served, fault.status, all, Buffer.from(formatProblem(fault, id)))
}

/** What is answered while there is a body that nobody has read. */
export function isUnread({ headers, complete }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  return hasBody && !complete
}

/**
 * What is refused at this moment only comes again, and a handshake costs many times what such a
 * body does.
 */
function isWorthDraining({ status }: Fault, { headers }: IncomingMessage, { drainedBytes }: ReceiverLimits): boolean {
  return (
    (status === 429 || status === 503) && Number(headers['content-length'] ?? Number.POSITIVE_INFINITY) <= drainedBytes
  )
}

/** Node reads the rest of a body itself once it is answered, for as long as that takes. */
function endIfSlow(request: IncomingMessage, lingerTime: number): void {
  const timer = setTimeout(() => request.socket.destroy(), lingerTime)
  request.once('close', () => clearTimeout(timer))
}
