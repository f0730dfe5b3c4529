// A client that costs little: TLS below, one request under way, and of the answer only its status
// and its end are read.
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { BROKEN, type Client, type Target } from './client.ts'

export class LeanClient implements Client {
  readonly #target: Target
  #socket: TLSSocket | undefined
  #answered: ((status: number) => void) | undefined
  /** What came of an answer whose headers are not all there. */
  #head: Buffer = Buffer.alloc(0)
  #status = BROKEN
  /** Whether the server will answer nothing more on this connection. */
  #isLast = false
  /** Bytes of the answer's body still to come, once its headers are there. */
  #left: number | undefined

  constructor(target: Target) {
    this.#target = target
  }

  async open(): Promise<void> {
    const { port, ca, cert, key } = this.#target
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca, cert, key, minVersion: 'TLSv1.3' })
    await once(socket, 'secureConnect')
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#read(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      if (this.#socket === socket) this.#end(BROKEN)
    })
    this.#socket = socket
  }

  async post(document: readonly Buffer[]): Promise<number> {
    if (!this.#socket?.writable) {
      try {
        await this.open()
      } catch {
        return BROKEN
      }
    }
    const socket = this.#socket!
    const { promise, resolve } = Promise.withResolvers<number>()
    this.#answered = resolve
    const length = document.reduce((sum, piece) => sum + piece.length, 0)
    socket.cork()
    socket.write(
      'POST /v1/documents HTTP/1.1\r\nHost: localhost\r\n' +
        `Content-Type: application/xml\r\nContent-Length: ${length}\r\n\r\n`,
    )
    for (const piece of document) socket.write(piece)
    socket.uncork()
    return promise
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #read(chunk: Buffer): void {
    if (this.#left !== undefined) this.#left -= chunk.length
    else this.#readHead(this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]))
    if (this.#left !== 0) return
    if (this.#isLast) this.close()
    this.#end(this.#status)
  }

  #readHead(head: Buffer): void {
    const end = head.indexOf('\r\n\r\n')
    this.#head = head
    if (end < 0) return
    const text = head.toString('latin1', 0, end)
    const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
    if (length === undefined) throw new Error(`an answer without Content-Length: ${text}`)
    this.#status = Number(text.slice(9, 12))
    this.#isLast = /\r\nconnection: close/i.test(text)
    this.#left = Number(length) - (head.length - end - 4)
  }

  #end(status: number): void {
    const answered = this.#answered
    this.#answered = undefined
    this.#head = Buffer.alloc(0)
    this.#left = undefined
    answered?.(status)
  }
}
