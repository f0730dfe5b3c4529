// The port where a person logs in with a certificate: it sets the cookie of a session and leads to
// the console, whose own port asks no browser for a certificate.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, ServerOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { Fault, quote } from '@seg/core'
import { type PresentedChain, readPresentedChain } from '@seg/pki'
import type { Operator } from '../access/access-store.ts'
import { Attempts } from '../access/attempts.ts'
import { formatCookie } from '../access/authenticate.ts'
import type { CertificateSessions } from '../access/certificate-sessions.ts'
import { checkSameSite } from '../access/cross-site.ts'
import { logIn, OWN_PATH, refusedLogin } from '../access/log-in.ts'
import { atHost } from '../access/login-ways.ts'
import type { People } from '../access/people.ts'
import { formatApiProblem, PROBLEM_FIELDS, PROBLEM_MEDIA_TYPE, toApiFault } from './api-problem.ts'
import { buildServer, COMPLAINTS, defaultApiLimits } from './build-api.ts'
import { Denials } from './denials.ts'
import type { ApiParts } from './parts.ts'
import { securityFields } from './security-fields.ts'

/** Logins at a time: each is one short request. */
const limits = { ...defaultApiLimits, connections: 64, bodyBytes: 0, keepAliveTime: 1000 }

export type CertificateLoginParts = Pick<ApiParts, 'access' | 'audit' | 'complain' | 'now'> & {
  readonly people: Pick<People, 'list' | 'recognize'>
  readonly sessions: Pick<CertificateSessions, 'remember'>
}

/**
 * `tls` asks each client for a certificate and makes none valid: we judge it here, by its path, its
 * dates, its revocation and the record of its person.
 */
export function buildCertificateLogin(parts: CertificateLoginParts, tls: ServerOptions): Server {
  const chains = new WeakMap<object, PresentedChain>()
  const denials = new Denials(parts)
  const complaints = new Attempts()
  const server = buildServer(tls, limits, (request, response) => {
    const id = `urn:uuid:${randomUUID()}`
    const address = request.socket.remoteAddress ?? 'unknown'
    // The next person at this browser shows a certificate of their own.
    const fields = { ...securityFields, 'x-request-id': id, connection: 'close' }
    serve(request, { id, address, chain: chains.get(request.socket) }, parts).then(
      ({ location, cookie }) => {
        const type = { 'content-type': 'text/plain' }
        response.writeHead(303, { ...fields, ...type, location, 'set-cookie': cookie }).end(`See ${location}.\n`)
      },
      error => {
        const fault = toApiFault(error)
        denials.note(
          fault,
          { method: `${request.method}`, id, ip: address, routeOptions: { url: 'certificate login' } },
          undefined,
        )
        if (fault.status >= 500 && complaints.attempt('anybody', parts.now()) <= COMPLAINTS)
          parts.complain(`login with a certificate: ${fault.detail} (${id})`)
        refuse(fault, id, response, fields)
      },
    )
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    const chain = readPresentedChain(socket)
    if (chain !== undefined) chains.set(socket, chain)
  })
  return server
}

type Login = { readonly id: string; readonly address: string; readonly chain: PresentedChain | undefined }

async function serve(request: IncomingMessage, { id, address, chain }: Login, parts: CertificateLoginParts) {
  const { access, people, sessions, now } = parts
  if (request.method !== 'GET')
    throw new Fault(
      'method-not-allowed',
      `expected GET at the port for certificates, found ${quote(`${request.method}`)}`,
    )
  // No page of another site logs somebody in.
  checkSameSite('GET', request.headers)
  const at = now()
  try {
    if (chain === undefined)
      throw new Fault('login-refused', 'expected a certificate of the profile operator, found none')
    const person = await people.recognize(chain, at)
    const credential = chain.leaf.fingerprint256
    const found: Operator = { id: person.id, role: person.role, method: 'certificate', credential }
    const cookie = formatCookie(await logIn(found, { address, id }, parts, at))
    sessions.remember(chain)
    return { cookie, location: consoleAt(request, access.url) }
  } catch (error) {
    throw refusedLogin(error, address, access, at)
  }
}

/**
 * Where the cookie counts: the host that the browser knows, at the console's port; `?to=` names a
 * path there.
 */
function consoleAt({ headers: { host }, url = '/' }: IncomingMessage, console: string | undefined): string {
  const known = atHost(host, console ?? 'https://localhost:8444')
  const to = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('to') ?? '/'
  if (new RegExp(OWN_PATH).test(to)) known.pathname = to
  return known.href
}

function refuse(fault: Fault, id: string, response: ServerResponse, fields: Readonly<Record<string, string>>): void {
  const allow = fault.status === 405 && { allow: 'GET' }
  response
    .writeHead(fault.status, {
      ...fields,
      ...PROBLEM_FIELDS[fault.status],
      ...allow,
      'content-type': PROBLEM_MEDIA_TYPE,
    })
    .end(formatApiProblem(fault, id, false))
}
