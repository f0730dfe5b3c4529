// A connection to one of several NATS servers: TLS, who we are, and requests whose answers come
// back to an inbox of ours (NATS Client Protocol).
import { randomUUID } from 'node:crypto'
import { connect, isIP, type Socket } from 'node:net'
import { checkServerIdentity, type SecureContext, connect as secureConnect } from 'node:tls'
import { Fault, type NatsAddress, type NatsHost, quote } from '@seg/core'
import type { NatsProof } from './nats-credentials.ts'
import { type NatsFrame, NatsFrames } from './nats-frames.ts'

export type NatsPlace = Pick<NatsAddress, 'hosts' | 'isPlain'> & {
  readonly secureContext: SecureContext | undefined
  readonly proof: NatsProof
}

/** `status`: of an answer of the server itself; 503: nobody listens there. */
export type NatsAnswer = { readonly status: string; readonly octets: Buffer }
export type NatsHeaders = Readonly<Record<string, string>>

/** Milliseconds for a server to be ready for requests; for the answer to a PING. */
const CONNECT_TIME = 5000
const PING_TIME = 5000
const KEEP_ALIVE = 60_000
/** Characters of what a server says that are shown. */
const LONGEST_REASON = 300

type ServerInfo = {
  readonly headers?: unknown
  readonly nonce?: unknown
  readonly max_payload?: unknown
  readonly tls_required?: unknown
  readonly tls_available?: unknown
}
type Waiting = {
  readonly subject: string
  readonly resolve: (answer: NatsAnswer) => void
  readonly reject: (reason: Fault) => void
}

/**
 * The first of the servers that can be used; those that are announced by servers are not. Throws
 * the Fault `storage-unavailable`.
 */
export async function connectToNats(place: NatsPlace, signal: AbortSignal): Promise<NatsConnection> {
  const reasons: string[] = []
  for (const host of place.hosts) {
    if (signal.aborted) break
    try {
      return await connectTo(place, host, signal)
    } catch (error) {
      const reason = error instanceof Fault ? error.detail : quote((error as Error).message)
      reasons.push(`${host.name}:${host.port}: ${reason}`)
    }
  }
  throw new Fault('storage-unavailable', `no NATS server can be used: ${reasons.join('; ') || 'the receiver stops'}`)
}

async function connectTo(place: NatsPlace, host: NatsHost, signal: AbortSignal): Promise<NatsConnection> {
  const socket = connect(host.port, host.name)
  const late = setTimeout(() => socket.destroy(new Error(`not ready within ${CONNECT_TIME / 1000} s`)), CONNECT_TIME)
  const stop = () => socket.destroy(new Error('the receiver stops'))
  signal.addEventListener('abort', stop)
  try {
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE)
    const frames = new NatsFrames()
    const info = await readInfo(socket, frames)
    checkInfo(info, place)
    const channel = place.isPlain ? socket : await secure(socket, frames, host, place.secureContext)
    const connection = new NatsConnection(channel, frames, info)
    await connection.begin({ ...place.proof(typeof info.nonce === 'string' ? info.nonce : undefined) })
    return connection
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', stop)
  }
}

/** The first line of a server comes before TLS: nothing in it is believed but what it offers. */
function readInfo(socket: Socket, frames: NatsFrames): Promise<ServerInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<ServerInfo>()
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('the server closed the connection')))
  const take = (piece: Buffer) => {
    try {
      const { value: frame } = frames.read(piece).next()
      if (frame === undefined) return
      if (frame.verb !== 'INFO') throw new Fault('storage-unavailable', `expected INFO of NATS, found ${frame.verb}`)
      socket.off('data', take).pause()
      resolve(parseInfo(frame.text))
    } catch (error) {
      reject(error)
    }
  }
  socket.on('data', take)
  return promise
}

function parseInfo(text: string): ServerInfo {
  try {
    return Object(JSON.parse(text))
  } catch {
    throw new Fault('storage-unavailable', 'expected INFO of NATS in JSON')
  }
}

function checkInfo(info: ServerInfo, { isPlain }: NatsPlace): void {
  if (info.headers !== true) throw new Fault('storage-unavailable', 'expected a NATS server of version 2.2 or later')
  if (!isPlain && info.tls_required !== true && info.tls_available !== true)
    throw new Fault('storage-unavailable', 'the server offers no TLS')
  if (isPlain && info.tls_required === true)
    throw new Fault('storage-unavailable', 'the server demands TLS: expected tls:// in --nats')
}

/** What came with INFO before TLS is nobody's: it would be read as if the server had said it. */
async function secure(
  socket: Socket,
  { rest }: NatsFrames,
  { name }: NatsHost,
  secureContext: SecureContext | undefined,
): Promise<Socket> {
  if (rest.length > 0) throw new Fault('storage-unavailable', 'the server sent more than INFO before TLS')
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  // Set explicitly: otherwise environment variables and options of Node decide.
  const verifying = { rejectUnauthorized: true, checkServerIdentity, secureContext, host: name }
  const secured = secureConnect({ socket, ...verifying, ...(isIP(name) === 0 && { servername: name }) })
  secured.on('secureConnect', () => resolve(secured))
  secured.on('error', reject)
  secured.on('close', () => reject(new Error('the server closed the connection in the TLS handshake')))
  socket.on('error', error => secured.destroy(error))
  return promise
}

/** Once `isEnded`, every request throws the Fault `storage-unavailable`. */
export class NatsConnection {
  readonly #socket: Socket
  readonly #frames: NatsFrames
  #maxPayload = 0
  readonly #inbox = `_INBOX.${randomUUID()}`
  readonly #waiting = new Map<string, Waiting>()
  #requests = 0
  /** Of each PING, in order. */
  readonly #pings: { readonly resolve: () => void; readonly reject: (reason: Fault) => void }[] = []
  #end: Fault | undefined

  constructor(socket: Socket, frames: NatsFrames, info: ServerInfo) {
    this.#socket = socket
    this.#frames = frames
    this.#takeInfo(info)
    socket.on('error', error => this.end(quote(error.message)))
    socket.on('close', () => this.end('the server closed the connection'))
  }

  get isEnded(): boolean {
    return this.#end !== undefined
  }

  /** Bytes of headers and content that the server takes in one message, also by its account. */
  get maxPayload(): number {
    return this.#maxPayload
  }

  /** Says who we are; resolves when the server has agreed. */
  async begin(proof: Readonly<Record<string, string>>): Promise<void> {
    const client = { name: 'seg receiver', lang: 'seg', version: '1', protocol: 1, verbose: false, pedantic: false }
    const uses = { headers: true, no_responders: true, echo: false }
    this.#socket.write(`CONNECT ${JSON.stringify({ ...client, ...uses, ...proof })}\r\nSUB ${this.#inbox}.* 1\r\n`)
    this.#socket.on('data', piece => this.#take(piece))
    this.#socket.resume()
    this.#take(Buffer.alloc(0))
    await this.#ping()
  }

  /**
   * `time`: milliseconds for the answer. Afterwards the message may still be on its way: nobody
   * knows whether it was taken.
   */
  async request(
    subject: string,
    headers: NatsHeaders,
    content: Uint8Array,
    { time, signal }: { readonly time: number; readonly signal: AbortSignal },
  ): Promise<NatsAnswer> {
    if (this.#end !== undefined) throw this.#end
    const name = `${this.#inbox}.${++this.#requests}`
    const { promise, resolve, reject } = Promise.withResolvers<NatsAnswer>()
    const head = formatHeaders(headers)
    this.#waiting.set(name, { subject, resolve, reject })
    const late = setTimeout(() => {
      reject(new Fault('storage-unavailable', `no acknowledgement of NATS within ${time / 1000} s`))
      this.#ping().catch(() => {})
    }, time)
    const stop = () => reject(new Fault('storage-unavailable', 'the receiver stops'))
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    this.#socket.write(`HPUB ${subject} ${name} ${head.length} ${head.length + content.length}\r\n`)
    this.#socket.write(head)
    this.#socket.write(content)
    this.#socket.write('\r\n')
    return promise.finally(() => {
      clearTimeout(late)
      signal.removeEventListener('abort', stop)
      this.#waiting.delete(name)
    })
  }

  end(reason: string): void {
    if (this.#end !== undefined) return
    const fault = new Fault('storage-unavailable', `the connection to NATS has ended: ${reason}`)
    this.#end = fault
    this.#socket.destroy()
    for (const { reject } of [...this.#waiting.values(), ...this.#pings]) reject(fault)
    this.#waiting.clear()
  }

  /** A server that does not answer is left. */
  async #ping(): Promise<void> {
    if (this.#end !== undefined) throw this.#end
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const late = setTimeout(() => this.end(`no PONG within ${PING_TIME / 1000} s`), PING_TIME)
    this.#pings.push({ resolve, reject })
    this.#socket.write('PING\r\n')
    return promise.finally(() => clearTimeout(late))
  }

  #take(piece: Buffer): void {
    try {
      for (const frame of this.#frames.read(piece)) this.#takeFrame(frame)
    } catch (error) {
      this.end((error as Fault).detail)
    }
  }

  #takeFrame(frame: NatsFrame): void {
    if (frame.verb === 'PING') this.#socket.write('PONG\r\n')
    else if (frame.verb === 'PONG') this.#pings.shift()?.resolve()
    else if (frame.verb === 'MSG') this.#waiting.get(frame.subject)?.resolve(frame)
    else if (frame.verb === '-ERR') this.#takeError(frame.text)
    else if (frame.verb === 'INFO') this.#takeInfo(parseInfo(frame.text))
  }

  /** Again once it knows our account, and when its limits change. */
  #takeInfo({ max_payload: most }: ServerInfo): void {
    if (!Number.isSafeInteger(most)) throw new Fault('storage-unavailable', 'expected max_payload in INFO of NATS')
    this.#maxPayload = Number(most)
  }

  /** That a subject is not permitted concerns its requests alone; after other errors it closes. */
  #takeError(text: string): void {
    const reason = quote(text.slice(0, LONGEST_REASON))
    const isAboutSubject = text.includes('Permissions Violation for Publish')
    if (!isAboutSubject) this.end(reason)
    for (const { subject, reject } of this.#waiting.values())
      if (text.includes(`"${subject}"`)) reject(new Fault('storage-unavailable', `NATS answers ${reason}`))
  }
}

/** Values are of printable characters: nothing in one can begin another field. */
export function formatHeaders(headers: NatsHeaders): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => {
    if (!/^[\x20-\x7e]*$/.test(value)) throw new TypeError(`the value of ${name} is no text of a header`)
    return `${name}: ${value}\r\n`
  })
  return Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`)
}
