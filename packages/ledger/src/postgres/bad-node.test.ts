// A node that is stopped while it has the lock, or whose clock is wrong, holds up nobody else, and
// does no harm to the one log.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { checkAll, openNode } from '../testing/ledger-nodes.ts'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'
import { makeFolder, makeSample } from '../testing/sample-documents.ts'
import { acceptBytes } from '../testing/test-log.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}

const MINUTE = 60_000
const at = new Date().toISOString()
const wrongClock = new URL('../testing/wrong-clock-sealer.ts', import.meta.url).href
const slowKey = new URL('../testing/lingering-sealer.ts', import.meta.url).href
const slowNode = join(import.meta.dirname, '../testing/accept-slowly.ts')

/** Meanwhile: it takes as long as the tests before its own. */
const withSlowestKey = (async () => {
  const node = await openNode(t, await server.makeDatabase(), undefined, { module: slowKey, data: 4500 })
  const { document, bytes } = makeSample('doc1')
  const answers: unknown[] = []
  for (let code = ''; code !== 'accepted'; answers.push(code)) {
    const answer = acceptBytes(node.ledger, document, bytes)
    code = await answer.then(
      () => 'accepted',
      fault => fault.code,
    )
  }
  return { node, answers }
})()

/** The same of a node that asks for one task alone, though its session has both. */
const withoutAsking = (async () => {
  const url = await server.makeDatabase()
  const [one, other] = [await openNode(t, url), await openNode(t, url)]
  const former = await one.ledger.lease('hand-off')
  const alerts = await one.ledger.lease('alerts')
  const ask = async () => {
    const kept = await one.ledger.lease('alerts')
    if (kept?.number !== alerts?.number) throw new Error('the task that is asked for is lost, too')
    return other.ledger.lease('hand-off')
  }
  return { former, next: await until(ask, lease => lease !== undefined), again: await one.ledger.lease('hand-off') }
})()

t.test('the others go on when a node is stopped with the lock, and it does when it wakes', async t => {
  const url = await server.makeDatabase()
  const other = await openNode(t, url)
  const node = spawn(process.execPath, [slowNode, await makeFolder(t), url, 'doc1'], { stdio: ['ignore', 'pipe', 2] })
  t.teardown(() => node.kill('SIGKILL'))
  const ended = once(node, 'exit')
  const lines = createInterface(node.stdout!)[Symbol.asyncIterator]()
  const next = async () => (await lines.next()).value
  t.equal(await next(), 'sealing')
  node.kill('SIGSTOP')
  const [, database = ''] = /\/(seg\d+)\?/.exec(url) ?? []
  const locks = await server.ask(
    database,
    `SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE locktype = 'advisory' AND granted AND datname = '${database}'`,
  )
  t.equal(locks.length, 1, 'it has the lock')

  const { document, bytes } = makeSample('doc2')
  const acknowledged = new Map([['doc2', await acceptBytes(other.ledger, document, bytes)]])
  t.match(acknowledged.get('doc2'), { index: 0, replay: false }, 'nothing of the other is there')

  node.kill('SIGCONT')
  t.same([await next(), await next()], ['storage-unavailable', 'accepted'])
  await ended
  const { document: one, bytes: octets } = makeSample('doc1')
  const again = await acceptBytes(other.ledger, one, octets)
  t.match(again, { index: 1, replay: true })
  await checkAll(t, other, acknowledged.set('doc1', again))
})

t.test(
  'the task of a node that is stopped goes to another one, and what it writes when it wakes is refused',
  async t => {
    const url = await server.makeDatabase()
    const other = await openNode(t, url)
    const script = join(import.meta.dirname, '../testing/hold-lease.ts')
    const node = spawn(process.execPath, [script, await makeFolder(t), url], { stdio: ['ignore', 'pipe', 2] })
    t.teardown(() => node.kill('SIGKILL'))
    const lines = createInterface(node.stdout!)[Symbol.asyncIterator]()
    const number = Number((await lines.next()).value)
    node.kill('SIGSTOP')
    const lease = (await until(() => other.ledger.lease('hand-off')))!
    t.ok(lease.number > number, `${lease.number} after ${number}`)
    await other.ledger.moveCursor('inbox A', 3, lease)
    node.kill('SIGCONT')
    t.match(await lines.next(), { value: /another node does the hand-off now/ })
    t.equal(await other.ledger.cursor('inbox A'), 3)
  },
)

t.test('a task that a node does not ask for any more goes to another one', async t => {
  const { former, next, again } = await withoutAsking
  t.match([former, next, again], [{ number: 1 }, { number: 2 }, undefined])
})

t.test('a key that takes longer than a session may be silent gets the time after it has shown that', async t => {
  const { node, answers } = await withSlowestKey
  t.same(answers, ['storage-unavailable', 'accepted'])
  const { document, bytes } = makeSample('doc1')
  const again = await acceptBytes(node.ledger, document, bytes)
  t.match(again, { index: 0, replay: true })
  await checkAll(t, node, new Map([['doc1', again]]))
  t.equal(await node.ledger.log.size(), 1, 'nothing is there twice')
})

t.test('a key that takes half a second for each receipt gets batches that the server waits for', async t => {
  const { ledger } = await openNode(t, await server.makeDatabase(), undefined, { module: slowKey, data: 450 })
  const accept = (id: string) => {
    const { document, bytes } = makeSample(id)
    return acceptBytes(ledger, document, bytes)
  }
  await accept('first')
  const ids = Array.from({ length: 10 }, (_, i) => `doc${i}`)
  const accepted = await Promise.all(ids.map(accept))
  t.equal(accepted.filter(({ replay }) => !replay).length, ids.length)
})

t.test('a node whose clock is more than half an hour from that of the database enters nothing', async t => {
  const url = await server.makeDatabase()
  const right = await openNode(t, url)
  for (const [ahead, behind] of [
    [2 * 60 * MINUTE, 'the database'],
    [-2 * 60 * MINUTE, 'this machine'],
  ] as const) {
    const wrong = await openNode(t, url, undefined, { module: wrongClock, data: ahead })
    const time = new Date(Date.now() + ahead).toISOString()
    const refused = { code: 'clock-behind', detail: new RegExp(`the clock of ${behind} is behind`) }
    for (const event of [
      { type: 'start', at: time, version: '0.1.0' },
      { type: 'stop', at: time },
    ] as const)
      await t.rejects(wrong.ledger.record(event), refused)
    await right.ledger.record({ type: 'stop', at })
  }
  await checkAll(t, right, new Map())
  t.equal(await right.ledger.log.size(), 2)
})

t.test('nodes whose clocks are ten minutes apart have one log that verifies', async t => {
  const url = await server.makeDatabase()
  const nodes = [
    [await openNode(t, url), 0],
    [await openNode(t, url, undefined, { module: wrongClock, data: 10 * MINUTE }), 10 * MINUTE],
  ] as const
  for (let i = 0; i < 3; i++)
    for (const [{ ledger }, ahead] of nodes) {
      const time = new Date(Date.now() + ahead).toISOString()
      await ledger.record(i === 0 ? { type: 'start', at: time, version: '0.1.0' } : { type: 'stop', at: time })
    }
  await checkAll(t, nodes[0][0], new Map())
  t.equal(await nodes[1][0].ledger.log.size(), 6)
})
