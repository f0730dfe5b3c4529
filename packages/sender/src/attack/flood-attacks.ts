// Attacks by amount and by time, bounded in both: tiny pieces, slow bodies, answers that nobody
// reads, bursts of connections. After each the receiver must still take an honest document.
import type { TLSSocket } from 'node:tls'
import { forge } from './forging.ts'
import type { Scene } from './scene.ts'
import { type Attack, documentHead, type Target } from './target.ts'

const kind = 'flood'
const HEAD = documentHead({ host: 'localhost' })
/** Milliseconds: longer than a receiver waits for a slow client. */
const LONG = 60_000
/** Milliseconds that a burst lasts. */
const BURST = 3_000
const CONNECTIONS = 32

export function floodAttacks({ id, honest, write }: Scene): readonly Attack[] {
  return [
    {
      kind,
      name: 'a body in chunks of one byte',
      expected: '400 request-fragmented',
      run: target =>
        target.talk({
          patience: LONG,
          async write(socket) {
            const start = honest.slice(0, honest.indexOf('<Data>') + '<Data>'.length)
            socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${start.length.toString(16)}\r\n${start}\r\n`)
            await pump(socket, Buffer.from('1\r\nx\r\n'.repeat(500)), 40)
          },
        }),
    },
    {
      kind,
      name: 'a body that stops',
      expected: '408 request-timeout',
      run: target =>
        target.talk({
          patience: LONG,
          write(socket) {
            socket.write(`${HEAD}Content-Length: 1000000\r\n\r\n${honest.slice(0, 100)}`)
          },
        }),
    },
    {
      kind,
      name: 'answers that nobody reads',
      expected: 'closed',
      async run(target) {
        const socket = await target.open()
        socket.pause()
        const request = 'GET /v1/log/checkpoint HTTP/1.1\r\nHost: localhost\r\n\r\n'
        socket.write(request.repeat(2000))
        return endOf(socket, LONG)
      },
    },
    {
      kind,
      name: 'bursts of connections that are given up',
      expected: 'answered afterwards',
      run: target => burst(target, async socket => void socket.destroy()).then(() => answered(target, id, write, 1)),
    },
    {
      kind,
      name: 'large bodies on many connections',
      expected: 'answered afterwards',
      run: target =>
        burst(target, async socket => {
          socket.write(`${HEAD}Content-Length: 1000000000\r\n\r\n${honest.slice(0, 100)}`)
          await pump(socket, Buffer.alloc(64 * 1024, 'x'), 64)
          socket.destroy()
        }).then(() => answered(target, id, write, 2)),
    },
  ]
}

/** Writes as fast as the receiver takes it, so many times at the most. */
async function pump(socket: TLSSocket, piece: Buffer, times: number): Promise<void> {
  for (let i = 0; i < times && !socket.destroyed && socket.writable; i++) {
    if (socket.write(piece)) continue
    const { promise, resolve } = Promise.withResolvers<void>()
    socket.once('drain', resolve).once('close', resolve)
    await promise
    socket.off('drain', resolve).off('close', resolve)
  }
}

function endOf(socket: TLSSocket, patience: number): Promise<string> {
  return new Promise(resolve => {
    const timer = setTimeout(() => {
      socket.destroy()
      resolve('no answer')
    }, patience)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve('closed')
    })
    // A paused socket finds out by writing that its other end is gone.
    const probe = setInterval(() => socket.write('\r\n'), 500)
    socket.once('close', () => clearInterval(probe))
  })
}

async function burst(target: Target, use: (socket: TLSSocket) => Promise<void>): Promise<void> {
  const end = performance.now() + BURST
  const attack = async () => {
    while (performance.now() < end) {
      // What is refused at the door is what this is about.
      const socket = await target.open().catch(() => undefined)
      if (socket !== undefined) await use(socket)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, attack))
}

/** Whether an honest document is taken; a bound of its partner may make it wait a moment. */
async function answered(target: Target, id: string, write: Scene['write'], round: number): Promise<string> {
  const document = Buffer.from(forge(write({ id: `${id}-after-${round}` }), target.key))
  let verdict = ''
  for (let tries = 0; tries < 5; tries++) {
    verdict = (await target.post(document)).verdict
    if (verdict === '201' || verdict === '200') return 'answered afterwards'
    await new Promise(resolve => setTimeout(resolve, 2000))
  }
  return verdict
}
