// An announcement of a next certificate is queued: a receiver that is down gets it when it is up,
// and one that is killed while it takes it gets the same bytes again.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { cleanEnvironment } from '@seg/core/testing'
import type { Identity } from '@seg/pki'
import t, { type Test } from 'tap'
import { isLong, noStrace } from '../../packages/ledger/src/testing/fault-points.ts'
import { followCredentials } from '../../packages/receiver/src/credentials/follow-credentials.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { listReceived } from '../../packages/receiver/src/rollover/announcements.ts'
import { call } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeFolder,
  openGateway,
  receiverId,
  senderId,
} from '../../packages/receiver/src/testing/gateway.ts'
import { queueAnnouncement } from '../../packages/sender/src/rollover/announce.ts'
import { listAnnounced } from '../../packages/sender/src/rollover/announced.ts'
import { announceNow, runAnnouncements } from '../../packages/sender/src/rollover/announcement-loop.ts'
import { openSender } from '../../packages/sender/src/testing/gateways.ts'
import { issue, openIssuer } from '../support/certificates.ts'
import { root } from '../support/commands.ts'

t.setTimeout(600_000)

const [HOUR, DAY] = [3_600_000, 86_400_000]
const certs = await makeCerts(t)
const ca = await openIssuer(certs)

/** An address that leads to the receiver of the moment, or to nobody. */
async function openWay(t: Test) {
  let port: number | undefined
  const server = createServer(socket => {
    socket.on('error', () => {})
    if (port === undefined) return void socket.destroy()
    const onward = connect(port, '127.0.0.1')
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
    socket.pipe(onward).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const leadTo = (next: number | undefined) => {
    port = next
  }
  return { url, leadTo }
}

async function writeRecord(t: Test, certificate: Identity['certificate']): Promise<string> {
  const config = join(await makeFolder(t), 'seg.yaml')
  const pin = `certificates: [{ for: [tls, sign], authority: gov, sha256: "${certificate.fingerprint256}" }]`
  const trust = `trust: { mode: listed, authorities: { gov: { anchors: "${certs}/ca.crt" } } }`
  await writeFile(config, `${trust}\npartners:\n  - { id: ${senderId}, ${pin} }\n`)
  return config
}

const announcementOf = ({ certificate }: Identity, begin = Date.now()) =>
  ({ uses: ['tls', 'sign'], from: begin, until: begin + 10 * DAY, certificate }) as const

t.test('a receiver that was down gets the announcement once it is up, signed again, and once', async t => {
  const way = await openWay(t)
  const gateway = await openGateway(t, certs)
  const config = await writeRecord(t, gateway.sender.certificate)
  const logger = openLoggerInto({ write: () => {} })
  const following = followCredentials({ certs, data: gateway.data, config }, gateway.gate, logger)
  t.teardown(() => following.close())
  await following.look()
  const data = await makeFolder(t)
  let shift = 0
  await using sender = await openSender(certs, data, 200, () => new Date(Date.now() + shift))
  const next = issue({ to: 100 }, ca)
  const announce = async () =>
    announceNow(await queueAnnouncement(announcementOf(next), { id: receiverId, url: way.url }, sender), sender)
  await t.rejects(announce(), { code: 'delivery-pending', exitCode: 4, detail: /stays queued, and `sender deliver`/ })
  await t.rejects(announce(), { code: 'delivery-pending' })
  t.match(await listAnnounced(data), [{ state: 'replaced' }, { state: 'queued', acceptedAt: null, reason: /./ }])

  shift = HOUR
  gateway.setTime(new Date(Date.now() + HOUR))
  const stop = new AbortController()
  const running = runAnnouncements(sender, stop.signal)
  while (sender.notes.length === 0) await pause(10)
  way.leadTo(gateway.port)
  const isThere = async () => (await listAnnounced(data)).some(({ state }) => state === 'accepted')
  while (!(await isThere())) await pause(20)
  stop.abort()
  await running
  t.match(sender.notes.join('\n'), /stays queued: [\s\S]*accepted 20/)
  t.match(await listReceived(gateway.data), [{ sender: senderId, state: 'taken' }])
  await following.look()
  for (const { certificatePem: cert, keyPem: key } of [next, gateway.sender])
    t.equal((await call(gateway, { path: '/v1/log/checkpoint', tls: { cert, key } })).status, 200)
})

t.test('what the receiver refuses is not tried again, and what it cannot count in time expires', async t => {
  const way = await openWay(t)
  const gateway = await openGateway(t, certs)
  way.leadTo(gateway.port)
  const data = await makeFolder(t)
  let shift = 0
  await using sender = await openSender(certs, data, 60_000, () => new Date(Date.now() + shift))
  const queue = (one: Identity) => queueAnnouncement(announcementOf(one), { id: receiverId, url: way.url }, sender)
  const foreign = issue({ profile: 'receiver', to: 100 }, ca)
  await t.rejects(announceNow(await queue(foreign), sender), {
    code: 'delivery-refused',
    detail: /rollover-certificate/,
  })
  t.match(await listAnnounced(data), [{ state: 'refused', reason: /rollover-certificate/ }])
  way.leadTo(undefined)
  await queue(issue({ to: 100 }, ca))
  shift = 11 * DAY
  const stop = new AbortController()
  const running = runAnnouncements(sender, stop.signal)
  while (sender.notes.length === 0) await pause(10)
  stop.abort()
  await running
  t.same((await listAnnounced(data)).map(({ state }) => state).sort(), ['expired', 'refused'])
})

t.test('copies that come at once are one announcement', async t => {
  const gateway = await openGateway(t, certs)
  const config = await writeRecord(t, gateway.sender.certificate)
  const following = followCredentials(
    { certs, data: gateway.data, config },
    gateway.gate,
    openLoggerInto({ write: () => {} }),
  )
  t.teardown(() => following.close())
  await following.look()
  await using sender = await openSender(certs, await makeFolder(t), 120_000)
  const url = new URL(gateway.url)
  const queued = await queueAnnouncement(announcementOf(issue({ to: 100 }, ca)), { id: receiverId, url }, sender)
  const all = await Promise.all([1, 2, 3].map(() => announceNow(queued, sender)))
  t.equal(new Set(all.map(({ acceptedAt }) => acceptedAt)).size, 1)
  t.match(await listReceived(gateway.data), [{ state: 'taken' }])
})

type Point = { readonly when: number; readonly path: string }

t.test(
  'a receiver killed anywhere between the announcement and the record has taken it once, when it is up again',
  { skip: noStrace },
  async t => {
    const data = await makeFolder(t)
    const trace = join(data, 'trace')
    const run = async (name: string, injection: readonly string[]) => {
      const folder = join(data, name)
      const ours = join(folder, 'certs')
      await cp(certs, ours, { recursive: true })
      const way = await openWay(t)
      await using sender = await openSender(ours, join(folder, 'sender'), 300_000)
      const config = await writeRecord(t, sender.identity.certificate)
      const next = issue({ to: 100 }, ca)
      const args = ['start', '--port', '0', '--json', '--certs', ours, '--data', join(folder, 'receiver')]
      const start = async (tracing: readonly string[]) => {
        const node = [process.execPath, join(root, 'packages/receiver/src/main.ts'), ...args, '--config', config]
        const [program, ...rest] = [...tracing, ...node]
        const env = cleanEnvironment({ SEG_ADMIN_PORT: 'off', UV_THREADPOOL_SIZE: '1' })
        const child = spawn(program!, rest, { env, stdio: ['ignore', 'pipe', 'ignore'] })
        const closed = once(child, 'close')
        const [line] = await once(createInterface(child.stdout), 'line')
        const { listening, pid } = JSON.parse(line)
        way.leadTo(Number(new URL(listening).port))
        t.teardown(() => child.kill('SIGKILL'))
        return { pid: pid as number, closed }
      }
      const first = await start(['strace', '-f', '-qq', '-o', trace, ...injection])
      const queued = await queueAnnouncement(announcementOf(next), { id: receiverId, url: way.url }, sender)
      const trying = announceNow(queued, sender)
      const isKilled = await Promise.race([trying.then(() => false), first.closed.then(() => true)])
      if (isKilled) await start([])
      else process.kill(first.pid, 'SIGTERM')
      t.match(await trying, { state: 'accepted' }, name)
      const received = await listReceived(join(folder, 'receiver'))
      t.match(received, [{ document: queued.document, state: 'taken' }], name)
      const text = await readFile(config, 'utf8')
      t.equal(text.split(next.certificate.fingerprint256).length, 2, `${name}: once`)
      if (!isKilled) await first.closed
      return isKilled
    }
    // The folder is made for the first announcement of a partner, which is in the ledger by then.
    const folder = join(data, 'first', 'receiver', 'rollover')
    const paths = [folder, join(folder, createHash('sha256').update(senderId).digest('hex').slice(0, 32))]
    const first = paths.flatMap(path => ['-P', path])
    t.ok(await run('first', [...first, '-e', 'inject=mkdir:signal=KILL']), 'it was killed')
    if (!isLong) return
    t.notOk(await run('clean', ['-e', 'trace=rename']))
    const points = pointsIn(await readFile(trace, 'utf8'))
    t.match(points, [{ path: /rollover\// }, { path: /seg\.yaml$/ }, { path: /rollover\// }])
    for (const [i, { when }] of points.entries())
      t.ok(await run(`point-${i}`, ['-e', `inject=rename:signal=KILL:when=${when}`]), 'it was killed')
  },
)

/** The durable writes of an announcement; counted for each thread, as strace does. */
function pointsIn(trace: string): Point[] {
  const counts = new Map<string, number>()
  const calls = [...trace.matchAll(/^(\d+) +rename\("[^"]*", "([^"]*)"/gm)].map(([, thread, path]) => {
    const when = (counts.get(thread!) ?? 0) + 1
    counts.set(thread!, when)
    return { when, path: path! }
  })
  return calls.filter(({ path }) => /\/rollover\/|seg\.yaml$/.test(path))
}
