// A receiver that refuses early answers and closes while we still send: its answer counts, not that
// it would take no more.
import type { Socket } from 'node:net'

/** Milliseconds for what the peer said last to arrive, once it takes no more. */
const LAST_WORDS = 5_000

type Written = (error?: Error | null) => void

/**
 * Makes a failed write to `socket` wait for what can still be read: an answer, or the end of the
 * connection, which then says what happened. Node would destroy the socket at once, and with it an
 * answer that is here already (RFC 9112 9.6: the reset can overtake it).
 */
export function readBeforeFailing(socket: Socket): void {
  const { _write, _writev } = socket
  const holdBack = (written: Written): Written => {
    return error => {
      if (!error || socket.destroyed) return written(error)
      const timer = setTimeout(() => written(error), LAST_WORDS)
      socket.once('close', () => clearTimeout(timer))
    }
  }
  socket._write = (chunk, encoding, written) => _write.call(socket, chunk, encoding, holdBack(written))
  if (_writev) socket._writev = (chunks, written) => _writev.call(socket, chunks, holdBack(written))
}
