// A primary dies, its standby is promoted, and the former primary comes back: nothing that was
// acknowledged is lost, and no node writes to the server that is out of date.
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { type Acknowledged, checkAll, load, openNode } from '../testing/ledger-nodes.ts'
import { MISSING, PostgresServer } from '../testing/postgres-server.ts'

const first = (await PostgresServer.start(t))!
if (first === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}
const at = '2026-01-02T03:04:05.678Z'

t.test('with the standby goes on all that was acknowledged, and without the former primary', async t => {
  // Its standbys have it too, for they are copies.
  first.configure("synchronous_standby_names = 'ANY 1 (standby)'")
  const second = (await PostgresServer.start(t, first))!
  await first.set()
  await untilReplicated(first)
  await first.ask('postgres', 'CREATE DATABASE seg')
  const hosts = [first, second].map(({ port }) => `127.0.0.1:${port}`).join(',')
  const url = `postgres://postgres@${hosts}/seg?standbys=1`
  const nodes = [await openNode(t, url), await openNode(t, url)] as const
  const acknowledged: Acknowledged = new Map()
  const stop = new AbortController()
  const loads = Promise.all(nodes.map((node, i) => load(node, `node${i}`, acknowledged, stop.signal)))
  await until(() => acknowledged.size > 50)

  await first.stop('SIGQUIT')
  await second.ask('postgres', 'SELECT pg_promote()')
  const third = (await PostgresServer.start(t, second))!
  await untilReplicated(second)
  const before = acknowledged.size
  await until(() => acknowledged.size > before + 50)

  // It takes writes, as if nothing had happened: its standby is another server now.
  first.configure("synchronous_standby_names = ''")
  await first.run()
  await second.ask('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'seg'")
  const between = acknowledged.size
  await until(() => acknowledged.size > between + 20)
  stop.abort()
  t.ok(Math.max(...(await loads)) < 60_000, 'no request waited for long')
  await checkAll(t, nodes[0], acknowledged)
  const [{ size }] = (await first.ask('seg', 'SELECT size FROM seg.log_head')) as [{ size: string }]
  t.ok(Number(size) < between, `nothing was written there: ${size} entries`)

  await second.stop('SIGQUIT')
  await first.set("synchronous_standby_names = 'ANY 1 (standby)'")
  const refused = { code: 'storage-unavailable', detail: /timeline 1, one of 2 was promoted after it/ }
  for (const { ledger } of nodes) {
    await ledger.record({ type: 'stop', at }).catch(() => {})
    await t.rejects(ledger.record({ type: 'stop', at }), refused)
  }
  await third.stop()
})

async function untilReplicated(primary: PostgresServer): Promise<void> {
  await until(
    async () =>
      (await primary.ask('postgres', "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")).length > 0,
  )
}
