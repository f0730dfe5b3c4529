// What the nodes of one ledger exchange, in a real database: alerts that were sent, what operators
// said of them, and which partners read the log.
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { openSharedNotes } from '../../packages/ledger/src/index.ts'
import { openNode } from '../../packages/ledger/src/testing/ledger-nodes.ts'
import { MISSING, PostgresServer } from '../../packages/ledger/src/testing/postgres-server.ts'
import { acknowledgeAlert, muteRule, readAlerts, unmuteRule } from '../../packages/operators/src/alerts/alert-acts.ts'
import { openAlertStore } from '../../packages/operators/src/alerts/alert-store.ts'
import { ruleOf } from '../../packages/operators/src/alerts/rules.ts'
import { watchAlerts } from '../../packages/operators/src/alerts/watch-alerts.ts'
import { MetricStore } from '../../packages/operators/src/metrics/metric-store.ts'
import { openWitnesses } from '../../packages/receiver/src/measures/witnesses.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}
const MINUTE = 60_000

/** The folders of two nodes. */
async function openFolders(t: Test): Promise<readonly [string, string]> {
  const url = await server.makeDatabase()
  const nodes = [await openNode(t, url), await openNode(t, url)] as const
  return [nodes[0].folder, nodes[1].folder]
}

/** One that evaluates alerts; `sent` is what its only channel got. */
async function openWatch(t: Test, folder: string, sent: string[]) {
  const metrics = new MetricStore()
  const notes = openSharedNotes(folder)!
  const store = await openAlertStore(folder)
  const send = async ({ alerts }: { alerts: readonly { rule: string; state: string }[] }) =>
    void sent.push(...alerts.map(({ rule, state }) => `${rule} ${state}`))
  const complaints: string[] = []
  const watch = watchAlerts({
    ...{ folder, gateway: 'M2', node: folder, metrics, notes },
    channels: [{ name: 'syslog', send }],
    complain: line => void complaints.push(line),
  })
  t.teardown(async () => {
    watch.close()
    store.close()
    await notes.close()
  })
  return {
    store,
    complaints,
    evaluate: (at: number, leads: boolean) => watch.evaluate(new Date(at), leads),
    set: (value: number) => metrics.replace(['seg_log_consistent'], [{ name: 'seg_log_consistent', value }]),
  }
}

t.test('the next node that sends alerts goes on from what the former one has sent', async t => {
  const sent: string[] = []
  const [one, two] = await openFolders(t)
  const [former, next] = [await openWatch(t, one, sent), await openWatch(t, two, sent)]
  const now = Date.now()
  for (const node of [former, next]) node.set(0)
  await former.evaluate(now, true)
  await next.evaluate(now, false)
  t.same(sent, ['SegLogInconsistent firing'])
  // It ends while the former one is gone.
  next.set(1)
  await next.evaluate(now + MINUTE, true)
  t.same(sent.slice(1), ['SegLogInconsistent resolved'], 'the end is sent by another node than the beginning')
  former.set(1)
  await former.evaluate(now + 2 * MINUTE, false)
  t.match(readAlerts(former.store, new Date(now)).alerts, [{ state: 'resolved' }], 'and shown by each')
  await next.evaluate(now + 2 * MINUTE, true)
  await former.evaluate(now + 3 * MINUTE, true)
  t.equal(sent.length, 2, 'nothing is sent twice')
  t.same([...former.complaints, ...next.complaints], [])
})

t.test('what operators say on one node of an alert about the ledger holds for all', async t => {
  const sent: string[] = []
  const [one, two] = await openFolders(t)
  const [leader, other] = [await openWatch(t, one, sent), await openWatch(t, two, sent)]
  const begin = Date.now()
  const day = 24 * 60 * MINUTE
  for (const node of [leader, other]) node.set(0)
  const pass = async (at: number) => {
    await other.evaluate(at, false)
    await leader.evaluate(at, true)
    await other.evaluate(at, false)
  }
  await pass(begin)
  const [alert] = readAlerts(other.store, new Date(begin)).alerts
  acknowledgeAlert(other.store, alert!.id, 'ann', new Date(begin))
  await pass(begin + MINUTE)
  t.match(readAlerts(leader.store, new Date(begin)).alerts, [{ acknowledgement: { by: 'ann' } }])
  await pass(begin + 25 * 60 * MINUTE)
  t.same(sent, ['SegLogInconsistent firing'], 'it is not sent again after a day')

  leader.set(1)
  await pass(begin + 2 * day)
  muteRule(other.store, ruleOf('SegLogInconsistent')!, { hours: 48, by: 'ann', why: 'work' }, new Date(begin + 2 * day))
  leader.set(0)
  await pass(begin + 2 * day + MINUTE)
  t.match(leader.store.mutes(begin + 2 * day), [{ rule: 'SegLogInconsistent', by: 'ann' }])
  unmuteRule(leader.store, 'SegLogInconsistent', new Date(begin + 2 * day + 2 * MINUTE))
  await pass(begin + 2 * day + 3 * MINUTE)
  t.same(other.store.mutes(begin + 2 * day), [], 'the end of a mute, too')
  t.same(sent.slice(1), ['SegLogInconsistent resolved', 'SegLogInconsistent firing'])
})

t.test('a partner that reads the log from one node is a witness of all', async t => {
  const folders = await openFolders(t)
  const complaints: string[] = []
  const open = (folder: string) =>
    openWitnesses(
      folder,
      () => new Date(5 * MINUTE),
      line => complaints.push(line),
      openSharedNotes(folder),
    )
  const first = await open(folders[0])
  first.note('M1', 7)
  // The close sends the rest to the others.
  await first.close()
  const second = await open(folders[1])
  const witness = { name: 'seg_witness_checkpoint_timestamp_seconds', labels: { partner: 'M1' }, value: 300 }
  t.match(
    await until(
      () => second.samples(),
      samples => samples.length > 1,
    ),
    [{ value: 300 }, witness],
  )
  t.match(second.list(), [{ partner: 'M1', size: 7 }], 'with what it has seen')
  await second.close()
  t.same(complaints, [])
})
