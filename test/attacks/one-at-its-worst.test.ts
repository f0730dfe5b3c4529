// One partner, or a stranger, at its worst, against a receiver in a process of its own: what
// another partner sees meanwhile, what memory it takes, and whether the receiver still stops when
// it is asked to.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { loadTrust } from '@seg/pki'
import t, { type Test } from 'tap'
import { makeCerts } from '../../packages/receiver/src/testing/gateway.ts'
import { issue, openIssuer } from '../support/certificates.ts'
import { type ReceiverProcess, startReceiver } from '../support/commands.ts'

const certs = await makeCerts(t)
const other = issue({ name: 'MINISTRY 3_SEG01' }, await openIssuer(certs))
const { caPem: ca } = await loadTrust(certs)
const partner = { host: '127.0.0.1', servername: 'localhost', ca, cert: other.certificatePem, key: other.keyPem }

const shapes: readonly (readonly [shape: string, connections: number])[] = [
  ['one-byte chunks', 190],
  ['16-byte chunks', 190],
  ['chunk extensions', 190],
  ['one-byte records', 32],
  ['headers in one-byte records', 32],
  ['pipelined requests', 64],
  ['answers that nobody reads', 64],
  ['large bodies', 24],
  ['silent strangers', 4300],
  ['handshakes of strangers', 64],
]

const stopped = ['one-byte chunks', 'answers that nobody reads']

/** How long each is watched. Far more than one turn, far less than would try a patience. */
const WATCHED = 1500

// Processes that do their worst take longer than tests do on a machine that has other work, too.
t.setTimeout(300_000)

for (const [shape, count] of shapes) {
  t.test(`${shape}, ${count} at once: others are served, and memory is bounded`, { timeout: 90_000 }, async t => {
    const receiver = await startReceiver(t, ['--certs', certs, '--data', t.testdir()])
    const socket = await open(receiver)
    const idle = await probe(socket, 600)
    const memory = await residentMemory(receiver)
    await attack(t, receiver, shape, count)
    const under = await probe(socket, WATCHED)
    // A partner at the attacker's address that has no connection yet gets one, if only in its turn.
    await probe(await open(receiver), 1)
    const growth = (await residentMemory(receiver)) - memory
    t.comment(
      `idle p50 ${idle.p50.toFixed(1)} p99 ${idle.p99.toFixed(1)} ms; meanwhile ${under.count} answers, p50 ${under.p50.toFixed(1)}, p99 ${under.p99.toFixed(1)} ms; ${growth >> 20} MiB more`,
    )
    t.ok(under.count > 5, `${under.count} answers`)
    t.ok(under.p50 < 10 * idle.p50 + 20 + SLACK, `p50 ${under.p50} ms, idle ${idle.p50} ms`)
    t.ok(under.p99 < 10 * idle.p99 + 20 + 5 * SLACK, `p99 ${under.p99} ms, idle ${idle.p99} ms`)
    t.ok(growth < 256 * 1024 ** 2, `${growth} bytes more`)
    // What is under way has 8 s to end, and none of it does: one shape of each kind is enough.
    if (!stopped.includes(shape)) return receiver.kill()
    const begin = performance.now()
    t.equal(await receiver.stop(), 0)
    t.ok(performance.now() - begin < 14_000, 'SIGTERM stops it meanwhile, and it is not killed')
  })
}

/** Attacker, receiver and probe share what processors there are with other tests. */
const SLACK = 1000

async function open({ url }: ReceiverProcess): Promise<TLSSocket> {
  for (const end = performance.now() + 20_000; performance.now() < end; ) {
    const socket = connect({ ...partner, port: Number(url.port) })
    socket.on('error', () => {})
    const isOpen = once(socket, 'secureConnect').then(() => true)
    if (await Promise.race([isOpen, once(socket, 'close').then(() => false)]).catch(() => false)) return socket
  }
  throw new Error('no connection in 20 s')
}

/** Another partner's requests, one after the other. */
async function probe(socket: TLSSocket, milliseconds: number) {
  const times: number[] = []
  const isOver = AbortSignal.timeout(milliseconds)
  do {
    const begin = performance.now()
    socket.write('GET /v1/log/checkpoint HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'data', { signal: AbortSignal.timeout(20_000) })
    times.push(performance.now() - begin)
    await pause(5)
  } while (!isOver.aborted)
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] ?? Number.POSITIVE_INFINITY
  return { count: times.length, p50: at(0.5), p99: at(0.99) }
}

async function attack(t: Test, { url }: ReceiverProcess, shape: string, count: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [resolve(import.meta.dirname, '../support/hostile-client.ts'), certs, url.port, shape, String(count)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await pause(700)
}

async function residentMemory({ ready }: ReceiverProcess): Promise<number> {
  const status = await readFile(`/proc/${ready.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) * 1024
}
