// The receiver as an HTTP server: its routes and how every refusal is answered.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import { Fault, quote } from '@seg/core'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RouteGenericInterface,
} from 'fastify'
import { acceptDocument } from '../acceptance/accept-document.ts'
import { DocumentAccount, levelOf } from '../acceptance/document-account.ts'
import { probeDocument } from '../acceptance/probe.ts'
import type { RefusalLog } from '../acceptance/refusal-log.ts'
import { connectionOf } from '../connections/connection.ts'
import { connectionFacts } from '../connections/connection-facts.ts'
import type { Gate } from '../gate.ts'
import type { ReceiverLimits } from '../limits.ts'
import type { Logger } from '../logger.ts'
import { costs } from '../shares/turns.ts'
import { buildExchangeServer, refuseRequest } from './exchange-server.ts'
import { checkHandler, forPeer, serveTo } from './for-peer.ts'
import { lastAnswerOf, sendLastAnswer } from './last-answer.ts'
import { readLogFile } from './log-files.ts'
import { identifyPeer, type Peer, recognizeConnection, shownCertificate } from './peer.ts'
import { fieldsOf, formatProblem, PROBLEM_TYPE, toFault } from './problem.ts'
import { checkRequestForm, pathOf, unserved } from './request-form.ts'
import type { Stopping } from './stopping.ts'

export type ReceiverParts = Gate & { readonly logger: Logger; readonly stopping: Stopping }

type Receiver = FastifyInstance<Server>
type ReceiptRoute = { Params: { id: string } }
type Request<Route extends RouteGenericInterface = RouteGenericInterface> = FastifyRequest<Route, Server>

/** Longest id in a path: 128 characters, each percent-encoded. */
const LONGEST_PARAMETER = 3 * 128

/** Builds the receiver without listening. Whoever opened the parts closes them. */
export function buildReceiver(parts: ReceiverParts): Receiver {
  const { logger, limits } = parts
  const app: Receiver = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    // Our own lines say more than "incoming request" and "request completed".
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    genReqId: () => `urn:uuid:${randomUUID()}`,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    // Requests that are under way when the receiver stops are answered as ever.
    return503OnClosing: false,
    serverFactory: handler => buildExchangeServer(parts, handler),
    clientErrorHandler: (error, socket) => refuseRequest(error, socket, parts),
    frameworkErrors: (error, request, reply) => refuse(error, request, reply),
  })

  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const fault = toFault(error)
    logFault(request.log, fault, `${request.method} ${quote(request.url)} refused: ${fault.code}: ${fault.detail}`)
    noteRequest(fault, request as Request, parts)
    return answerFault(fault, request, reply, limits)
  }
  app.setErrorHandler(refuse)
  // A body stays unread until the peer is known.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))

  // Every request is its peer's, also one for a path that is none. Who is refused gets the reason,
  // and the connection ends.
  app.addHook('onRoute', checkHandler)
  app.addHook('onRequest', async (request, reply) => {
    checkRequestForm(request.raw)
    try {
      serveTo(request, identifyPeer(request.socket, parts.credentials, parts.now()))
    } catch (fault) {
      reply.header('connection', 'close')
      throw fault
    }
    // Here, before the framework asks for the type of a body that has no route.
    if (!request.is404) return
    const { fault, fields } = unserved(request.method, request.url)
    reply.headers(fields)
    throw fault
  })
  closeConnectionsWhenStopping(app)

  app.post(
    '/v1/documents',
    forPeer((peer, request: Request, reply: FastifyReply) => answerDocument(peer, request, reply, parts)),
  )
  app.post(
    '/v1/probe',
    forPeer(async (peer, request: Request, reply: FastifyReply) => {
      const { answer, facts, message } = await probeDocument(peer, request.raw, request.id, parts)
      request.log.info(facts, message)
      return reply.type('application/json').send(answer)
    }),
  )
  app.get(
    '/v1/receipts/:id',
    forPeer((peer, request: Request<ReceiptRoute>, reply: FastifyReply) => answerReceipt(peer, request, reply, parts)),
  )
  app.get(
    '/v1/log/*',
    forPeer((peer, request: Request, reply: FastifyReply) => answerLog(peer, request, reply, parts)),
  )
  return app
}

/**
 * Without this, a connection whose request is answered while the receiver stops would be kept alive
 * and hold it up.
 */
function closeConnectionsWhenStopping(app: Receiver): void {
  let isStopping = false
  app.addHook('preClose', async () => {
    isStopping = true
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isStopping) reply.header('connection', 'close')
    done(null, payload)
  })
}

async function answerDocument(
  peer: Peer,
  request: Request,
  reply: FastifyReply,
  gate: ReceiverParts,
): Promise<FastifyReply> {
  const account = new DocumentAccount(connectionFacts(request.socket), request.id)
  gate.stopping.beginWork()
  try {
    const acceptance = await acceptDocument(peer, request.raw, gate, account)
    const { level, facts, message } = account.accepted(acceptance)
    request.log[level](facts, message)
    gate.desk.note(account.acceptedFact(acceptance, gate.now()))
    reply.code(acceptance.isReplay ? 200 : 201).header('location', `/v1/receipts/${encodeURIComponent(acceptance.id)}`)
    return reply.type('application/xml').send(acceptance.receipt)
  } catch (error) {
    const fault = toFault(error)
    const { level, facts, message } = account.refused(fault)
    const refusal = account.refusal(fault)
    const entry = refusal && gate.refusals.record(refusal, request.log)
    void noteRefusal(account, fault, entry, gate)
    request.log[level](fault.code === 'internal' ? { ...facts, err: fault.cause } : facts, message)
    return answerFault(fault, request, reply, gate.limits)
  } finally {
    gate.stopping.endWork()
  }
}

/** A refusal before there is a document, or of another request. */
function noteRequest({ code, detail }: Fault, { id, socket }: Request, parts: ReceiverParts): void {
  try {
    const found = recognizeConnection(socket, parts.credentials, parts.now())
    const partner = found.kind === 'partner' ? found.id : undefined
    const known = { code, detail, partner, certificate: shownCertificate(socket), ...connectionFacts(socket) }
    parts.desk.note({ kind: 'refusal', outcome: 'refused', at: parts.now().getTime(), request: id, ...known })
  } catch {
    // A defect of what was just asked is the one that is answered and logged.
  }
}

/** With the index and time of its entry in the log, where it has one; no answer waits for that. */
async function noteRefusal(
  account: DocumentAccount,
  fault: Fault,
  entry: ReturnType<RefusalLog['record']> | undefined,
  { desk, now }: Gate,
): Promise<void> {
  try {
    const at = now().getTime()
    const written = await entry
    desk.note(account.refusedFact(fault, written?.at ?? at, written?.index))
  } catch {
    // As above.
  }
}

/** A caller gets its own receipts only; those of others are answered as if they did not exist. */
async function answerReceipt(
  peer: Peer,
  request: Request<ReceiptRoute>,
  reply: FastifyReply,
  gate: Gate,
): Promise<FastifyReply> {
  beginRead(peer, reply, gate)
  const receipt = await gate.ledger.receipt(peer.id, request.params.id)
  if (receipt === undefined)
    throw new Fault('not-found', `${quote(peer.id)} has no receipt for ${quote(request.params.id)}`)
  return answerRead(request, reply, { 'content-type': 'application/xml' }, receipt)
}

/** An answer counts until the client has taken it, or its connection has ended. */
function beginRead(peer: Peer, reply: FastifyReply, { uploads, now }: Gate): void {
  connectionOf(reply.request.raw.socket)?.charge(costs.answer)
  reply.raw.once('close', uploads.beginRead(peer.id, now(), peer.recognized.partner?.limits))
}

async function answerLog(peer: Peer, request: Request, reply: FastifyReply, gate: Gate): Promise<FastifyReply> {
  beginRead(peer, reply, gate)
  const { type, cacheControl, body } = await readLogFile(pathOf(request.url).slice('/v1/log/'.length), gate.ledger.log)
  return answerRead(
    request,
    reply,
    { 'content-type': type, 'cache-control': cacheControl },
    typeof body === 'string' ? Buffer.from(body) : body,
  )
}

/** A body that is not used is not waited for: the client still gets its answer. */
function answerRead(
  request: FastifyRequest | Request,
  reply: FastifyReply,
  fields: Readonly<Record<string, string>>,
  body: Buffer,
): FastifyReply {
  if (!isUnread(request.raw)) return reply.headers(fields).send(body)
  reply.hijack()
  sendLastAnswer(request.socket, { status: 200, fields, body }, request.method)
  return reply
}

function answerFault(
  fault: Fault,
  request: Pick<FastifyRequest, 'raw' | 'socket' | 'id' | 'method'>,
  reply: FastifyReply,
  limits: ReceiverLimits,
): FastifyReply {
  connectionOf(request.socket)?.charge(costs.answer)
  if (isUnread(request.raw)) {
    if (isWorthDraining(fault, request.raw, limits)) endIfSlow(request.raw, limits.lingerTime)
    else if (reply.raw.socket !== null) {
      reply.hijack()
      const allow = reply.getHeader('allow')
      const fields = allow === undefined ? {} : { allow: `${allow}` }
      sendLastAnswer(request.socket, lastAnswerOf(fault, request.id, fields), request.method)
      return reply
    }
    // A pipelined request whose turn to be answered has not come has no socket yet: Node answers it
    // in order, then closes.
    else reply.header('connection', 'close')
  }
  // Where a request that is not understood ends is not certain either.
  if (fault.code === 'request-malformed') reply.header('connection', 'close')
  // As bytes: to text of a JSON type Fastify would add a charset, which RFC 9457 does not define.
  return reply
    .code(fault.status)
    .headers(fieldsOf(fault))
    .type(PROBLEM_TYPE)
    .send(Buffer.from(formatProblem(fault, request.id)))
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

function isUnread({ headers, complete }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  return hasBody && !complete
}

function logFault(log: FastifyRequest['log'], fault: Fault, message: string): void {
  if (fault.code === 'internal') log.error({ code: fault.code, err: fault.cause }, message)
  else log[levelOf(fault)]({ code: fault.code }, message)
}
