// Listening and stopping.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { Fault } from '@seg/core'
import { openCountedLog } from '../counted-log.ts'
import type { Logger } from '../logger.ts'
import { connectionsOf, handshakesOf } from './partner-connections.ts'
import { buildReceiver, type ReceiverParts } from './receiver.ts'
import { Stopping } from './stopping.ts'

/** One process that has connections, beside the one that has the ledger. */
export type ConnectionProcess = {
  readonly number: number
  readonly isListening: boolean
  /** How often it was started. */
  readonly starts: number
  /** Seconds of the processor, and bytes of memory. */
  readonly cpu: number
  readonly memory: number
}

export type RunningReceiver = {
  /** Where senders reach it. */
  readonly url: string
  /** Open connections of each partner. */
  connections(): ReadonlyMap<string, number>
  /** That succeeded, since the start. */
  handshakes(): number
  /** Those that have the connections, where they are not this one's own. */
  processes?(): readonly ConnectionProcess[]
  /** What these took in the last second of the processors that they can have, 0 to 1. */
  load?(): number
  /**
   * Each answer is the last of its connection from here on: what its client sends next comes on a
   * new one, which a load balancer leads elsewhere.
   */
  drain(): void
  /** Answers what is under way, for a bounded time, and closes every connection. */
  close(): Promise<void>
}

/**
 * `localhost` stands for both loopback addresses, since clients differ in which they try. Port 0
 * takes any free one.
 */
export async function startReceiver(
  parts: Omit<ReceiverParts, 'stopping'>,
  { host, port }: { host: string; port: number },
): Promise<RunningReceiver> {
  const stopping = new Stopping()
  const app = buildReceiver({ ...parts, stopping })
  const connections = new Set<Duplex>()
  app.server.on('connection', socket => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })

  surviveErrors(app.server, parts.logger)
  const main = host === 'localhost' ? '127.0.0.1' : host
  await listening(
    app.listen({ host: main, port, listenTextResolver: address => `listening on ${new URL(address).host}` }),
    main,
    port,
  )
  const bound = (app.server.address() as AddressInfo).port
  const second =
    host === 'localhost'
      ? await openSecondListener('::1', bound, app.server, parts.logger).catch(closing(() => app.close()))
      : undefined

  const close = async () => {
    second?.close()
    const closed = app.close()
    await stopping.wait(parts.limits)
    // What is left is idle, or in a handshake, or has had its time; Node's own close would wait for
    // it.
    for (const socket of connections) socket.destroy()
    await closed
  }
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    connections: () => connectionsOf(app.server),
    handshakes: () => handshakesOf(app.server),
    drain: () => stopping.begin(),
    close,
  }
}

/**
 * Hands its connections to `server`, which treats them as its own (Node's documented use of its
 * event `connection`).
 */
async function openSecondListener(
  address: string,
  port: number,
  server: Server,
  logger: Pick<Logger, 'error'>,
): Promise<Server | undefined> {
  const listener = createServer({ noDelay: true }, socket => server.emit('connection', socket))
  listener.maxConnections = server.maxConnections
  surviveErrors(listener, logger)
  try {
    await listening(once(listener.listen(port, address), 'listening'), address, port)
    return listener
  } catch (fault) {
    const { code } = (fault as Fault).cause as NodeJS.ErrnoException
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return undefined
    throw fault
  }
}

/** Throws the Fault `configuration`, with what to do about it; `flag`: of address and port. */
export async function listening(
  started: Promise<unknown>,
  address: string,
  port: number,
  flag?: string,
): Promise<void> {
  try {
    await started
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const advice = {
      EADDRINUSE: `another program listens there; stop it, or choose another port with ${flag ?? '--port'}`,
      EACCES: `this user may not listen there; choose a port above 1023 with ${flag ?? '--port'}`,
      EADDRNOTAVAIL: `this machine has no such address; choose another with ${flag ?? '--host'}`,
      ENOTFOUND: `this machine has no such address; choose another with ${flag ?? '--host'}`,
    }[code ?? '']
    throw new Fault('configuration', `cannot listen on ${address} port ${port}: ${advice ?? message}`, {
      cause,
      ...(code === 'EADDRINUSE' && { command: `ss -ltnp 'sport = :${port}'` }),
    })
  }
}

function closing(close: () => Promise<unknown>): (error: unknown) => Promise<never> {
  return async error => {
    await close()
    throw error
  }
}

/**
 * A connection that the system cannot give us, for want of memory or descriptors, is an event
 * `error` of the listener, which would end the process: the next one may come.
 */
export function surviveErrors(server: Server, logger: Pick<Logger, 'error'>): void {
  const log = openCountedLog('connections could not be accepted', (_facts, line) => logger.error(line))
  server.on('error', ({ message }) => {
    if (server.listening) log.report(message, `a connection could not be accepted: ${message}`)
  })
  server.once('close', () => log.close())
}
