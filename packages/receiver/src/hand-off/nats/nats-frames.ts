// What a NATS server sends, read piece by piece: lines, and messages behind them (NATS Client
// Protocol). Everything has a limit: the server may be anybody until its certificate is verified.
import { Fault, quote } from '@seg/core'

export type NatsFrame =
  | { readonly verb: 'INFO' | '-ERR'; readonly text: string }
  | { readonly verb: 'PING' | 'PONG' | '+OK' }
  | { readonly verb: 'MSG'; readonly subject: string; readonly status: string; readonly octets: Buffer }

/** Bytes of a line; of the content of a message, twice what servers take by default. */
const LONGEST_LINE = 32 * 1024
const LONGEST_CONTENT = 2 * 1024 * 1024
/** Of a line that is quoted. */
const SHOWN = 200

type Awaited = { readonly subject: string; readonly headerBytes: number; readonly bytes: number }

/** Throws the Fault `storage-unavailable` for what is no NATS, or too long. */
export class NatsFrames {
  #rest: Buffer = Buffer.alloc(0)
  /** What came behind it, of a message that is not whole yet. */
  #more: Uint8Array[] = []
  #moreBytes = 0
  /** The message whose line was read. */
  #awaited: Awaited | undefined

  /** Bytes behind the frames that were read. */
  get rest(): Buffer {
    return this.#rest
  }

  *read(piece: Uint8Array): Generator<NatsFrame> {
    this.#more.push(piece)
    this.#moreBytes += piece.length
    if (this.#awaited !== undefined && this.#rest.length + this.#moreBytes < this.#awaited.bytes + 2) return
    this.#rest = Buffer.concat([this.#rest, ...this.#more])
    this.#more = []
    this.#moreBytes = 0
    for (;;) {
      const frame = this.#awaited === undefined ? this.#readLine() : this.#readContent(this.#awaited)
      if (frame === 'incomplete') return
      if (frame !== 'message begins') yield frame
    }
  }

  #readLine(): NatsFrame | 'incomplete' | 'message begins' {
    const end = this.#rest.indexOf('\r\n')
    if (end < 0 && this.#rest.length <= LONGEST_LINE) return 'incomplete'
    if (end < 0 || end > LONGEST_LINE) throw notNats(`a line of more than ${LONGEST_LINE} bytes`)
    const line = this.#take(end + 2)
      .toString('utf8')
      .slice(0, -2)
    const [, verb = '', text = ''] = /^(\S+)[ \t]*(.*)$/s.exec(line) ?? []
    const name = verb.toUpperCase()
    if (name === 'INFO' || name === '-ERR') return { verb: name, text }
    if (name === 'PING' || name === 'PONG' || name === '+OK') return { verb: name }
    if (name !== 'MSG' && name !== 'HMSG') throw notNats(quote(line.slice(0, SHOWN)))
    this.#awaited = readMessageLine(name, text, line)
    return 'message begins'
  }

  #readContent({ subject, headerBytes, bytes }: Awaited): NatsFrame | 'incomplete' {
    if (this.#rest.length < bytes + 2) return 'incomplete'
    const content = this.#take(bytes + 2)
    if (content.toString('latin1', bytes) !== '\r\n') throw notNats('a message that is longer than its line says')
    this.#awaited = undefined
    const head = content.toString('latin1', 0, headerBytes)
    const [, status = ''] = /^NATS\/1\.0[ \t]+(\d{3})/.exec(head) ?? []
    return { verb: 'MSG', subject, status, octets: content.subarray(headerBytes, bytes) }
  }

  #take(bytes: number): Buffer {
    const taken = this.#rest.subarray(0, bytes)
    this.#rest = this.#rest.subarray(bytes)
    return taken
  }
}

/** `MSG subject sid [reply] bytes`, `HMSG subject sid [reply] header-bytes bytes`. */
function readMessageLine(verb: 'MSG' | 'HMSG', text: string, line: string): Awaited {
  const fields = text.split(/[ \t]+/)
  const numbers = verb === 'MSG' ? 1 : 2
  const lengths = fields.slice(-numbers).map(each => (/^\d{1,9}$/.test(each) ? Number(each) : Number.NaN))
  const isRight = fields.length === 2 + numbers || fields.length === 3 + numbers
  const bytes = lengths.at(-1)!
  const headerBytes = verb === 'MSG' ? 0 : lengths[0]!
  if (!isRight || !(headerBytes <= bytes)) throw notNats(quote(line.slice(0, SHOWN)))
  if (bytes > LONGEST_CONTENT) throw notNats(`a message of ${bytes} bytes`)
  return { subject: fields[0]!, headerBytes, bytes }
}

function notNats(found: string): Fault {
  return new Fault('storage-unavailable', `expected the protocol of NATS, found ${found}`)
}
