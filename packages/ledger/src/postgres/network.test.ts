// What the network does with a commit and its answer, and with a host: nothing is acknowledged that
// is not there, nothing is entered twice, and the node goes on by itself.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { openNode } from '../testing/ledger-nodes.ts'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'
import { makeSample } from '../testing/sample-documents.ts'
import { acceptBytes } from '../testing/test-log.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}
await server.prepare(async url => (await openNode(t, url)).ledger)
t.jobs = 4

t.test('a commit whose answer never comes is in doubt; the node goes on, and finds it', async t => {
  const { ledger, loseAtCommit } = await openBehind(t)
  await t.rejects(loseAtCommit('answer'), { code: 'storage-unavailable', detail: /has not committed within 3 s/ })
  t.match(await again(ledger), { index: 0, replay: true })
})

t.test('a commit that never arrives is undone by the server, and the node goes on', async t => {
  const { ledger, loseAtCommit } = await openBehind(t)
  await t.rejects(loseAtCommit('request'), { code: 'storage-unavailable', detail: /has not committed within 3 s/ })
  t.match(await again(ledger), { index: 0, replay: false })
})

t.test('a connection that is cut before the answer to a commit leaves it in doubt', async t => {
  const { ledger, loseAtCommit } = await openBehind(t)
  await t.rejects(loseAtCommit('connection'), { code: 'storage-unavailable' })
  t.match(await again(ledger), { index: 0, replay: true })
})

t.test('a commit that is answered by ROLLBACK is none', async t => {
  const { ledger, loseAtCommit } = await openBehind(t)
  await t.rejects(loseAtCommit('transaction'), { code: 'storage-unavailable', detail: /rolled the batch back/ })
  t.match(await again(ledger), { index: 0, replay: false })
})

t.test('beside a host that takes connections and says nothing, another one is used', async t => {
  const { address } = await listen(t, () => {})
  const { ledger } = await openNode(t, urlOf(`${address},127.0.0.1:${server.port}`, await makeDatabase()))
  t.match(await again(ledger), { index: 0, replay: false })
})

t.test('a node is closed also where nothing of the host is heard any more', async t => {
  const { ledger, vanish } = await openBehind(t)
  t.match(await again(ledger), { index: 0 })
  vanish()
  await t.resolves(ledger.close())
})

type Lost = 'answer' | 'request' | 'connection' | 'transaction'
type Ledger = Awaited<ReturnType<typeof openNode>>['ledger']

const { document, bytes } = makeSample('doc1')
const again = (ledger: Ledger) => until(() => acceptBytes(ledger, document, bytes).catch(() => undefined))

/** A node whose connections all lead through here. */
async function openBehind(t: Test) {
  let next: Lost | undefined
  const pairs: [Socket, Socket][] = []
  const { address } = await listen(t, client => {
    const backend = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    pairs.push([client, backend])
    backend.on('error', () => {}).on('close', () => client.destroy())
    client.on('close', () => backend.destroy())
    backend.on('data', octets => client.write(octets))
    client.on('data', octets => {
      const lost = isCommit(octets) ? next : undefined
      if (lost !== undefined) next = undefined
      if (lost === undefined || lost === 'answer' || lost === 'connection') backend.write(octets)
      if (lost === 'transaction') backend.write(ROLLBACK)
      if (lost === 'request') silence(client, backend)
      if (lost === 'answer' || lost === 'connection')
        backend.removeAllListeners('data').once('data', () => {
          if (lost === 'connection') client.destroy()
          else silence(client, backend)
        })
    })
  })
  const { ledger } = await openNode(t, urlOf(address, await makeDatabase()))
  const loseAtCommit = (lost: Lost) => {
    next = lost
    return acceptBytes(ledger, document, bytes)
  }
  const vanish = () => {
    for (const [client, backend] of pairs) silence(client, backend)
  }
  return { ledger, loseAtCommit, vanish }
}

const ROLLBACK = query('ROLLBACK')

/** A simple query (PostgreSQL, 55.7). */
function query(text: string): Buffer {
  const octets = Buffer.from(`Q....${text}\0`, 'latin1')
  octets.writeInt32BE(octets.length - 1, 1)
  return octets
}

function isCommit(octets: Buffer): boolean {
  return octets.equals(query('COMMIT'))
}

/** What either side sends, its end too, stays where it is. */
function silence(...sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.removeAllListeners('data').removeAllListeners('close').pause()
}

async function listen(t: Test, take: (client: Socket) => void): Promise<{ address: string }> {
  const open = new Set<Socket>()
  const listener = createServer({ allowHalfOpen: true }, client => {
    open.add(client.on('error', () => {}))
    take(client)
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    listener.close()
    for (const client of open) client.destroy()
  })
  await once(listener, 'listening')
  return { address: `127.0.0.1:${(listener.address() as AddressInfo).port}` }
}

async function makeDatabase(): Promise<string> {
  return /seg\d+/.exec(await server.makeDatabase())![0]
}

function urlOf(hosts: string, database: string): string {
  return `postgres://postgres@${hosts}/${database}`
}
