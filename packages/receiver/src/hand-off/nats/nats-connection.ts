// A connection to one of several NATS servers: TLS, who we are, and requests whose answers come
// back to an inbox of ours (NATS Client Protocol).
import { randomUUID } from 'node:crypto'
import { connect, isIP, type Socket } from 'node:net'
import { checkServerIdentity, type SecureContext, connect as secureConnect } from 'node:tls'
import { Fault, type NatsAddress, type NatsHost, quote } from '@seg/core'
import type { NatsProof } from './nats-credentials.ts'
import { type NatsFrame, NatsFrames } from './nats-frames.ts'
import { checkInfo, parseInfo, readInfo, type ServerInfo } from './nats-info.ts'

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

/**
 * That the server takes no more than `most` bytes: its first line, which says so, comes before TLS,
 * and anybody on the way may have written it. Throws the Fault `storage-unavailable`.
 */
export async function proveLimit(
  place: NatsPlace,
  most: number,
  { time, signal }: { readonly time: number; readonly signal: AbortSignal },
): Promise<void> {
  const connection = await connectToNats(place, signal)
  const reason = await connection.announce(most + 1, time)
  if (/maximum payload/i.test(reason)) return
  throw new Fault(
    'storage-unavailable',
    `the server says that it takes ${most} bytes (max_payload), and does not refuse more: somebody on the way may ` +
      `have changed what it says before TLS (${reason || 'it answers'})`,
  )
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
  #isPongUnsent = false

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

  /**
   * Bytes of headers and content that the server takes in one message, also by its account; as it
   * says before TLS (`proveLimit`).
   */
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
    let isSent = false
    const late = setTimeout(() => {
      reject(new Fault('storage-unavailable', `no acknowledgement of NATS within ${time / 1000} s`))
      // What it does not read would stay in memory, request after request.
      if (isSent) this.#ping().catch(() => {})
      else this.end('the server does not read')
    }, time)
    const stop = () => reject(new Fault('storage-unavailable', 'the receiver stops'))
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    this.#socket.write(`HPUB ${subject} ${name} ${head.length} ${head.length + content.length}\r\n`)
    this.#socket.write(head)
    this.#socket.write(content)
    this.#socket.write('\r\n', () => {
      isSent = true
    })
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

  /**
   * Why the server ends the connection when a message of so many bytes is announced, none of which
   * follows: one that would take it waits for them, and no PONG comes. It is over in any case.
   */
  async announce(bytes: number, time = PING_TIME): Promise<string> {
    // Together: a server that closes with something unread may lose its own last words.
    this.#socket.cork()
    this.#socket.write(`PUB ${this.#inbox}.0 ${bytes}\r\n`)
    const answered = this.#ping(Math.min(time, PING_TIME))
    this.#socket.uncork()
    return answered
      .then(
        () => '',
        ({ detail }: Fault) => detail,
      )
      .finally(() => this.end('it was for one question'))
  }

  /** A server that does not answer is left. */
  async #ping(time = PING_TIME): Promise<void> {
    if (this.#end !== undefined) throw this.#end
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const late = setTimeout(() => this.end(`no PONG within ${time / 1000} s`), time)
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
    if (frame.verb === 'PING') this.#pong()
    else if (frame.verb === 'PONG') this.#pings.shift()?.resolve()
    else if (frame.verb === 'MSG') this.#waiting.get(frame.subject)?.resolve(frame)
    else if (frame.verb === '-ERR') this.#takeError(frame.text)
    else if (frame.verb === 'INFO') this.#takeInfo(parseInfo(frame.text))
  }

  /** One answers all that came before it: a server that only asks gets no queue of answers. */
  #pong(): void {
    if (this.#isPongUnsent) return
    this.#isPongUnsent = true
    this.#socket.write('PONG\r\n', () => {
      this.#isPongUnsent = false
    })
  }

  /** Again once it knows our account, and when its limits change. */
  #takeInfo({ max_payload: most }: ServerInfo): void {
    if (!Number.isSafeInteger(most) || Number(most) <= 0)
      throw new Fault('storage-unavailable', 'expected max_payload in INFO of NATS')
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
