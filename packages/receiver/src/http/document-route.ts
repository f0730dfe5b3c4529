// `POST /v1/documents`. Nearly all requests are that, so they are answered below the framework,
// which costs as much as a tenth of an acceptance.
import type { IncomingMessage, RequestListener } from 'node:http'
import { type Fault, timeOrderedId } from '@seg/core'
import { acceptDocument } from '../acceptance/accept-document.ts'
import { DocumentAccount } from '../acceptance/document-account.ts'
import type { Acceptance } from '../acceptance/record-document.ts'
import type { RefusalLog } from '../acceptance/refusal-log.ts'
import { connectionFacts } from '../connections/connection-facts.ts'
import type { ExchangeGate } from '../gate.ts'
import type { Logger } from '../logger.ts'
import { type AnswerFields, answer, answerFault, refuseServed, type ServedRequest } from './answers.ts'
import { identifyPeer, type Peer } from './peer.ts'
import { toFault } from './problem.ts'
import { checkRequestForm } from './request-form.ts'
import type { Stopping } from './stopping.ts'

export const DOCUMENTS = '/v1/documents'

type Parts = ExchangeGate & { readonly logger: Logger; readonly stopping: Stopping }

export function requestId(): string {
  return `urn:uuid:${timeOrderedId()}`
}

/** Other requests, and other forms of the target, are those of `others`. */
export function routeDocuments(parts: Parts, others: RequestListener): RequestListener {
  return (request, response) => {
    if (request.method === 'POST' && request.url === DOCUMENTS)
      void serveDocument({ request, response, id: requestId() }, parts)
    else others(request, response)
  }
}

async function serveDocument(served: ServedRequest, parts: Parts): Promise<void> {
  let fields: AnswerFields = {}
  try {
    checkRequestForm(served.request)
    // Who is no peer gets the reason, and the connection ends.
    fields = { connection: 'close' }
    const peer = identifyPeer(served.request.socket, parts.credentials, parts.now())
    fields = {}
    await answerDocument(peer, served, parts)
  } catch (error) {
    refuseServed(error, served, parts, fields)
  }
}

type Accept = (peer: Peer, request: IncomingMessage, gate: Parts, account: DocumentAccount) => Promise<Acceptance>

export async function answerDocument(
  peer: Peer,
  served: ServedRequest,
  gate: Parts,
  accept: Accept = acceptDocument,
): Promise<void> {
  const { request, id } = served
  const account = new DocumentAccount(connectionFacts(request.socket), id)
  gate.stopping.beginWork()
  try {
    const acceptance = await accept(peer, request, gate, account)
    const { level, facts, message } = account.accepted(acceptance)
    gate.logger[level]({ request: id, ...facts }, message)
    const fact = account.acceptedFact(acceptance, gate.now())
    gate.desk.note(fact)
    gate.traces?.answering(fact, request.headers.traceparent, served.response)
    const fields = { 'content-type': 'application/xml', location: `/v1/receipts/${encodeURIComponent(acceptance.id)}` }
    answer(served, acceptance.isReplay ? 200 : 201, fields, acceptance.receipt)
  } catch (error) {
    const fault = toFault(error)
    const { level, facts, message } = account.refused(fault)
    const refusal = account.refusal(fault)
    const entry = refusal && gate.refusals.record(refusal, gate.logger.child({ request: id }))
    void noteRefusal(account, fault, entry, served, gate)
    const cause = fault.code === 'internal' ? { err: fault.cause } : {}
    gate.logger[level]({ request: id, ...facts, ...cause }, message)
    answerFault(fault, served, gate.limits)
  } finally {
    gate.stopping.endWork()
  }
}

/** With the index and time of its entry in the log, where it has one; no answer waits for that. */
async function noteRefusal(
  account: DocumentAccount,
  fault: Fault,
  entry: ReturnType<RefusalLog['record']> | undefined,
  { request, response }: ServedRequest,
  { desk, traces, now }: ExchangeGate,
): Promise<void> {
  try {
    const at = now().getTime()
    const written = await entry
    const fact = account.refusedFact(fault, written?.at ?? at, written?.index)
    desk.note(fact)
    traces?.answering(fact, request.headers.traceparent, response)
  } catch {
    // A defect of the desk is not the peer's.
  }
}
