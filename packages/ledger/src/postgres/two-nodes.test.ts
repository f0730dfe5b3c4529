// Two nodes on one database, and whatever happens to their connections and their server: one log
// without a gap, nothing acknowledged lost, an answer in bounded time.
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '@seg/core'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { openLedger } from '../stores.ts'
import { type Acknowledged, checkAll, load, openNode } from '../testing/ledger-nodes.ts'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'
import { makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { acceptBytes, nextLogKey } from '../testing/test-log.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}

const module = new URL('../testing/entry-sealer.ts', import.meta.url).href
const at = '2026-01-02T03:04:05.678Z'

await server.prepare(async url => (await openNode(t, url)).ledger)

async function openTwo(t: Test) {
  const url = await server.makeDatabase()
  const nodes = [await openNode(t, url), await openNode(t, url)] as const
  return { url, nodes, database: /\/(seg\d+)\?/.exec(url)![1]! }
}

/** `fault` while both nodes take documents. */
async function under(t: Test, fault: (database: string) => Promise<unknown>) {
  const { nodes, database } = await openTwo(t)
  const acknowledged: Acknowledged = new Map()
  const stop = new AbortController()
  const loads = nodes.flatMap((node, i) => [0, 1].map(n => load(node, `${i}${n}`, acknowledged, stop.signal)))
  const failed = Promise.all(loads).catch((error: Error) => error)
  await until(() => acknowledged.size > 10)
  await fault(database)
  const before = acknowledged.size
  await until(() => acknowledged.size >= before + 20)
  stop.abort()
  const longest = await failed
  t.ok(Array.isArray(longest) && Math.max(...longest) < 60_000, `no request waits for long: ${longest}`)
  await checkAll(t, nodes[0], acknowledged)
  for (const { ledger } of nodes) await ledger.close()
}

t.test('two nodes make one log', async t => {
  await under(t, async () => {})
})

t.test('of two documents under one id that come to two nodes at once, one wins', async t => {
  const { nodes } = await openTwo(t)
  for (let i = 0; i < 10; i++) {
    const outcomes = await Promise.allSettled(
      nodes.map(({ ledger }, n) => {
        const { document, bytes } = makeSample(`doc${i}`, { salt: `node ${n}` })
        return acceptBytes(ledger, document, bytes)
      }),
    )
    const refused = outcomes.filter(outcome => outcome.status === 'rejected').map(({ reason }) => reason.code)
    t.same(refused, ['document-id-conflict'])
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    const { bytes } = makeSample(`doc${i}`, { salt: `node ${winner}` })
    for (const { ledger } of nodes) t.ok((await readBytes(ledger, sender, `doc${i}`))?.equals(bytes))
  }
  t.equal(await nodes[0].ledger.log.size(), 20, 'each conflict is an entry')
})

t.test('copies that come to two nodes at once get one receipt', async t => {
  const { nodes } = await openTwo(t)
  const { document, bytes } = makeSample('doc1', { size: 300_000 })
  const answers = await Promise.all([...nodes, ...nodes].map(({ ledger }) => acceptBytes(ledger, document, bytes)))
  t.equal(answers.filter(({ replay }) => !replay).length, 1)
  t.equal(new Set(answers.map(({ receipt }) => receipt.toString())).size, 1)
})

t.test('connections that the server ends lose nothing', async t => {
  await under(t, async database => {
    for (let round = 0; round < 3; round++) {
      await server.ask(
        'postgres',
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
      )
      await pause(120)
    }
  })
})

t.test('statements that somebody cancels lose nothing', async t => {
  await under(t, async database => {
    for (let round = 0; round < 8; round++) {
      await server.ask('postgres', `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`)
      await pause(30)
    }
  })
})

t.test('a server that crashes and starts again has all that was acknowledged', async t => {
  await under(t, async () => {
    await server.stop('SIGQUIT')
    await server.run()
  })
})

t.test('one node does what only one may do, and the other when that has gone', async t => {
  const { nodes, database } = await openTwo(t)
  const ask = () => Promise.all(nodes.map(({ ledger }) => ledger.lease('hand-off').catch(() => undefined)))
  const first = await ask()
  t.equal(first.filter(lease => lease !== undefined).length, 1)
  t.same(await ask(), first)
  await server.ask(
    'postgres',
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' +
      `WHERE datname = '${database}' AND application_name = 'seg tasks'`,
  )
  const leading = await until(ask, found => found.some(lease => lease !== undefined))
  t.equal(leading.filter(lease => lease !== undefined).length, 1, 'also when its connection was ended')
  const [one, two] = nodes
  const leader = (await one.ledger.lease('hand-off')) === undefined ? two : one
  await leader.ledger.close()
  const { ledger } = leader === one ? two : one
  t.match(
    await until(
      () => ledger.lease('hand-off'),
      lease => lease !== undefined,
    ),
    { number: Number },
  )
})

t.test('what a node writes under a lease that another one has taken over is refused, and nothing else', async t => {
  const { nodes, database } = await openTwo(t)
  const [one, two] = nodes
  const { document, bytes } = makeSample('doc1')
  await acceptBytes(one.ledger, document, bytes)
  const former = (await one.ledger.lease('hand-off'))!
  await one.ledger.moveCursor('inbox A', 0, former)
  const other = await one.ledger.lease('alerts')
  t.match(other, { task: 'alerts', number: 1 }, 'each task has its own')
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'seg tasks'`
  await server.ask('postgres', `${end} AND datname = '${database}'`)
  const next = await until(
    () => two.ledger.lease('hand-off'),
    lease => lease !== undefined,
  )
  t.same(next, { task: 'hand-off', number: former.number + 1 })
  const refused = { code: 'storage-unavailable', detail: /another node does the hand-off now/ }
  const entered = { type: 'stop', at } as const
  await Promise.all([
    t.rejects(one.ledger.moveCursor('inbox A', 7, former), refused),
    t.rejects(one.ledger.giveUp('webhook A', 0, at, 'no', former), refused),
    t.resolves(one.ledger.record(entered)),
    t.resolves(one.ledger.moveCursor('readiness', 1)),
    t.resolves(two.ledger.moveCursor('inbox A', 3, next)),
  ])
  t.same([await two.ledger.cursor('inbox A'), await two.ledger.cursor('webhook A')], [3, -1])
})

t.test('a commit that waits for a standby is answered in time, and found once that is back', async t => {
  const { nodes } = await openTwo(t)
  const [{ ledger }, other] = nodes
  const { document, bytes } = makeSample('doc1')
  await server.set("synchronous_standby_names = 'ANY 1 (elsewhere)'")
  const began = performance.now()
  const refused = { code: 'storage-unavailable', detail: /has not committed|lock/ }
  await Promise.all(nodes.map(node => t.rejects(acceptBytes(node.ledger, document, bytes), refused)))
  t.ok(performance.now() - began < 60_000, 'in bounded time')
  t.equal(await other.ledger.find(sender, 'doc1'), undefined, 'nobody sees what has no standby')
  await server.set("synchronous_standby_names = ''")
  const answer = await until(() => acceptBytes(ledger, document, bytes).catch(() => undefined))
  t.match(answer, { index: 0, replay: true }, 'and continues by itself')
})

t.test('a wait for standbys that somebody cancels is no commit', async t => {
  const { nodes, database } = await openTwo(t)
  const { document, bytes } = makeSample('doc1')
  await server.set("synchronous_standby_names = 'ANY 1 (elsewhere)'")
  const answer = acceptBytes(nodes[0].ledger, document, bytes).catch((error: Fault) => error.detail)
  const waiting = `FROM pg_stat_activity WHERE datname = '${database}' AND wait_event = 'SyncRep'`
  await until(async () => (await server.ask('postgres', `SELECT pg_cancel_backend(pid) ${waiting}`)).length > 0)
  t.match(await answer, /the commit did not wait for its standbys/)
  await server.set("synchronous_standby_names = ''")
  t.match(await acceptBytes(nodes[1].ledger, document, bytes), { index: 0, replay: true })
})

t.test('entries of a commit that is in doubt are not entered a second time', async t => {
  const { nodes, database } = await openTwo(t)
  const [{ ledger }] = nodes
  await server.set("synchronous_standby_names = 'ANY 1 (elsewhere)'")
  const answers = Promise.allSettled([ledger.record({ type: 'stop', at }), ledger.record({ type: 'stop', at })])
  const waiting = `FROM pg_stat_activity WHERE datname = '${database}' AND wait_event = 'SyncRep'`
  await until(async () => (await server.ask('postgres', `SELECT pg_cancel_backend(pid) ${waiting}`)).length > 0)
  t.match(await answers, [{ reason: { code: 'storage-unavailable' } }, { reason: { code: 'storage-unavailable' } }])
  await server.set("synchronous_standby_names = ''")
  t.equal(await nodes[1].ledger.record({ type: 'stop', at }), 2, 'both are there, once')
})

t.test('a log that is shorter than the one that was acknowledged is not continued', async t => {
  const { url, nodes, database } = await openTwo(t)
  const [{ ledger, folder }] = nodes
  for (const id of ['doc1', 'doc2']) {
    const { document, bytes } = makeSample(id)
    await acceptBytes(ledger, document, bytes)
  }
  await ledger.close()
  await nodes[1].ledger.close()
  // As a standby would be that had not got the last commit.
  await server.ask(
    database,
    `SET search_path = seg; DELETE FROM transactions; DELETE FROM documents; DELETE FROM contents; DELETE FROM receipts;
    DELETE FROM checkpoints; UPDATE log_head SET size = 0, root = sha256(''), latest = NULL`,
  )
  const again = await openNode(t, url, folder)
  await t.rejects(again.ledger.record({ type: 'stop', at }), {
    code: 'storage-unavailable',
    detail: /a log of 0 entries, it had 2/,
  })
  t.equal(await again.ledger.log.size(), 0, 'nothing was written')
})

t.test('another key opens the ledger no more', async t => {
  const { url, nodes } = await openTwo(t)
  for (const { ledger } of nodes) await ledger.close()
  const options = {
    log: nextLogKey,
    sealer: { module, data: undefined },
    address: { ledger: url, password: undefined },
  }
  await t.rejects(openLedger(await makeFolder(t), options), {
    code: 'configuration',
    detail: /signed with the key whose hash/,
  })
})
