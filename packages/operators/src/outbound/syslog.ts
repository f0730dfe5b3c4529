// Messages of RFC 5424 over TLS (RFC 5425), one connection a batch.
import { once } from 'node:events'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { checkServerIdentity, connect, type SecureContext, type TLSSocket } from 'node:tls'
import { boundServer } from './bounded-server.ts'

export type SyslogServer = { readonly host: string; readonly port: number; readonly secureContext: SecureContext }

/** RFC 5424 6.2.1. */
const facilities = { 'log audit': 13, 'log alert': 14 } as const
const severities = { alert: 1, error: 3, warning: 4, notice: 5, informational: 6 } as const

export type SyslogMessage = {
  readonly facility: keyof typeof facilities
  readonly severity: keyof typeof severities
  readonly at: Date
  /** What kind of message it is. */
  readonly kind: string
  /** Its number in a sequence (RFC 5424 7.3.1). */
  readonly sequence?: number
  /** One line. */
  readonly text: string
}

/** Milliseconds without a byte in either direction. */
const STALL_TIME = 30_000
/** RFC 5424 7.3.1: it starts again behind that. */
const LARGEST_SEQUENCE = 2_147_483_647

/**
 * Resolves when the server has them: it has closed the connection in answer to our end, which it
 * read behind them. RFC 5425 knows no other answer. Rejects when that is not sure: the messages are
 * then to be sent again.
 */
export async function sendSyslog(
  { host, port, secureContext }: SyslogServer,
  messages: readonly SyslogMessage[],
  signal: AbortSignal,
): Promise<void> {
  const socket = connect({
    host,
    port,
    secureContext,
    // Set explicitly: otherwise environment variables and options of Node decide.
    rejectUnauthorized: true,
    checkServerIdentity,
    ...(isIP(host) === 0 && { servername: host }),
  })
  boundServer(socket, 'the syslog server')
  const give = (reason: string) => socket.destroy(new Error(reason))
  const stop = () => give('the gateway stops')
  signal.addEventListener('abort', stop)
  // A server that sends without end must not keep us: nothing is expected from it.
  const timer = setTimeout(() => give(`not taken within ${STALL_TIME / 1000} s`), STALL_TIME)
  let isEnded = false
  socket.on('end', () => {
    isEnded = true
  })
  socket.resume()
  try {
    if (signal.aborted) stop()
    const closed = once(socket, 'close')
    closed.catch(() => {})
    const begin = performance.now()
    await once(socket, 'secureConnect')
    await write(socket, Buffer.concat(messages.map(frame)))
    // An end, or a reset, that was on its way before the server had them would look like the answer
    // to ours: it is here within the time of the handshake, which had the same way and back.
    await pause(performance.now() - begin)
    if (isEnded || socket.destroyed)
      throw socket.errored ?? new Error('the server has ended the connection before it can have read all messages')
    socket.end()
    await closed
    if (!isEnded) throw new Error('the server has ended the connection without an answer')
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    socket.on('error', () => {})
    socket.destroy()
  }
}

async function write(socket: TLSSocket, octets: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.write(octets, error => (error ? reject(error) : resolve()))
  await promise
}

/** RFC 5425 4.3.1: the length in octets. */
function frame(message: SyslogMessage): Buffer {
  const text = formatSyslog(message)
  return Buffer.from(`${Buffer.byteLength(text)} ${text}`)
}

/**
 * The message is UTF-8 without a byte order mark, as MSG-ANY allows (RFC 5424 6.4): collectors that
 * read JSON stumble over one.
 */
export function formatSyslog({ facility, severity, at, kind, sequence, text }: SyslogMessage): string {
  const priority = facilities[facility] * 8 + severities[severity]
  const number = sequence === undefined ? undefined : ((sequence - 1) % LARGEST_SEQUENCE) + 1
  const data = number === undefined ? '-' : `[meta sequenceId="${number}"]`
  const names = [name(hostname(), 255), 'seg', process.pid, name(kind, 32)]
  return `<${priority}>1 ${at.toISOString()} ${names.join(' ')} ${data} ${text}`
}

/** RFC 5424 6: PRINTUSASCII, or NILVALUE. */
function name(text: string, longest: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, longest) || '-'
}
