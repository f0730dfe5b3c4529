// Routes are served only to peers that were identified before their handler runs: a
// route whose handler does not come from `forPeer` cannot be registered.
import type { Peer } from './peer.ts'

const handlers = new WeakSet<object>()
const peers = new WeakMap<object, Peer>()

/** A handler of a route. */
export function forPeer<Request extends object, Reply>(
  answer: (peer: Peer, request: Request, reply: Reply) => Promise<Reply>,
): (request: Request, reply: Reply) => Promise<Reply> {
  const handler = (request: Request, reply: Reply) => {
    const peer = peers.get(request)
    if (peer === undefined) throw new TypeError('a request without a peer')
    return answer(peer, request, reply)
  }
  handlers.add(handler)
  return handler
}

/** To be called for each route that is registered. */
export function checkHandler({ handler, url }: { readonly handler: object; readonly url: string }): void {
  if (!handlers.has(handler)) throw new TypeError(`${url}: expected a handler of forPeer`)
}

/** To be called for each request, before its handler: the peer that it is served to. */
export function serveTo(request: object, peer: Peer): void {
  peers.set(request, peer)
}
