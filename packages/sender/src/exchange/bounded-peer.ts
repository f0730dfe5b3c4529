// What a receiver can send without end beside its answer is bounded.
import type { TLSSocket } from 'node:tls'
import { boundServer, endless, MOST_MESSAGES } from '@seg/operators'

/** Ends a connection whose receiver renews its key or offers sessions over and over. */
export function boundMessages(socket: TLSSocket): void {
  boundServer(socket, 'the receiver')
}

/** To be called at each interim response (RFC 9110 15.2). Throws when there are too many. */
export function countInterim(): () => void {
  let count = 0
  return () => {
    if (++count > MOST_MESSAGES) throw endless('the receiver sent interim responses')
  }
}
