// A partner at its worst, as a process of its own: `hostile-client.ts CERTS PORT SHAPE
// CONNECTIONS`. Prints a line when it is under way, and continues until it is killed; whoever
// closes a connection gets another.
import { randomUUID } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { loadIdentity, loadTrust } from '@seg/pki'
import { type Client, openClient, signLetter } from './client.ts'
import { writeSingly } from './raw-http.ts'

const [certs = '', port = '', shape = '', count = '1'] = process.argv.slice(2)
const partner = { identity: await loadIdentity(certs, 'sender'), trust: await loadTrust(certs) }
const { certificatePem: cert, keyPem: key } = partner.identity
const { caPem: ca } = partner.trust
const head = 'POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n'
const text = '<CriticalDocument id="a"><SenderID>MINISTRY 1_SEG01</SenderID><ReceiverID>MINISTRY 2_SEG01</ReceiverID>'
const time = '<TimestampForSignature>2026-01-01T00:00:00Z</TimestampForSignature><Payload>'
const start = text + time
const pieces = (length: number, size: number) =>
  Buffer.from(`${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`.repeat(length))
const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${start.length.toString(16)}\r\n${start}\r\n`

/** What each shape writes first, and again and again. */
const shapes: Record<string, { first: string; again: Buffer; isByByte?: true; isDeaf?: true; isShort?: true }> = {
  'one-byte chunks': { first: chunked, again: pieces(8000, 1) },
  '16-byte chunks': { first: chunked, again: pieces(2000, 16) },
  'chunk extensions': { first: chunked, again: Buffer.from(`1;${'e'.repeat(15_000)}\r\nx\r\n`.repeat(4)) },
  'one-byte records': {
    first: `${head}Content-Length: 100000000\r\n\r\n${start}`,
    again: Buffer.alloc(2000, 'x'),
    isByByte: true,
  },
  'headers in one-byte records': {
    first: '',
    again: Buffer.from(`GET /v1/log/checkpoint HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(7000)}\r\n\r\n`),
    isByByte: true,
  },
  'pipelined requests': { first: '', again: Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500)) },
  'answers that nobody reads': {
    first: '',
    again: Buffer.from('GET /v1/log/tile/entries/000.p/1 HTTP/1.1\r\nHost: a\r\n\r\n'),
    isDeaf: true,
  },
  'bursts on new connections': { first: chunked, again: pieces(10_000, 1), isShort: true },
  'large bodies': { first: `${head}Content-Length: 1000000000\r\n\r\n${start}`, again: Buffer.alloc(64 * 1024, 'x') },
}

async function postNew(client: Client): Promise<unknown> {
  return client.post(await signLetter(randomUUID(), 'x'.repeat(4000), partner))
}

/** What each does as an honest client does, one request after the other, without a pause. */
const requests: Record<string, (client: Client) => Promise<unknown>> = {
  'new documents': postNew,
  'documents over the quota': postNew,
  'reads of receipts': client => client.receipt('first'),
  'reads of the log': client => client.get('/v1/log/tile/entries/000.p/1'),
}

async function repeat(request: (client: Client) => Promise<unknown>): Promise<void> {
  const client = openClient(new URL(`https://127.0.0.1:${port}`), partner)
  for (;;) await request(client).catch(() => {})
}

function attack(shapeOf: NonNullable<(typeof shapes)[string]>): void {
  const socket = connect({ host: '127.0.0.1', port: Number(port), servername: 'localhost', ca, cert, key })
  socket.on('error', () => {})
  const pump = () => {
    for (let i = 0; i < 4; i++) if (!write(socket, shapeOf)) return
    setImmediate(pump)
  }
  socket.once('secureConnect', () => {
    socket.write(shapeOf.first)
    if (shapeOf.isByByte === true) writeSingly(socket)
    if (shapeOf.isShort === true) socket.write(shapeOf.again, () => setTimeout(() => socket.destroy(), 5))
    else pump()
  })
  if (shapeOf.isShort !== true) socket.on('drain', pump)
  if (shapeOf.isDeaf !== true) socket.resume()
  else socket.pause()
  socket.once('close', () => setTimeout(attack, 50, shapeOf))
}

function write(socket: TLSSocket, { again, isByByte }: NonNullable<(typeof shapes)[string]>): boolean {
  if (socket.destroyed || !socket.writable) return false
  if (isByByte !== true) return socket.write(again)
  let isGoingOn = true
  for (let i = 0; i < again.length; i++) isGoingOn = socket.write(again.subarray(i, i + 1))
  return isGoingOn
}

/** A stranger: a bare connection, or a handshake without a certificate. */
function intrude(isSilent: boolean): void {
  const address = { host: '127.0.0.1', port: Number(port) }
  const socket: Socket = isSilent ? connectTcp(address) : connect({ ...address, ca, servername: 'localhost' })
  socket.on('error', () => {})
  socket.resume()
  socket.once('close', () => setTimeout(intrude, isSilent ? 100 : 0, isSilent))
}

const isStranger = shape === 'silent strangers' || shape === 'handshakes of strangers'
for (let i = 0; i < Number(count); i++)
  if (isStranger) intrude(shape === 'silent strangers')
  else if (requests[shape] !== undefined) void repeat(requests[shape])
  else attack(shapes[shape]!)
console.log('under way')
// It ends with whoever started it, too.
process.stdin.on('end', () => process.exit()).resume()
