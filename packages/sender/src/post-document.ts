// One POST over mutually authenticated TLS 1.3: the only file that knows undici.
import type { X509Certificate } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { Fault } from '@seg/core'
import type { Identity, Trust } from '@seg/pki'
import { buildConnector, Client, type Dispatcher } from 'undici'
import { readBeforeFailing } from './answer-first.ts'

/** What a connection negotiated, in the registries' names. */
export type TlsFacts = { readonly protocol: string; readonly cipher: string; readonly group: string }

type Connection = {
  /** The certificate that the server proved to hold. */
  readonly server: X509Certificate
  readonly tls: TlsFacts
}

export type Answer = Connection & {
  readonly status: number
  /** Media type in lower case, without parameters; empty when there is none. */
  readonly mediaType: string
  readonly retryAfter: string | undefined
  /** Undefined when it is longer than any receipt or problem may be. */
  readonly body: Buffer | undefined
}

/** What is sent: `read` gives its `bytes` bytes from the start, each time it is called; a piece need be good only until the next. */
export type Body = { readonly bytes: number; readonly read: () => AsyncIterable<Uint8Array> }

export type Link = {
  readonly receiver: URL
  readonly identity: Identity
  readonly trust: Trust
  /** Throws a Fault for a server that must not see the document; called before the first byte of it is sent. */
  readonly admitServer: (certificate: X509Certificate) => void
}

/** Answers longer than this are not read to the end. */
const longestAnswer = 64 * 1024

/**
 * Sends the document on a connection of its own and reads the answer, which may come before all is sent: then the rest stays here. The certificate
 * chain and name are checked by TLS, the rest by `admitServer`.
 * Rejects with its Fault, with `signal`'s reason, or with the error of the connection as Node and undici give it.
 */
export async function postDocument(body: Body, link: Link, signal: AbortSignal): Promise<Answer> {
  let connection: Connection | undefined
  let alert: Error | undefined
  let isSent = () => false
  const onConnected = (socket: TLSSocket, made: Connection) => {
    connection = made
    readBeforeFailing(socket)
    isSent = () => socket.writableLength === 0
    // undici sees only that the connection ends; why stands in the TLS alert before it.
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('ERR_SSL_')) alert = error
    })
  }
  const client = new Client(link.receiver.origin, {
    connect: connectWith(link, onConnected),
    // The caller's signal limits the whole exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  try {
    const response = await client.request({
      method: 'POST',
      path: '/v1/documents',
      headers: {
        'content-type': 'application/xml',
        'content-length': String(body.bytes),
        accept: 'application/xml, application/problem+json',
      },
      // undici takes any AsyncIterable, and asks for a piece only when the one before is written; its types know streams only.
      body: holdUntilSent(body.read(), () => isSent()) as unknown as Readable,
      signal,
    })
    if (connection === undefined) throw new TypeError('an answer without a connection')
    return { ...readHead(response), body: await readBounded(response.body), ...connection }
  } catch (error) {
    throw alert ?? error
  } finally {
    await client.destroy()
  }
}

/** A piece stays as it is until the socket has sent it. Then its memory serves the next one: what is sent leaves no garbage behind. */
async function* holdUntilSent(pieces: AsyncIterable<Uint8Array>, isSent: () => boolean): AsyncGenerator<Uint8Array> {
  let memory = Buffer.alloc(0)
  for await (const piece of pieces) {
    if (!isSent() || memory.length < piece.length) memory = Buffer.allocUnsafeSlow(piece.length)
    memory.set(piece)
    yield memory.subarray(0, piece.length)
  }
}

function connectWith(link: Link, onConnected: (socket: TLSSocket, connection: Connection) => void): buildConnector.connector {
  const connect = buildConnector({
    ca: link.trust.caPem,
    cert: link.identity.certificatePem,
    key: link.identity.keyPem,
    minVersion: 'TLSv1.3',
    allowH2: false,
  })
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (error) return callback(error, null)
      try {
        const connection = readConnection(socket as TLSSocket)
        link.admitServer(connection.server)
        onConnected(socket as TLSSocket, connection)
      } catch (fault) {
        socket.destroy()
        return callback(fault as Error, null)
      }
      callback(null, socket)
    })
}

function readConnection(socket: TLSSocket): Connection {
  const server = socket.getPeerX509Certificate()
  if (server === undefined) throw new Fault('certificate-invalid', 'the server showed no certificate')
  const key = socket.getEphemeralKeyInfo()
  const group = (key !== null && 'name' in key && key.name) || 'unknown'
  return { server, tls: { protocol: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().standardName, group } }
}

function readHead(response: Dispatcher.ResponseData): Pick<Answer, 'status' | 'mediaType' | 'retryAfter'> {
  const mediaType = singleField(response, 'content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  return { status: response.statusCode, mediaType, retryAfter: singleField(response, 'retry-after') }
}

function singleField(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name]
  return typeof value === 'string' ? value : undefined
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > longestAnswer) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
