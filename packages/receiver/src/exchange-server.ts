// The exchange listener below HTTP semantics: TLS 1.3 with a client certificate, bounded in time and number.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { RequestListener, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Fault } from '@seg/core'
import type { Identity, Trust } from '@seg/pki'
import { describeHandshakeFailure } from './handshake-failure.ts'
import { sendLastAnswer } from './last-answer.ts'
import type { Limits } from './limits.ts'
import type { Logger } from './log.ts'
import { Places } from './partner-shares.ts'
import { partnerOf } from './peer.ts'
import { toFault } from './problem.ts'
import { isContinueExpected } from './request-form.ts'

export type Exchange = {
  readonly identity: Identity
  readonly trust: Trust
  readonly limits: Limits
  readonly log: Logger
}

export function buildExchangeServer({ identity, trust, limits, log }: Exchange, handler: RequestListener): Server {
  const server = createServer(
    {
      cert: identity.certificatePem,
      key: identity.keyPem,
      ca: trust.caPem,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.handshakeTime,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTime,
      // None for whole requests: a large document may take hours, as long as it makes progress (read-body.ts).
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAliveTime,
      // Node looks at its timeouts only this often.
      connectionsCheckingInterval: Math.min(1000, limits.headersTime),
      // Asked for in request-form.ts: Node's own answer would be no problem document.
      requireHostHeader: false,
    },
    handler,
  )
  server.maxHeadersCount = limits.headers
  server.maxConnections = limits.connections
  // Asked once, a socket remembers its address for the log.
  server.on('connection', socket => void (socket as Socket).remoteAddress)
  server.on('request', (request, response) => {
    const due = answersDue.get(request.socket) ?? new Set()
    answersDue.set(request.socket, due.add(response))
    response.once('close', () => due.delete(response))
  })
  server.on('checkContinue', (request, response) => {
    if (isContinueExpected(request)) response.writeContinue()
    server.emit('request', request, response)
  })
  // What is not 100-continue is refused like any other request.
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response))
  boundConnections(server, limits, log)
  server.on('drop', data =>
    log.warn(`connection from ${data?.remoteAddress} closed: ${limits.connections} are open already`),
  )
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) =>
    log.warn({ code: error.code }, describeHandshakeFailure(error, socket)),
  )
  return server
}

/** A partner that has its share of connections gets no more of them, as long as it keeps those. */
function boundConnections(server: Server, { connections, connectionsOfOne }: Limits, log: Logger): void {
  const open = new Places(connections, connectionsOfOne, 'connections are open')
  server.on('secureConnection', socket => {
    const partner = partnerOf(socket)
    try {
      open.take(partner)
      socket.once('close', () => open.giveBack(partner))
    } catch (fault) {
      log.warn(
        { code: (fault as Fault).code },
        `connection from ${socket.remoteAddress} closed: ${(fault as Fault).detail}`,
      )
      socket.destroy()
    }
  })
}

/** Requests of a connection that are not answered yet, in the order in which they came. */
const answersDue = new WeakMap<Duplex, Set<ServerResponse>>()
/** Connections whose last answer waits for those before it. */
const ending = new WeakSet<Duplex>()

/**
 * What HTTP itself refuses: headers that are malformed, too long or too late. RFC 9112 2.2: answer and close, behind
 * the answers to what was whole before (9.3.2). Other errors of a connection, and
 * of one that is answered already, leave nobody to answer; a handshake that failed has its own line.
 */
export function refuseRequest(error: Error, socket: Duplex, { limits, log }: Pick<Exchange, 'limits' | 'log'>): void {
  const { code = '' } = error as NodeJS.ErrnoException
  const isOfHttp = code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (ending.has(socket)) return
  if (!isOfHttp || !socket.writable) return void socket.destroy()
  const fault = toFault(error)
  const instance = `urn:uuid:${randomUUID()}`
  log.warn({ request: instance, code: fault.code }, `request refused: ${fault.code}: ${fault.detail}`)
  const before = [...(answersDue.get(socket) ?? [])].filter(({ req }) => req.complete)
  const end = () => sendLastAnswer(socket, fault, instance, limits.lingerTime)
  if (before.length === 0) return void end()
  ending.add(socket)
  Promise.all(before.map(response => once(response, 'close'))).then(end)
}
