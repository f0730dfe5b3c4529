// What we need of Node's sockets and of its HTTP parser, and nothing public gives. Where it is not
// there, nothing breaks but the bound that needs it.
import type { TLSSocket } from 'node:tls'

/**
 * Nothing public stops Node's parser within what it is reading: each request there would cost an
 * object, and an error when the connection closes.
 */
export function stopParser({ parser }: TLSSocket & { parser?: { pause?(): void } }): void {
  parser?.pause?.()
}

/**
 * Headers come in records as small as a byte, too, and HTTP's parser takes those from TLS without
 * any event. But for each it has the socket's timer set back, which nothing public shows (a
 * listener to `data` would, and makes large bodies cost half as much again).
 */
export function countRecords(socket: TLSSocket & { _unrefTimer?: () => void }, count: () => void): void {
  const reset = socket._unrefTimer
  socket._unrefTimer = () => {
    count()
    reset?.call(socket)
  }
}
