// A channel between two processes of ours, over a socket pair that only these two have: questions
// with their answers, and messages without. What is sent in one turn of the event loop is one
// frame: text as JSON, octets behind it.
import type { Duplex } from 'node:stream'
import { asFault, Fault, type FaultCode } from '@seg/core'

/** What is sent back, or with a question. */
export type Reply = { readonly value?: unknown; readonly octets?: Uint8Array | undefined }
export type ReceivedMessage = { readonly value: unknown; readonly octets: Buffer }
/** By the name of what comes: answers a question, or takes a message. */
export type Handlers = Readonly<
  Record<string, (received: ReceivedMessage) => Reply | undefined | Promise<Reply | undefined>>
>

/** The octets of an item are behind those of the items before it. */
type Item = readonly [name: string, number: number, value: unknown, octetLength: number]
type SentFault = { readonly code: FaultCode; readonly detail: string; readonly command?: string | undefined }
type Waiting = PromiseWithResolvers<ReceivedMessage>

/** Names of answers. */
const [ANSWER, FAULT] = ['=', '!']
/** Of the text and of the octets, each in 32 bits. */
const HEADER = 8
/** Octets that are not held back for the end of a turn. */
const SENT_AT_ONCE = 256 * 1024
const NOTHING = Buffer.alloc(0)

export class ProcessChannel {
  readonly #stream: Duplex
  readonly #handlers: Handlers
  readonly #ended: (reason: string) => void
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0
  #items: Item[] = []
  #pieces: Uint8Array[] = []
  #pending = 0
  #isArmed = false
  #gathered: Buffer[] = []
  #length = 0
  /** Of the frame that comes, once its header is here. */
  #expected = HEADER
  #end: string | undefined

  /** `ended` is called once, when the other process has closed it or has ended. */
  constructor(stream: Duplex, handlers: Handlers, ended: (reason: string) => void) {
    this.#stream = stream
    this.#handlers = handlers
    this.#ended = ended
    stream.on('data', chunk => this.#read(chunk))
    stream.on('error', ({ message }) => this.#close(message))
    for (const event of ['end', 'close']) stream.on(event, () => this.#close('it has ended'))
  }

  /** Octets that the other process has not read. */
  get backlog(): number {
    return this.#pending + this.#stream.writableLength
  }

  /** Throws the Fault of the answer, and `overloaded` when the channel ends before it. */
  ask(name: string, value: unknown, octets?: Uint8Array): Promise<ReceivedMessage> {
    if (this.#end !== undefined) return Promise.reject(this.#lost())
    const number = ++this.#asked
    const waiting = Promise.withResolvers<ReceivedMessage>()
    this.#waiting.set(number, waiting)
    this.#put(name, number, value, octets)
    return waiting.promise
  }

  tell(name: string, value: unknown, octets?: Uint8Array): void {
    if (this.#end === undefined) this.#put(name, 0, value, octets)
  }

  /** Sends what was said, behind the code that runs now. */
  hurry(): void {
    if (this.#items.length > 0) process.nextTick(() => this.#flush())
  }

  /** Sends what was said, and ends the channel. */
  close(): void {
    this.#flush()
    this.#stream.end()
  }

  #put(name: string, number: number, value: unknown, octets: Uint8Array = NOTHING): void {
    this.#items.push([name, number, value, octets.length])
    if (octets.length > 0) this.#pieces.push(octets)
    this.#pending += octets.length
    if (this.#pending >= SENT_AT_ONCE) this.#flush()
    if (this.#isArmed || this.#items.length === 0) return
    this.#isArmed = true
    setImmediate(() => {
      this.#isArmed = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#items.length === 0 || this.#end !== undefined) return
    const text = Buffer.from(JSON.stringify(this.#items))
    const header = Buffer.allocUnsafe(HEADER)
    header.writeUInt32LE(text.length, 0)
    header.writeUInt32LE(this.#pending, 4)
    this.#stream.cork()
    this.#stream.write(header)
    this.#stream.write(text)
    for (const piece of this.#pieces) this.#stream.write(piece)
    this.#stream.uncork()
    this.#items = []
    this.#pieces = []
    this.#pending = 0
  }

  #read(chunk: Buffer): void {
    this.#gathered.push(chunk)
    this.#length += chunk.length
    while (this.#length >= this.#expected) {
      const all = this.#gathered.length === 1 ? this.#gathered[0]! : Buffer.concat(this.#gathered, this.#length)
      const [text, octets] = [all.readUInt32LE(0), all.readUInt32LE(4)]
      const end = HEADER + text + octets
      this.#gathered = [all]
      this.#expected = end
      if (all.length < end) return
      const rest = all.subarray(end)
      this.#gathered = rest.length === 0 ? [] : [rest]
      this.#length = rest.length
      this.#expected = HEADER
      this.#take(all.toString('utf8', HEADER, HEADER + text), all.subarray(HEADER + text, end))
    }
  }

  #take(text: string, octets: Buffer): void {
    let at = 0
    for (const [name, number, value, length] of JSON.parse(text) as Item[]) {
      const received = { value, octets: octets.subarray(at, at + length) }
      at += length
      if (name === ANSWER || name === FAULT) this.#settle(number, name, received)
      else void this.#handle(name, number, received)
    }
  }

  #settle(number: number, name: string, received: ReceivedMessage): void {
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    if (name === ANSWER) {
      waiting?.resolve(received)
      return
    }
    const { code, detail, command } = received.value as SentFault
    waiting?.reject(new Fault(code, detail, command === undefined ? {} : { command }))
  }

  async #handle(name: string, number: number, received: ReceivedMessage): Promise<void> {
    try {
      const handler = this.#handlers[name]
      if (handler === undefined) throw new TypeError(`a message of an unknown kind: ${name}`)
      const answer = await handler(received)
      if (number !== 0 && this.#end === undefined) this.#put(ANSWER, number, answer?.value, answer?.octets)
    } catch (error) {
      // A message that cannot be taken is a defect.
      if (number === 0) throw error
      const { code, detail, command } = asFault(error)
      if (this.#end === undefined) this.#put(FAULT, number, { code, detail, command } satisfies SentFault)
    }
  }

  #close(reason: string): void {
    if (this.#end !== undefined) return
    this.#end = reason
    for (const { reject } of this.#waiting.values()) reject(this.#lost())
    this.#waiting.clear()
    this.#stream.destroy()
    this.#ended(reason)
  }

  #lost(): Fault {
    return new Fault('overloaded', `the other process of the receiver cannot be asked: ${this.#end}`)
  }
}
