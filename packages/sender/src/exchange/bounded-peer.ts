// What a receiver can send without end beside its answer: messages of TLS and interim responses.
// None of them is progress, and each costs the process that serves all receivers: they are counted.
import type { TLSSocket } from 'node:tls'

/** Of each kind. Servers send two tickets, and renew no key in so little data. */
const MOST_MESSAGES = 32

/** How OpenSSL names each traffic secret of a server after its first. */
const KEY_RENEWED = Buffer.from('SERVER_TRAFFIC_SECRET_N ')

/**
 * Ends a connection whose server renews its key (RFC 8446 4.6.3) or offers sessions (4.6.1) over
 * and over. Both are read below all timeouts: a flood of them would hold the event loop.
 */
export function boundMessages(socket: TLSSocket): void {
  const renewed = counter(socket, 'the receiver renewed the key of the connection')
  const offered = counter(socket, 'the receiver offered to resume the connection')
  // The one event that there is for a renewal. The keys themselves go nowhere.
  socket.on('keylog', line => {
    if (line.subarray(0, KEY_RENEWED.length).equals(KEY_RENEWED)) renewed()
  })
  socket.on('session', offered)
}

/** To be called at each interim response (RFC 9110 15.2). Throws when there are too many. */
export function countInterim(): () => void {
  let count = 0
  return () => {
    if (++count > MOST_MESSAGES) throw endless('the receiver sent interim responses')
  }
}

function counter(socket: TLSSocket, what: string): () => void {
  let count = 0
  return () => {
    if (++count > MOST_MESSAGES) socket.destroy(endless(what))
  }
}

function endless(what: string): Error {
  return Object.assign(new Error(`${what} more than ${MOST_MESSAGES} times`), { code: 'EPROTO' })
}
