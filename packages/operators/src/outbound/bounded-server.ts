// What a server can send without end beside its answer: messages of TLS and interim responses. None
// of them is progress, and each costs the process that serves all: they are counted.
import type { ClientRequest } from 'node:http'
import { TLSSocket } from 'node:tls'

/** Of each kind. Servers send two tickets, and renew no key in so little data. */
export const MOST_MESSAGES = 32

/** How OpenSSL names each traffic secret of a server after its first. */
const KEY_RENEWED = Buffer.from('SERVER_TRAFFIC_SECRET_N ')

/**
 * Ends a connection whose server, named for people, renews its key (RFC 8446 4.6.3) or offers
 * sessions (4.6.1) over and over. Both are read below all timeouts: a flood of them would hold the
 * event loop.
 */
export function boundServer(socket: TLSSocket, server: string): void {
  const renewed = countUpTo(MOST_MESSAGES, () => socket.destroy(endless(`${server} renewed the key of the connection`)))
  const offered = countUpTo(MOST_MESSAGES, () => socket.destroy(endless(`${server} offered to resume the connection`)))
  // The one event that there is for a renewal. The keys themselves go nowhere.
  socket.on('keylog', line => {
    if (line.subarray(0, KEY_RENEWED.length).equals(KEY_RENEWED)) renewed()
  })
  socket.on('session', offered)
}

/** The same for one request, and for its interim responses (RFC 9110 15.2). */
export function boundRequest(request: ClientRequest, server: string): void {
  request.once('socket', socket => {
    if (socket instanceof TLSSocket) boundServer(socket, server)
  })
  request.on(
    'information',
    countUpTo(MOST_MESSAGES, () => request.destroy(endless(`${server} sent interim responses`))),
  )
}

export function endless(what: string): Error {
  return Object.assign(new Error(`${what} more than ${MOST_MESSAGES} times`), { code: 'EPROTO' })
}

function countUpTo(most: number, onMore: () => void): () => void {
  let count = 0
  return () => {
    if (++count > most) onMore()
  }
}
