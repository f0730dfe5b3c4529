// What goes wrong with the nodes and servers of one ledger: one row a kind. Each ends with all
// nodes and servers there again.
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import type { LoadNode } from './load.ts'

export type World = {
  readonly cluster: Cluster
  readonly nodes: readonly LoadNode[]
  /** Of all nodes. */
  readonly acknowledged: () => number
  /** An integer below `limit`, by the seed. */
  readonly choose: (limit: number) => number
}

type Fault = (world: World) => Promise<void>

/** Who has the lock of the log. */
const LOCK = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = ${0x5e6106}
  AND database = (SELECT oid FROM pg_database WHERE datname = 'seg')`
const OURS = "FROM pg_stat_activity WHERE datname = 'seg' AND pid <> pg_backend_pid()"
const one = <Item>({ choose }: World, items: readonly Item[]): Item => items[choose(items.length)]!

export const faults = {
  async 'a node is killed'(world) {
    const node = one(world, world.nodes)
    await node.kill()
    await pause(world.choose(1500))
    node.start()
  },
  async 'a node is stopped with the lock for 7 s'(world) {
    const node = one(world, world.nodes)
    // Until it has the lock for longer than a batch takes.
    for (let tries = 0; tries < 200; tries++) {
      node.signal('SIGSTOP')
      const [first] = await world.cluster.ask(LOCK)
      await pause(150)
      const [again] = await world.cluster.ask(LOCK)
      if (first !== undefined && first.pid === again?.pid) break
      node.signal('SIGCONT')
      await pause(10 + world.choose(20))
    }
    await pause(7000)
    node.signal('SIGCONT')
  },
  async 'the primary is killed, the better standby promoted'(world) {
    const { cluster } = world
    const former = cluster.primaryName
    await cluster.primary.stop('SIGQUIT')
    await cluster.promote(await cluster.furthest())
    for (const name of cluster.standbys) await cluster.rebuild(name)
    if (former === cluster.primaryName) throw new Error('nothing was promoted')
  },
  async 'the wrong standby is promoted, then the right one'(world) {
    const { cluster } = world
    const [lagging, right] = world.choose(2) === 0 ? cluster.standbys : cluster.standbys.toReversed()
    await cluster.server(lagging!).stop()
    const before = world.acknowledged()
    while (world.acknowledged() < before + 20) await pause(20)
    await Promise.all([cluster.primary.stop('SIGQUIT'), cluster.server(right!).stop('SIGQUIT')])
    await pause(500)
    const acknowledged = world.acknowledged()
    await cluster.server(lagging!).run()
    await cluster.server(lagging!).set("synchronous_standby_names = ''")
    await cluster.server(lagging!).ask('postgres', 'SELECT pg_promote()')
    await pause(4000)
    const forked = world.acknowledged() - acknowledged
    if (forked > 0) throw new Error(`${forked} documents were acknowledged by a server that lagged`)
    await cluster.server(lagging!).stop('SIGQUIT')
    await cluster.server(right!).run()
    await cluster.promote(right!)
    for (const name of cluster.standbys) await cluster.rebuild(name)
  },
  async 'connections are cut while their commit is under way'({ cluster, choose }) {
    for (let cuts = 0, tries = 0; cuts < 10 && tries < 300; tries++) {
      const rows = await cluster.ask(
        `SELECT pg_terminate_backend(pid) ${OURS} AND (wait_event = 'SyncRep' OR
        (state = 'active' AND query = 'COMMIT'))`,
      )
      cuts += rows.length
      await pause(choose(15))
    }
  },
  async 'all standbys are away for 7 s'({ cluster }) {
    const standbys = cluster.standbys.map(name => cluster.server(name))
    await Promise.all(standbys.map(server => server.stop()))
    await pause(7000)
    await Promise.all(standbys.map(server => server.run()))
  },
  async 'waits for standbys are cancelled'({ cluster, choose }) {
    const standbys = cluster.standbys.map(name => cluster.server(name))
    await Promise.all(standbys.map(server => server.stop()))
    for (let round = 0; round < 10; round++) {
      await cluster.ask(`SELECT pg_cancel_backend(pid) ${OURS} AND wait_event = 'SyncRep'`)
      await pause(100 + choose(200))
    }
    await Promise.all(standbys.map(server => server.run()))
  },
  async 'statements are cancelled'({ cluster, choose }) {
    for (let round = 0; round < 20; round++) {
      await cluster.ask(`SELECT pg_cancel_backend(pid) ${OURS}`)
      await pause(choose(60))
    }
  },
  async 'connections are ended'({ cluster, choose }) {
    for (let round = 0; round < 4; round++) {
      await cluster.ask(`SELECT pg_terminate_backend(pid) ${OURS}`)
      await pause(choose(300))
    }
  },
  async 'the primary is started again, without its standbys at first'({ cluster }) {
    const standbys = cluster.standbys.map(name => cluster.server(name))
    await Promise.all(standbys.map(server => server.stop()))
    await cluster.primary.stop('SIGQUIT')
    await cluster.primary.run()
    await pause(2000)
    await Promise.all(standbys.map(server => server.run()))
  },
  async 'the primary is replaced, and comes back as it was'(world) {
    const { cluster } = world
    const stale = cluster.primary
    const staleName = cluster.primaryName
    await stale.stop('SIGQUIT')
    await cluster.promote(await cluster.furthest())
    await cluster.rebuild(cluster.standbys.find(name => name !== staleName)!)
    stale.configure("synchronous_standby_names = ''")
    await stale.run()
    const sizeOf = async () => Number((await stale.ask('seg', 'SELECT size FROM seg.log_head'))[0]!.size)
    const size = await sizeOf()
    for (let round = 0; round < 4; round++) {
      await cluster.ask(`SELECT pg_terminate_backend(pid) ${OURS}`)
      await pause(700)
    }
    if ((await sizeOf()) !== size) throw new Error('a server that was replaced was written to')
    await cluster.rebuild(staleName)
  },
} as const satisfies Record<string, Fault>
