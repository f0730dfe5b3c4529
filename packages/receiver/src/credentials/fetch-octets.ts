// One HTTP request for a revocation list or a status, bounded in time and size. A redirection is
// never followed: an address in the configuration leads nowhere else.
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { rootCertificates } from 'node:tls'
import { Fault, quote, TLS13_CIPHERS } from '@seg/core'
import { boundRequest } from '@seg/operators'

export type FetchRequest = {
  readonly url: string
  /** Octets of the answer. */
  readonly most: number
  /** Milliseconds for all of it. */
  readonly time: number
  readonly signal: AbortSignal
  /** What is posted; without it, the request is a GET. */
  readonly body?: { readonly octets: Buffer; readonly type: string }
}

/** Throws the Fault `revocation-unreachable` with the reason. */
export async function fetchOctets({ url, most, time, signal, body }: FetchRequest): Promise<Buffer> {
  const timeout = AbortSignal.timeout(time)
  try {
    const answer = await send(url, body, AbortSignal.any([signal, timeout]))
    if (answer.statusCode !== 200) {
      answer.destroy()
      throw new Error(`expected the status 200, found ${answer.statusCode}`)
    }
    const encoding = answer.headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity') throw new Error(`expected no content encoding, found ${quote(encoding)}`)
    return await readAll(answer, most)
  } catch (cause) {
    const reason = timeout.aborted ? `no whole answer within ${time / 1000} seconds` : (cause as Error).message
    throw new Fault('revocation-unreachable', `${url}: ${reason}`, { cause })
  }
}

async function send(url: string, body: FetchRequest['body'], signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  const outgoing = request(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'accept-encoding': 'identity',
      ...(body && { 'content-type': body.type, 'content-length': body.octets.length }),
    },
    // A connection of its own, and the CAs that come with Node, to which no variable can add.
    agent: false,
    ca: [...rootCertificates],
    minVersion: 'TLSv1.2',
    ciphers: `${TLS13_CIPHERS}:ECDHE+AESGCM:ECDHE+CHACHA20`,
    signal,
  })
  boundRequest(outgoing, 'the server')
  outgoing.end(body?.octets)
  const [answer] = await once(outgoing, 'response', { signal })
  return answer
}

async function readAll(answer: IncomingMessage, most: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of answer) {
    length += piece.length
    // Leaving the loop ends the connection.
    if (length > most) throw new Error(`expected at most ${most} octets, found more`)
    pieces.push(piece)
  }
  if (!answer.complete) throw new Error('the answer was cut off')
  return Buffer.concat(pieces)
}
