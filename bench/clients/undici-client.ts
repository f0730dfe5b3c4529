// The client of many partners in Node, and of our own sender: undici, with one connection that
// stays.
import { Readable } from 'node:stream'
import { Client as Undici } from 'undici'
import { BROKEN, type Client, type Target } from './client.ts'

export class UndiciClient implements Client {
  readonly #client: Undici

  constructor({ port, ca, cert, key }: Target) {
    const connect = { ca, cert, key, servername: 'localhost', minVersion: 'TLSv1.3' } as const
    this.#client = new Undici(`https://127.0.0.1:${port}`, { pipelining: 1, connect })
  }

  async open(): Promise<void> {
    if ((await this.#send('GET', [])) === BROKEN) throw new Error('no connection')
  }

  post(document: readonly Buffer[]): Promise<number> {
    return this.#send('POST', document)
  }

  close(): void {
    void this.#client.destroy()
  }

  async #send(method: 'GET' | 'POST', pieces: readonly Buffer[]): Promise<number> {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const headers = { 'content-type': 'application/xml', 'content-length': String(length) }
    const body = pieces.length === 1 ? pieces[0]! : Readable.from(pieces)
    try {
      const answer = await this.#client.request({
        method,
        path: '/v1/documents',
        ...(method === 'POST' && { headers, body }),
      })
      await answer.body.dump()
      return answer.statusCode
    } catch {
      return BROKEN
    }
  }
}
