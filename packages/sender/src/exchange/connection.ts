// A connection to a receiver over mutually authenticated TLS 1.3: the only file that imports
// undici.
import type { X509Certificate } from 'node:crypto'
import type { Readable } from 'node:stream'
import { checkServerIdentity, type TLSSocket } from 'node:tls'
import { Fault, parseHttpDate, TLS13_CIPHERS } from '@seg/core'
import { type Identity, type PresentedChain, readPresentedChain, type Trust } from '@seg/pki'
import { buildConnector, Client, type Dispatcher } from 'undici'
import { readBeforeFailing } from './answer-first.ts'
import { boundMessages, countInterim } from './bounded-peer.ts'

/** What a connection negotiated, in the registries' names. */
export type TlsFacts = { readonly protocol: string; readonly cipher: string; readonly group: string }

type Peer = {
  /** The certificate that the server proved to hold. */
  readonly server: X509Certificate
  readonly tls: TlsFacts
}

export type Answer = Peer & {
  readonly status: number
  /** Media type in lower case, without parameters; empty when there is none. */
  readonly mediaType: string
  readonly retryAfter: string | undefined
  /** The peer's clock, from the Date field. */
  readonly date: Date | undefined
  /** Undefined when it is longer than anything that a receiver answers. */
  readonly body: Buffer | undefined
}

export type Link = {
  readonly receiver: URL
  readonly identity: Identity
  readonly trust: Trust
  /** Whether the server is asked for the answer of its CA about its certificate (RFC 6066 8). */
  readonly asksStatus?: boolean
  /**
   * Throws a Fault for a server that must not be talked to; called before the first byte goes out.
   * `staple` is that answer, as the server brought it.
   */
  readonly admitServer: (chain: PresentedChain, staple: Buffer | undefined) => void
  /** Gets the receiver's address when a connection stands, before TLS. */
  readonly onConnected?: (address: string) => void
}

export type OutgoingRequest = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** A piece need be good only until the next one is asked for. */
  readonly body?: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
}

/** Opened by its first request, and again when it has failed. */
export interface ReceiverConnection extends AsyncDisposable {
  /**
   * One request at a time. The certificate chain and name are checked by TLS, the rest by
   * `admitServer`. Rejects with its Fault, with the signal's reason, or with the error of the
   * connection as Node and undici give it.
   */
  request(request: OutgoingRequest): Promise<Answer>
  /** Whether all that was written has left this process. */
  isDrained(): boolean
}

/**
 * Answers longer than this are not read to the end: a receipt, a problem and a tile are shorter.
 */
const longestAnswer = 64 * 1024
/** Names and values of the fields of one answer. */
const longestHeaders = 16 * 1024

export function openConnection(link: Link): ReceiverConnection {
  let peer: Peer | undefined
  let socket: TLSSocket | undefined
  let alert: Error | undefined
  const onConnected = (connected: TLSSocket, found: Peer) => {
    peer = found
    socket = connected
    readBeforeFailing(connected)
    // undici sees only that the connection ends; why stands in the TLS alert before it.
    connected.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('ERR_SSL_')) alert = error
    })
  }
  // The caller's signal limits the whole exchange.
  const client = new Client(link.receiver.origin, {
    connect: connectWith(link, onConnected),
    headersTimeout: 0,
    bodyTimeout: 0,
    // Set explicitly: otherwise an option of Node decides.
    maxHeaderSize: longestHeaders,
  })
  return {
    async request({ body, ...request }) {
      try {
        // undici takes any AsyncIterable, and reads a piece only when the one before is written;
        // its types have streams only.
        const sent = { ...request, body: (body ?? null) as unknown as Readable | null, onInfo: countInterim() }
        const response = await client.request(sent)
        if (peer === undefined) throw new TypeError('an answer without a connection')
        return { ...readHead(response), body: await readBounded(response.body), ...peer }
      } catch (error) {
        throw alert ?? error
      }
    },
    isDrained: () => socket?.writableLength === 0,
    [Symbol.asyncDispose]: () => client.destroy(),
  }
}

function connectWith(link: Link, onConnected: (socket: TLSSocket, peer: Peer) => void): buildConnector.connector {
  const connect = buildConnector({
    ca: link.trust.caPem,
    cert: link.identity.certificatePem,
    key: link.identity.keyPem,
    // Set explicitly: otherwise environment variables and options of Node decide.
    rejectUnauthorized: true,
    // An intermediate CA in ca.crt is an anchor, as it is for `admitServer`.
    allowPartialTrustChain: true,
    // A resumed session shows no chain, and its host name is not checked.
    maxCachedSessions: 0,
    checkServerIdentity,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: TLS13_CIPHERS,
    allowH2: false,
    ...(link.asksStatus === true && { requestOCSP: true }),
  })
  return (options, callback) => {
    let staple: Buffer | undefined
    const connecting = connect(options, (error, socket) => {
      if (error) return callback(error, null)
      try {
        boundMessages(socket as TLSSocket)
        const chain = readPresentedChain(socket as TLSSocket)
        if (chain === undefined) throw new Fault('certificate-invalid', 'the server showed no certificate')
        link.admitServer(chain, staple)
        onConnected(socket as TLSSocket, readPeer(socket as TLSSocket, chain.leaf))
      } catch (fault) {
        socket.destroy()
        return callback(fault as Error, null)
      }
      callback(null, socket)
    })
    // undici gives the socket out at once, against its types.
    const socket = connecting as unknown as TLSSocket
    socket.once('connect', () => socket.remoteAddress !== undefined && link.onConnected?.(socket.remoteAddress))
    if (link.asksStatus !== true) return
    // Node has the answer before the handshake ends, and null for none.
    socket.once('OCSPResponse', (answer: Buffer | null) => {
      staple = answer ?? undefined
    })
  }
}

function readPeer(socket: TLSSocket, server: X509Certificate): Peer {
  const key = socket.getEphemeralKeyInfo()
  const group = (key !== null && 'name' in key && key.name) || 'unknown'
  return {
    server,
    tls: { protocol: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().standardName, group },
  }
}

function readHead(response: Dispatcher.ResponseData): Pick<Answer, 'status' | 'mediaType' | 'retryAfter' | 'date'> {
  const mediaType = singleField(response, 'content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  const date = parseHttpDate(singleField(response, 'date'))
  return { status: response.statusCode, mediaType, retryAfter: singleField(response, 'retry-after'), date }
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
