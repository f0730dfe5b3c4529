// A client as partners have it: Node's own HTTPS, with an agent that keeps the connection.
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { BROKEN, type Client, type Target } from './client.ts'

export class HttpsClient implements Client {
  readonly #target: Target
  readonly #agent: Agent

  constructor(target: Target) {
    const { ca, cert, key } = target
    this.#target = target
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ca, cert, key, minVersion: 'TLSv1.3' })
  }

  async open(): Promise<void> {
    if ((await this.#send('GET', [])) === BROKEN) throw new Error(`no connection to port ${this.#target.port}`)
  }

  post(document: readonly Buffer[]): Promise<number> {
    return this.#send('POST', document)
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(method: string, pieces: readonly Buffer[]): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>()
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const end = (answer: IncomingMessage) => answer.on('end', () => resolve(answer.statusCode ?? BROKEN)).resume()
    const outgoing = request(
      {
        agent: this.#agent,
        method,
        host: '127.0.0.1',
        servername: 'localhost',
        port: this.#target.port,
        path: '/v1/documents',
        headers: { 'content-type': 'application/xml', 'content-length': length },
      },
      end,
    )
    outgoing.on('error', () => resolve(BROKEN))
    outgoing.on('close', () => resolve(BROKEN))
    for (const piece of pieces) outgoing.write(piece)
    outgoing.end()
    return promise
  }
}
