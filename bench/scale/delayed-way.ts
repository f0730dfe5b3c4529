// A way to a server on which each octet takes a time more in both directions, as between two
// places; the order and the rate of the octets stay as they are.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline, Transform } from 'node:stream'

/** Of its port on the loopback; ended by `undo`. `delay`: milliseconds, in each direction. */
export async function openDelayedWay(
  undo: AsyncDisposableStack,
  target: { readonly port: number },
  delay: number,
): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, near => {
    const far = connect({ port: target.port, host: '127.0.0.1', noDelay: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      pipeline(from, delayed(delay), to, () => sockets.delete(from))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.defer(async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  })
  return (server.address() as AddressInfo).port
}

/** Many pieces are under way at the same time. */
function delayed(delay: number): Transform {
  const late = new Transform({
    transform(piece, _, done) {
      setTimeout(() => late.push(piece), delay)
      done()
    },
    flush: done => void setTimeout(done, delay),
  })
  return late
}
