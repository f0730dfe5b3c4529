// One partner, or a stranger, at its worst, against a receiver in a process of its own: what
// another partner sees meanwhile, what memory it takes, and whether the receiver stops when it is
// asked to. A second receiver, which nobody attacks, is probed in alternation: what the machine's
// other work costs is in both. That reads take their turns shows in the order of answers instead
// (partners.test.ts): 16 clients of this kind do not fill a receiver.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { atLength } from '@seg/core/testing/length'
import { loadIdentity, loadTrust } from '@seg/pki'
import t, { type Test } from 'tap'
import { makeCerts } from '../../packages/receiver/src/testing/gateway.ts'
import { issue, openIssuer } from '../support/certificates.ts'
import { openClient, signLetter } from '../support/client.ts'
import { type ReceiverProcess, startReceiver } from '../support/commands.ts'

const certs = await makeCerts(t)
const other = issue({ name: 'MINISTRY 3_SEG01' }, await openIssuer(certs))
const trust = await loadTrust(certs)
const { caPem: ca } = trust
/** At an address of its own: at the attacker's, new connections wait behind the attacker's. */
const addresses = { host: '127.0.0.1', localAddress: '127.0.0.2' }
const partner = { ...addresses, servername: 'localhost', ca, cert: other.certificatePem, key: other.keyPem }

type Shape = readonly [shape: string, connections: number, ...settings: string[]]

/**
 * One of each kind: what makes work, what fills memory, what the ledger and the inbox get, what
 * fills places.
 */
const usualShapes: readonly Shape[] = [
  ['one-byte chunks', 190],
  ['answers that nobody reads', 64],
  ['new documents', 16],
  ['silent strangers', 4300],
]
const shapes = atLength(usualShapes, [
  ...usualShapes,
  ['one-byte records', 32],
  ['large bodies', 24],
  ['bursts on new connections', 190],
  ['chunk extensions', 190],
  ['headers in one-byte records', 32],
  ['pipelined requests', 64],
  ['documents over the quota', 16, '--storage-quota', '100000'],
  ['reads of receipts', 16],
  ['reads of the log', 16],
  ['handshakes of strangers', 64],
])

const MIB = 1024 ** 2
/** The median of them counts, where the first does not show it already. */
const WINDOWS = 3
/** Milliseconds that each is watched. */
const WINDOW = 450

// Processes that do their worst take longer than tests do on a machine that has other work, too.
t.setTimeout(600_000)

const quiet = await startReceiver(t, ['--certs', certs, '--data', t.testdir()])

for (const [shape, count, ...settings] of shapes) {
  t.test(`${shape}, ${count} at once: others are served, and memory is bounded`, { timeout: 600_000 }, async t => {
    const receiver = await startReceiver(t, ['--certs', certs, '--data', t.testdir(), ...settings], {
      stderr: 'pipe',
    })
    const log = text(receiver.child.stderr!)
    await deliverFirst(receiver)
    const receivers = [quiet, receiver]
    const kept = await Promise.all(receivers.map(open))
    // Both are warm then.
    await watch(receivers, kept)
    const memory = await residentMemory(receiver)
    await attack(t, receiver, shape, count)
    const before = await readSchedule(receiver)
    const windows: Window[] = []
    let found: Found[] = []
    while (windows.length < WINDOWS && (found.length === 0 || !found.every(isServed))) {
      windows.push(await watch(receivers, kept))
      const stretch = stretchOf(before, await readSchedule(receiver))
      found = (['requests', 'handshakes'] as const).map(what => {
        const [calm, attacked] = [0, 1].map(i => median(windows.map(window => p99(window[what][i]!))))
        return { what, calm: calm!, attacked: attacked!, stretch }
      })
    }
    const growth = (await residentMemory(receiver)) - memory
    for (const one of found) {
      const figures =
        `${one.what}: p99 ${one.attacked.toFixed(1)} ms, ` +
        `beside the attack ${one.calm.toFixed(1)} ms, stretched by ${one.stretch.toFixed(1)}`
      t.comment(figures)
      t.ok(isServed(one), figures)
    }
    t.comment(`${growth / MIB} MiB more`)
    t.ok(growth < 256 * MIB, `${growth / MIB} MiB more`)
    const begin = performance.now()
    t.equal(await receiver.stop(), 0, 'SIGTERM stops it meanwhile')
    const duration = performance.now() - begin
    t.ok(duration < 60_000, `in ${duration} ms`)
    const errors = (await log).split('\n').filter(line => /"level":[56]0/.test(line))
    t.same(errors, [], 'and nothing fails')
  })
}

type Found = { readonly what: string; readonly calm: number; readonly attacked: number; readonly stretch: number }

function isServed({ calm, attacked, stretch }: Found): boolean {
  return attacked / stretch < 10 * calm + 20
}

/** What can be read is there then. */
async function deliverFirst({ url }: ReceiverProcess): Promise<void> {
  const partner = { identity: await loadIdentity(certs, 'sender'), trust }
  const client = openClient(url, partner)
  await client.post(await signLetter('first', 'x', partner))
  client.close()
}

type Times = [calm: number[], attacked: number[]]
type Window = { readonly requests: Times; readonly handshakes: Times }

/** Another partner's requests on kept connections and on new ones, of both receivers in turn. */
async function watch(receivers: readonly ReceiverProcess[], kept: readonly TLSSocket[]): Promise<Window> {
  const window: Window = { requests: [[], []], handshakes: [[], []] }
  const isOver = AbortSignal.timeout(WINDOW)
  do {
    for (const [i, receiver] of receivers.entries()) {
      for (let n = 0; n < 4; n++) {
        window.requests[i]!.push(await timed(() => get(kept[i]!)))
        await pause(3)
      }
      window.handshakes[i]!.push(await timed(() => knock(receiver)))
    }
  } while (!isOver.aborted)
  return window
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

async function get(socket: TLSSocket): Promise<void> {
  socket.write('GET /v1/log/checkpoint HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data', { signal: AbortSignal.timeout(20_000) })
}

/** The first request of a new connection. */
async function knock(receiver: ReceiverProcess): Promise<void> {
  const socket = await open(receiver)
  await get(socket)
  socket.destroy()
}

async function open({ url }: ReceiverProcess): Promise<TLSSocket> {
  const socket = connect({ ...partner, port: Number(url.port) })
  socket.on('error', () => {})
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(20_000) })
  return socket
}

function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(0.99 * (times.length - 1))]!
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

async function attack(t: Test, { url }: ReceiverProcess, shape: string, count: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [resolve(import.meta.dirname, '../support/hostile-client.ts'), certs, url.port, shape, String(count)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await pause(500)
}

type Schedule = { readonly run: number; readonly wait: number }

/** Of the main thread: how long it ran, and how long it waited for a processor. */
async function readSchedule({ ready: { pid } }: ReceiverProcess): Promise<Schedule> {
  const [run, wait] = (await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'utf8')).split(' ').map(Number)
  return { run: run!, wait: wait! }
}

/** By what other processes make the receiver slower. */
function stretchOf(before: Schedule, after: Schedule): number {
  return 1 + (after.wait - before.wait) / (after.run - before.run)
}

async function residentMemory({ ready }: ReceiverProcess): Promise<number> {
  const status = await readFile(`/proc/${ready.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) * 1024
}
