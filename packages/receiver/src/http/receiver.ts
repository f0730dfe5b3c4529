// The receiver as an HTTP server: its routes and how every refusal is answered.
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
import { probeDocument } from '../acceptance/probe.ts'
import { connectionOf } from '../connections/connection.ts'
import type { Staple } from '../credentials/follow-staple.ts'
import type { ExchangeGate } from '../gate.ts'
import type { Logger } from '../logger.ts'
import { acceptAnnouncement } from '../rollover/accept-announcement.ts'
import { costs } from '../shares/turns.ts'
import { isUnread, refuseServed, type ServedRequest } from './answers.ts'
import { answerDocument, DOCUMENTS, requestId, routeDocuments } from './document-route.ts'
import { buildExchangeServer, refuseRequest } from './exchange-server.ts'
import { checkHandler, forPeer, serveTo } from './for-peer.ts'
import { sendLastAnswer } from './last-answer.ts'
import { readLogFile } from './log-files.ts'
import { identifyPeer, type Peer } from './peer.ts'
import { checkRequestForm, pathOf, unserved } from './request-form.ts'
import type { Stopping } from './stopping.ts'

export type ReceiverParts = ExchangeGate & {
  readonly logger: Logger
  readonly stopping: Stopping
  readonly staple?: Staple | undefined
  readonly balancers?: readonly string[] | undefined
}

type Receiver = FastifyInstance<Server>
type ReceiptRoute = { Params: { id: string } }
type Request<Route extends RouteGenericInterface = RouteGenericInterface> = FastifyRequest<Route, Server>

/** Longest id in a path: 128 characters, each percent-encoded. */
const LONGEST_PARAMETER = 3 * 128

/** Builds the receiver without listening. The caller, which opened the parts, closes them. */
export function buildReceiver(parts: ReceiverParts): Receiver {
  const { logger, stopping } = parts
  const app: Receiver = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    // Our own lines say more than "incoming request" and "request completed".
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    genReqId: requestId,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    // Requests that are under way when the receiver stops are answered as ever.
    return503OnClosing: false,
    serverFactory: handler => buildExchangeServer(parts, routeDocuments(parts, handler)),
    clientErrorHandler: (error, socket) => refuseRequest(error, socket, parts),
    frameworkErrors: (error, request, reply) => refuseHandled(error, request, reply),
  })

  const refuseHandled = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const fields = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)])
    refuseServed(error, serve(request, reply), parts, Object.fromEntries(fields))
  }
  app.setErrorHandler(refuseHandled)
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
  stopping.track(app.server)
  app.addHook('preClose', async () => stopping.begin())

  app.post(
    DOCUMENTS,
    forPeer(async (peer, request: Request, reply: FastifyReply) => {
      await answerDocument(peer, serve(request, reply), parts)
      return reply
    }),
  )
  app.post(
    '/v1/rollover',
    forPeer(async (peer, request: Request, reply: FastifyReply) => {
      await answerDocument(peer, serve(request, reply), parts, acceptAnnouncement)
      return reply
    }),
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

/** From here on the answer is ours. */
function serve(request: FastifyRequest | Request, reply: FastifyReply): ServedRequest {
  reply.hijack()
  return { request: request.raw, response: reply.raw, id: request.id }
}

/** A caller gets its own receipts only; those of others are answered as if they did not exist. */
async function answerReceipt(
  peer: Peer,
  request: Request<ReceiptRoute>,
  reply: FastifyReply,
  gate: ExchangeGate,
): Promise<FastifyReply> {
  await beginRead(peer, reply, gate)
  const receipt = await gate.ledger.receipt(peer.id, request.params.id)
  if (receipt === undefined)
    throw new Fault('not-found', `${quote(peer.id)} has no receipt for ${quote(request.params.id)}`)
  return answerRead(request, reply, { 'content-type': 'application/xml' }, receipt)
}

/** An answer counts until the client has taken it, or its connection has ended. */
async function beginRead(peer: Peer, reply: FastifyReply, { uploads }: ExchangeGate): Promise<void> {
  connectionOf(reply.request.raw.socket)?.charge(costs.answer)
  const end = await uploads.beginRead(peer.id, peer.recognized.partner?.limits)
  if (reply.raw.closed || reply.raw.destroyed) end()
  else reply.raw.once('close', end)
}

async function answerLog(peer: Peer, request: Request, reply: FastifyReply, gate: ExchangeGate): Promise<FastifyReply> {
  await beginRead(peer, reply, gate)
  const path = pathOf(request.url).slice('/v1/log/'.length)
  const { type, cacheControl, body, size } = await readLogFile(path, gate.ledger.log)
  gate.witnesses.note(peer.id, size)
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
