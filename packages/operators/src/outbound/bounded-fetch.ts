// One HTTPS request for a library that asks for `fetch`: with our CAs, bounded in time and size,
// and without following a redirection.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { checkServerIdentity, type SecureContext } from 'node:tls'
import { boundRequest } from './bounded-server.ts'

/** Milliseconds for all of it, and octets of an answer. */
const [TIME, LARGEST] = [10_000, 256 * 1024]

type Asked = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export function openBoundedFetch(secureContext: SecureContext): (url: string, asked: Asked) => Promise<Response> {
  return async (url, { method = 'GET', headers = {}, body }) => {
    if (!url.startsWith('https:')) throw new Error(`expected an https address, found ${url}`)
    const text = body === undefined || body === null ? undefined : String(body)
    const signal = AbortSignal.timeout(TIME)
    // A connection of its own.
    const safe = { secureContext, rejectUnauthorized: true, checkServerIdentity, agent: false, signal } as const
    const outgoing = request(url, { ...safe, method, headers: { ...headers } })
    boundRequest(outgoing, 'the provider')
    outgoing.end(text)
    const [answer] = (await once(outgoing, 'response', { signal })) as [IncomingMessage]
    const pieces: Buffer[] = []
    let length = 0
    for await (const piece of answer) {
      length += piece.length
      // Leaving the loop ends the connection.
      if (length > LARGEST) throw new Error(`expected at most ${LARGEST} octets, found more`)
      pieces.push(piece)
    }
    const fields = new Headers()
    for (const [name, value] of Object.entries(answer.headers)) if (typeof value === 'string') fields.set(name, value)
    const status = answer.statusCode ?? 500
    return new Response(status === 204 || status === 304 ? null : Buffer.concat(pieces), { status, headers: fields })
  }
}
