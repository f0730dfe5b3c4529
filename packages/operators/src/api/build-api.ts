// The operators' listener as an HTTP server: each route of a table with its permission, its schemas
// and its errors. The only file of this package that knows Fastify.
import { randomUUID } from 'node:crypto'
import { createServer, type Server, type ServerOptions } from 'node:https'
import { Fault, quote } from '@seg/core'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Attempts } from '../access/attempts.ts'
import { authenticate, Denied } from '../access/authenticate.ts'
import { findLoginWays } from '../access/login-ways.ts'
import { mayDo, roles } from '../access/roles.ts'
import { Approval, approvalRow, holdAct, mustWait } from '../approvals/hold-act.ts'
import { checkConcerned } from '../approvals/who-decides.ts'
import { checkRecorded } from './api-act.ts'
import { formatApiProblem, PROBLEM_FIELDS, PROBLEM_MEDIA_TYPE, toApiFault } from './api-problem.ts'
import { Denials } from './denials.ts'
import { checkEntityTag, entityTag } from './entity-tag.ts'
import { Idempotency } from './idempotency.ts'
import { findPage, type Pages } from './pages.ts'
import type { ApiParts } from './parts.ts'
import { type ApiRequest, type ApiRoute, RawAnswer } from './route.ts'
import { ApiProblem } from './schema.ts'
import { securityFields } from './security-fields.ts'

export type ApiLimits = {
  readonly connections: number
  readonly bodyBytes: number
  readonly headerBytes: number
  /** Milliseconds for a handshake, for the fields of a request, and for all of it. */
  readonly handshakeTime: number
  readonly headersTime: number
  readonly requestTime: number
  readonly keepAliveTime: number
  /** Milliseconds without an octet taken or sent: a reader that stalls goes. */
  readonly stallTime: number
}

export const defaultApiLimits: ApiLimits = {
  connections: 256,
  bodyBytes: 64 * 1024,
  headerBytes: 16 * 1024,
  handshakeTime: 10_000,
  headersTime: 10_000,
  requestTime: 30_000,
  keepAliveTime: 30_000,
  stallTime: 60_000,
}

type Api = FastifyInstance<Server>

type ApiOptions = { readonly tls: ServerOptions; readonly limits?: ApiLimits; readonly pages?: Pages }

/** Lines of the log a minute about what nobody who has logged in met. */
export const COMPLAINTS = 20

/** Values of a JSON body in each other: what writes it out goes down by a call a level. */
const DEEPEST = 32

/** Longest id of a partner in a path: 128 characters of four octets, percent-encoded. */
const LONGEST_PARAMETER = 3 * 4 * 128

/**
 * Builds the listener without listening. TypeError for a route that does not say who may, what it
 * answers, or which act it is.
 */
export function buildOperatorsApi(
  parts: ApiParts,
  routes: readonly ApiRoute[],
  { tls, limits = defaultApiLimits, pages }: ApiOptions,
): Api {
  const denials = new Denials(parts)
  const app: Api = Fastify({
    logger: false,
    genReqId: () => `urn:uuid:${randomUUID()}`,
    bodyLimit: limits.bodyBytes,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    exposeHeadRoutes: false,
    // What does not fit is refused: nothing is left out, and text becomes a number in a query only.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false } },
    serverFactory: handler => buildServer(tls, limits, handler),
    frameworkErrors: (error, request, reply) => refuse(error, request, reply),
  })
  // Anybody can make them: so many a minute.
  const complaints = new Attempts()
  const isForUs = ({ status, code }: Fault) =>
    status >= 500 && code !== 'overloaded' && complaints.attempt('anybody', parts.now()) <= COMPLAINTS
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const fault = toApiFault(error)
    denials.note(fault, request, operators.get(request))
    const isKnown = operators.has(request)
    // By the pattern of its route: a path may be a login link.
    if (fault.code === 'internal' || (!isKnown && isForUs(fault)))
      parts.complain(
        `${request.method} ${request.routeOptions.url ?? 'an unknown path'}: ${fault.detail} (${request.id})`,
      )
    return reply
      .code(fault.status)
      .headers({ ...securityFields, ...PROBLEM_FIELDS[fault.status] })
      .type(PROBLEM_MEDIA_TYPE)
      .send(Buffer.from(formatApiProblem(fault, request.id, isKnown)))
  }
  app.addSchema(ApiProblem)
  app.setErrorHandler(refuse)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...securityFields, 'x-request-id': request.id })
  })
  app.addHook('preValidation', async ({ body }) => checkDepth(body))
  const idempotency = new Idempotency(parts.answers)
  app.addHook('onSend', async (request, reply, payload) => {
    idempotency.end(request, reply.statusCode, `${reply.getHeader('content-type') ?? 'application/json'}`, payload)
  })
  for (const row of routes) addRoute(app, checkRoute(row), parts, idempotency)
  // Who is nobody learns not even what there is.
  app.setNotFoundHandler(async (request, reply) => {
    const check = () => void authenticate(request.method, request.headers, parts.access, parts.now())
    const ways = (path: string) =>
      findLoginWays(path, request.headers.host, {
        hasProvider: parts.openid.isConfigured(parts.now()),
        certificateLogin: parts.certificateLogin(),
      })
    if (pages === undefined) check()
    const page =
      pages && (await findPage(request, pages, check, ways, fault => denials.note(fault, request, undefined)))
    if (page === undefined) throw new Fault('not-found', `there is no ${request.method} ${quote(request.url)}`)
    return reply.code(page.status).headers(page.fields).type(page.type).send(page.body)
  })
  return app
}

const permissions: ReadonlySet<string> = new Set(['public', ...Object.values(roles).flat()])

function checkRoute(row: ApiRoute): ApiRoute {
  const name = `${row.method} ${row.path}`
  if (!permissions.has(row.permission)) throw new TypeError(`${name} has no permission`)
  if (typeof row.response !== 'object') throw new TypeError(`${name} has no schema of its answer`)
  if (row.act !== undefined && row.onlyReads) throw new TypeError(`${name} only reads, and has an act`)
  if (row.method !== 'GET' && row.act === undefined && !row.onlyReads)
    throw new TypeError(`${name} has no act of the audit trail, and does not say that it only reads`)
  return row
}

function addRoute(app: Api, row: ApiRoute, parts: ApiParts, idempotency: Idempotency): void {
  const { method, path, params, query, body, response, type } = row
  app.route({
    method,
    url: path,
    schema: {
      ...(params && { params }),
      // Of a route without one, no parameter is known.
      querystring: query ?? { type: 'object', additionalProperties: false },
      ...(body && { body }),
      ...(type === undefined && { response: { 200: response, ...(row.needsApproval && { 202: Approval }) } }),
    },
    // Before anything of the request is read.
    onRequest: async request => {
      if (row.permission === 'public') return
      const operator = authenticate(method, request.headers, parts.access, parts.now(), row.isUnattended)
      operators.set(request, operator)
      if (!mayDo(operator.role, row.permission))
        throw new Denied(operator, row.permission, method === 'GET' && path.includes(':'))
    },
    preHandler: async (request, reply) => {
      if (method === 'GET' || row.permission === 'public') return
      const kept = await idempotency.begin(request, operators.get(request), parts.now())
      if (kept === undefined) return
      reply.code(kept.status).header('idempotency-replayed', 'true').type(kept.type).send(Buffer.from(kept.body))
      return reply
    },
    handler: async (request, reply) => {
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const asked = {
        params: request.params as never,
        query: request.query as never,
        body: request.body as never,
        id: request.id,
        address: request.ip,
        headers: request.headers,
        operator: operators.get(request),
        act: row.act,
        signal: gone.signal,
      }
      if (method !== 'GET') await checkVersion(row, asked, parts)
      // Before it is read: what changes in between has another one.
      else if (row.version !== undefined) reply.header('etag', entityTag(await row.version(asked, parts)))
      if (asked.operator !== undefined) checkConcerned(asked.operator, row, asked.params, parts)
      if (mustWait(row, asked, parts)) {
        const held = await holdAct(row, asked, parts)
        const location = `/api/v1/approvals/${held.id}`
        return reply
          .code(202)
          .header('location', location)
          .send(approvalRow(held, asked, row.permission, parts))
      }
      const answer = await row.handle(asked, parts)
      checkRecorded(row, asked)
      if (!(answer instanceof RawAnswer)) return answer
      return reply.code(answer.status).headers(answer.fields).type(answer.type).send(answer.body)
    },
  })
}

/** Throws the Fault `parameter-invalid`. */
function checkDepth(body: unknown): void {
  let level = [body]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST)
      throw new Fault('parameter-invalid', `expected a body of at most ${DEEPEST} values in each other, found more`)
    level = level.flatMap(value => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
}

/** A condition that cannot be held against anything is not left out. */
async function checkVersion(row: ApiRoute, asked: ApiRequest<never, never, never>, parts: ApiParts): Promise<void> {
  if (asked.headers['if-match'] === undefined) {
    if (row.needsVersion)
      throw new Fault('version-required', 'expected If-Match with the ETag of what was seen, found none')
    return
  }
  if (row.version === undefined)
    throw new Fault('parameter-invalid', `${row.method} ${row.path} knows no If-Match: what it changes has no ETag`)
  checkEntityTag(asked.headers, await row.version(asked, parts))
}

/** Who asks, of requests that passed. */
const operators = new WeakMap<FastifyRequest, ReturnType<typeof authenticate>>()

/** Also of the port for certificates. */
export function buildServer(
  tls: ServerOptions,
  limits: ApiLimits,
  handler: Parameters<typeof createServer>[1],
): Server {
  const server = createServer(
    {
      ...tls,
      insecureHTTPParser: false,
      handshakeTimeout: limits.handshakeTime,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTime,
      requestTimeout: limits.requestTime,
      keepAliveTimeout: limits.keepAliveTime,
      connectionsCheckingInterval: 1000,
    },
    handler,
  )
  server.maxConnections = limits.connections
  server.timeout = limits.stallTime
  // A handshake that fails is nobody's login; the client learns it from TLS.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  // What the system cannot accept for the moment would end the listener; of one that cannot listen,
  // whoever started it gets the reason.
  server.on('error', () => {})
  return server
}
