// Clients of the receiver: one that speaks HTTP as it should, and a bare TLS connection for what no
// HTTP client would send.
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import type { TestGateway } from './gateway.ts'

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }

type Call = {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: Uint8Array
  tls?: ConnectionOptions
}

export async function call(
  gateway: TestGateway,
  { method = 'GET', path = '/', headers = {}, body, tls = {} }: Call,
): Promise<Answer> {
  const outgoing = request({
    host: '127.0.0.1',
    port: gateway.port,
    method,
    path,
    headers,
    agent: false,
    ...credentials(gateway),
    ...tls,
  })
  outgoing.end(body)
  const [incoming] = await once(outgoing, 'response')
  return { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(await incoming.toArray()) }
}

export function post(
  gateway: TestGateway,
  body: Uint8Array,
  headers: Record<string, string> = { 'content-type': 'application/xml' },
): Promise<Answer> {
  return call(gateway, {
    method: 'POST',
    path: '/v1/documents',
    headers: { 'content-length': String(body.length), ...headers },
    body,
  })
}

/** The `code` of a refusal, with its status. */
export function refusalOf({ status, headers, body }: Answer): string {
  const type = headers['content-type']
  return `${status} ${type === 'application/problem+json' ? JSON.parse(body.toString()).code : type}`
}

/** A connection whose handshake is done; `text` is what the server has said on it so far. */
export type RawConnection = { readonly socket: TLSSocket; text(): string; readonly closed: Promise<void> }

export async function connectRaw(
  t: Test,
  gateway: TestGateway,
  options: ConnectionOptions = {},
): Promise<RawConnection> {
  const socket = connect({ host: '127.0.0.1', port: gateway.port, ...credentials(gateway), ...options })
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.on('close', () => resolve())
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return { socket, text: () => text, closed }
}

export function credentials({ gate, sender }: TestGateway): ConnectionOptions {
  return {
    ca: gate.credentials.current.trust.caPem,
    cert: sender.certificatePem,
    key: sender.keyPem,
    servername: 'localhost',
  }
}
