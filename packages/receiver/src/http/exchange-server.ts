// The exchange listener below HTTP semantics: TLS 1.3 with a client certificate, bounded in time
// and number.
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { Fault, timeOrderedId } from '@seg/core'
import { Balancers } from '../connections/balancers.ts'
import { connectionOf, ExchangeRequest } from '../connections/connection.ts'
import { connectionFacts } from '../connections/connection-facts.ts'
import { type FailedConnections, openFailedConnections } from '../connections/failed-connections.ts'
import { describeHandshakeFailure } from '../connections/handshake-failure.ts'
import { Strangers } from '../connections/strangers.ts'
import { tlsOptionsOf } from '../connections/tls-options.ts'
import type { Credentials } from '../credentials/live-credentials.ts'
import type { ReceiverLimits } from '../limits.ts'
import { Arrivals } from '../shares/arrivals.ts'
import type { Exchange } from './exchange.ts'
import { lastAnswerOf, sendLastAnswer } from './last-answer.ts'
import { openConnections } from './partner-connections.ts'
import { recognizeConnection, shownCertificate } from './peer.ts'
import { toFault } from './problem.ts'
import { isContinueExpected, unknownMethod, unserved } from './request-form.ts'

export function buildExchangeServer(exchange: Exchange, handler: RequestListener): Server {
  const { credentials, limits, logger, staple, balancers = [] } = exchange
  const server = createServer<typeof ExchangeRequest>({
    IncomingMessage: ExchangeRequest,
    ...tlsOptionsOf(credentials.current.identity),
    // Said, too: otherwise an option of Node decides.
    insecureHTTPParser: false,
    handshakeTimeout: limits.handshakeTime,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTime,
    // None for whole requests: a large document may take hours, as long as it makes progress
    // (read-body.ts).
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTime,
    // Node checks its timeouts only this often.
    connectionsCheckingInterval: Math.min(1000, limits.headersTime),
    // Asked for in request-form.ts: Node's own answer would be no problem document.
    requireHostHeader: false,
  })
  server.maxHeadersCount = limits.headers
  // A balancer's connections without their header have places of their own, too.
  server.maxConnections = limits.connections + limits.strangers * (balancers.length === 0 ? 1 : 2)
  server.on('request', (request, response) => connectionOf(request.socket)?.begin(request, response))
  server.on('checkContinue', (request, response) => {
    // Of a peer that is refused no body is wanted.
    const isWanted = () => recognizeConnection(request.socket, credentials, exchange.now()).kind === 'partner'
    if (isContinueExpected(request) && isWanted()) response.writeContinue()
    server.emit('request', request, response)
  })
  // What is not 100-continue is refused like any other request.
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response))
  // Without this, Node closes the connection without an answer.
  server.on('connect', (request, socket) => {
    const fault = new Fault('method-not-allowed', 'expected no CONNECT: this is no proxy')
    answerLast(fault, socket, exchange, { allow: '', ...unserved('CONNECT', request.url ?? '').fields })
  })
  const strangerLog = openFailedConnections(logger, exchange.desk.note, () => exchange.now())
  const arrivals = new Arrivals()
  const strangers = awaitAuthentication(server, balancers, limits, strangerLog, arrivals)
  openConnections(server, strangers, strangerLog, handler, exchange, arrivals)
  const stapling = switchStapling(server, staple)
  stapling(credentials.current)
  const stopFollowing = credentials.onReplaced(replaced => {
    server.setSecureContext(tlsOptionsOf(replaced.identity))
    stapling(replaced)
  })
  server.once('close', stopFollowing)
  server.on('drop', data => {
    const address = data?.remoteAddress
    const line = `connection from ${address} closed: ${server.maxConnections} are open already`
    strangerLog.report({ reason: 'too many connections', line, address })
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const { address, reason } = describeHandshakeFailure(error, socket)
    const line = `TLS handshake with ${address} failed: ${reason}`
    strangerLog.report({ reason, line, code: error.code, address })
  })
  server.once('close', () => strangerLog.close())
  return server
}

/**
 * Answers at once, with what is there. Without a responder there is no listener, and no handshake
 * waits for Node's event.
 */
function switchStapling(server: Server, staple: Exchange['staple']): (credentials: Credentials) => void {
  const answer = (certificate: Buffer, _issuer: Buffer, done: (error: null, octets: Buffer | null) => void) =>
    done(null, staple?.answerFor(certificate) ?? null)
  return ({ responder }) => {
    server.off('OCSPRequest', answer)
    if (staple !== undefined && responder !== undefined) server.on('OCSPRequest', answer)
  }
}

/**
 * Puts strangers between a connection and Node's listener, which would begin its handshake at once.
 */
function awaitAuthentication(
  server: Server,
  balancers: readonly string[],
  limits: ReceiverLimits,
  failed: FailedConnections,
  arrivals: Arrivals,
): Strangers {
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  const strangers = new Strangers(
    limits,
    socket => {
      for (const listener of listeners) listener.call(server, socket)
    },
    failed,
    arrivals,
  )
  const take = (socket: Socket) => strangers.take(socket)
  const stated = new Balancers(balancers, limits, take, failed)
  server.on('connection', socket => (balancers.length === 0 ? take(socket as Socket) : stated.take(socket as Socket)))
  return strangers
}

type Reporting = Pick<Exchange, 'logger' | 'desk' | 'now'>

/** Connections whose last answer waits for those before it. */
const ending = new WeakSet<Duplex>()

/**
 * What HTTP itself refuses: headers that are malformed, too long or too late. RFC 9112 2.2: answer
 * and close, behind the answers to what was whole before (9.3.2). Other errors of a connection, and
 * of one that is answered already, leave nobody to answer; a handshake that failed has its own
 * line.
 */
export function refuseRequest(error: Error, socket: Duplex, exchange: Reporting): void {
  const { code = '' } = error as NodeJS.ErrnoException
  const isOfHttp = code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (ending.has(socket)) return
  const connection = connectionOf(socket)
  // What follows a last answer may be anything, and is read on as long as any of it is.
  if (isOfHttp && connection?.isDiscarding === true) return
  if (!isOfHttp || !socket.writable) return void socket.destroy()
  const { rawPacket, bytesParsed = 0 } = error as Error & { rawPacket?: Buffer; bytesParsed?: number }
  const unknown = code === 'HPE_INVALID_METHOD' && rawPacket && unknownMethod(rawPacket, bytesParsed)
  if (unknown) answerLast(unknown.fault, socket, exchange, unknown.fields)
  else answerLast(toFault(error), socket, exchange)
}

/** Behind the answers to what was whole before it. */
function answerLast(
  fault: Fault,
  socket: Duplex,
  { logger, desk, now }: Reporting,
  fields: Readonly<Record<string, string>> = {},
): void {
  const instance = `urn:uuid:${timeOrderedId()}`
  const { code, detail } = fault
  const shown = { ...connectionFacts(socket as TLSSocket), certificate: shownCertificate(socket as TLSSocket) }
  desk.note({ kind: 'refusal', outcome: 'refused', at: now().getTime(), code, detail, request: instance, ...shown })
  logger.warn({ request: instance, code: fault.code }, `request refused: ${fault.code}: ${fault.detail}`)
  const before = (connectionOf(socket)?.answersDue ?? []).filter(({ req }) => req.complete)
  const end = () => sendLastAnswer(socket, lastAnswerOf(fault, instance, fields))
  if (before.length === 0) return void end()
  ending.add(socket)
  Promise.all(before.map(response => once(response, 'close'))).then(end)
}
