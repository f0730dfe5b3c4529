// Two receivers with one ledger behind the haproxy of `deploy/ha`: under load one is killed and
// started again, and the other one is stopped. Whoever sends loses nothing.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { MISSING, PostgresServer } from '../../packages/ledger/src/testing/postgres-server.ts'
import { type Answer, makePartner, openClient, signLetter } from '../support/client.ts'
import { root, startReceiver } from '../support/commands.ts'

const configuration = await readFile(join(root, 'deploy/ha/haproxy.cfg'), 'utf8')
const isThere = spawnSync('haproxy', ['-v']).status === 0
const server = isThere ? await PostgresServer.start(t) : undefined
if (server === undefined) {
  t.plan(0, `SKIPPED: ${isThere ? MISSING : 'haproxy is not installed: apt-get install haproxy'}`)
  process.exit()
}

const folder = await mkdtemp(join(tmpdir(), 'seg-haproxy-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const partner = await makePartner(certs)
const ledger = await server.makeDatabase()

/** On these ports, where it is the same again. */
async function start(name: string, port = '0', readyPort = '0') {
  const places = ['--certs', certs, '--data', join(folder, name), '--ledger', ledger, '--inbox', 'off']
  const front = ['--host', '127.0.0.1', '--proxy-protocol', '127.0.0.1', '--ready-listen', `127.0.0.1:${readyPort}`]
  const receiver = await startReceiver(t, [...places, ...front, '--port', port, '--node', name, '--drain-time', '3'])
  const { ready } = receiver.ready as typeof receiver.ready & { ready: string }
  return { ...receiver, readyPort: new URL(ready).port }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => listener.once('listening', resolve))
  const { port } = listener.address() as AddressInfo
  await new Promise(resolve => listener.close(resolve))
  return port
}

t.test('one is killed and started again, then the other one is stopped, and no document is lost', async t => {
  const [one, two] = await Promise.all([start('receiver1'), start('receiver2')])
  const port = await freePort()
  const place = (text: string, name: string, { url, readyPort }: typeof one) =>
    text.replace(`${name}:8443`, `127.0.0.1:${url.port} port ${readyPort}`)
  const text = place(place(configuration, 'receiver1', one), 'receiver2', two).replace(':8443', `127.0.0.1:${port}`)
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, text)
  const balancer = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
  t.teardown(() => balancer.kill('SIGKILL'))

  const url = new URL(`https://localhost:${port}`)
  const receipts = new Map<string, Buffer>()
  let longest = 0
  let isOver = false
  const load = async (lane: number) => {
    for (let i = 0; !isOver; i++) {
      const id = `doc-${lane}-${i}`
      const letter = await signLetter(id, 'x'.repeat(i % 10 === 9 ? 300_000 : 2000), partner)
      const began = performance.now()
      // As a sender does: the same bytes again, until there is an answer.
      const { body } = await until(
        () => post(letter),
        answer => answer?.status === 201 || answer?.status === 200,
      ).then(answer => answer!)
      longest = Math.max(longest, performance.now() - began)
      receipts.set(id, body)
    }
  }
  const clients = Array.from({ length: 4 }, () => openClient(url, partner))
  t.teardown(() => {
    for (const client of clients) client.close()
  })
  let turn = 0
  const post = (letter: Buffer): Promise<Answer | undefined> =>
    clients[turn++ % clients.length]!.post(letter).catch(() => undefined)
  const more = async (count: number) => {
    const before = receipts.size
    await until(() => receipts.size >= before + count)
  }
  const loads = Promise.all([0, 1, 2].map(load))
  await more(20)
  await one.kill()
  await more(20)
  await start('receiver1', one.url.port, one.readyPort)
  t.equal(await two.stop(), 0)
  await more(20)
  isOver = true
  await loads
  t.comment(`${receipts.size} acknowledged, the longest wait was ${Math.round(longest)} ms`)

  const client = openClient(url, partner)
  t.teardown(() => client.close())
  const lost: string[] = []
  for (const [id, receipt] of receipts) {
    const { body } = await client.receipt(id)
    if (!body.equals(receipt)) lost.push(id)
  }
  t.same(lost, [], 'each has the receipt that was given')
})

t.test('its configuration is one that haproxy takes', async t => {
  // Names of services mean something in their network alone.
  const file = join(folder, 'checked.cfg')
  await writeFile(file, configuration.replaceAll(/receiver\d:8443/g, '127.0.0.1:8443'))
  const { status, stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.notMatch(stderr, /warning/i)
})
