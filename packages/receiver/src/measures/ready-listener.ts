// Readiness without TLS, for load balancers that can ask nothing else: two paths on one address,
// and nothing of documents or partners.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { listening, surviveErrors } from '../http/start-receiver.ts'
import type { Logger } from '../logger.ts'
import type { Readiness } from './readiness.ts'

/** One who asks takes one connection, for milliseconds: the oldest is the one that does not. */
const CONNECTIONS = 64
const HEADER_BYTES = 4096
const REQUEST_TIME = 5000

export type ReadyListener = { readonly url: string; close(): Promise<void> }

type Answer = readonly [status: number, text: string]

/** `address` is ADDRESS:PORT. Throws the Fault `configuration`. */
export async function openReadyListener(
  address: string,
  readiness: Pick<Readiness, 'last'>,
  logger: Pick<Logger, 'error'>,
): Promise<ReadyListener> {
  const paths: Readonly<Record<string, () => Answer>> = {
    '/livez': () => [200, 'alive\n'],
    '/readyz': () => (readiness.last().isReady ? [200, 'ready\n'] : [503, 'not ready\n']),
  }
  const server = createServer({
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: REQUEST_TIME,
    requestTimeout: REQUEST_TIME,
    connectionsCheckingInterval: 1000,
    insecureHTTPParser: false,
  })
  const open = new Set<Socket>()
  server.on('connection', socket => {
    const [oldest] = open
    if (oldest !== undefined && open.size >= CONNECTIONS) {
      open.delete(oldest)
      oldest.destroy()
    }
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.setTimeout(REQUEST_TIME)
  server.on('request', ({ method, url = '' }: IncomingMessage, response: ServerResponse) => {
    const isRead = method === 'GET' || method === 'HEAD'
    const path = url.split('?')[0]!
    const [status, text] = Object.hasOwn(paths, path) ? (isRead ? paths[path]!() : [405, '']) : ([404, ''] as const)
    const allow = status === 405 && { allow: 'GET, HEAD' }
    response.writeHead(status, {
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      connection: 'close',
      ...allow,
    })
    response.end(text)
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  surviveErrors(server, logger)
  const place = new URL(`http://${address}`)
  const [host, port] = [place.hostname.replace(/^\[|\]$/g, ''), Number(place.port || 80)]
  await listening(once(server.listen(port, host), 'listening'), host, port, '--ready-listen')
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://${place.hostname}:${bound}`,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
