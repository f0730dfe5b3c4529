// Three servers of PostgreSQL: a primary that waits for one of two standbys, and what operators do
// with them.
import { until } from '@seg/core/testing/until'
import { PostgresServer } from '../../packages/ledger/src/testing/postgres-server.ts'

const DATABASE = 'seg'
const names = ['a', 'b', 'c'] as const
type Name = (typeof names)[number]
type Ending = { teardown(end: () => unknown): unknown }

export class Cluster {
  readonly #scope: Ending
  readonly #servers: Map<Name, PostgresServer>
  #primary: Name = 'a'

  private constructor(scope: Ending, servers: Map<Name, PostgresServer>) {
    this.#scope = scope
    this.#servers = servers
  }

  /** Undefined where PostgreSQL is not installed. */
  static async start(scope: Ending): Promise<Cluster | undefined> {
    const first = await PostgresServer.start(scope as never)
    if (first === undefined) return undefined
    first.configure(`synchronous_standby_names = 'ANY 1 (${names.join(', ')})'`, "cluster_name = 'a'")
    // For copies, and for a former primary that comes back.
    first.configure('wal_keep_size = 64', 'max_wal_senders = 10', 'max_connections = 120')
    const cluster = new Cluster(scope, new Map([['a', first]]))
    await first.stop()
    for (const name of ['b', 'c'] as const) {
      // The first start of the primary waits for nobody.
      if (name === 'b') await first.run()
      await cluster.#copy(name)
    }
    await cluster.untilReplicated(2)
    await first.ask('postgres', `CREATE DATABASE ${DATABASE}`)
    return cluster
  }

  get url(): string {
    const hosts = names.map(name => `127.0.0.1:${this.server(name).port}`).join(',')
    return `postgres://postgres@${hosts}/${DATABASE}?standbys=1`
  }

  get primary(): PostgresServer {
    return this.server(this.#primary)
  }

  get standbys(): readonly Name[] {
    return names.filter(name => name !== this.#primary)
  }

  get primaryName(): Name {
    return this.#primary
  }

  server(name: Name): PostgresServer {
    return this.#servers.get(name)!
  }

  ask(text: string) {
    return this.primary.ask(DATABASE, text)
  }

  async untilReplicated(count = 1): Promise<void> {
    const streaming = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"
    await until(async () => (await this.primary.ask('postgres', streaming)).length >= count)
  }

  /**
   * Of those standbys the one that has received most: with a quorum it has all that was committed.
   */
  async furthest(): Promise<Name> {
    const found = await Promise.all(
      this.standbys.map(async name => {
        const text = "SELECT pg_last_wal_receive_lsn() - '0/0'::pg_lsn AS at"
        return { name, at: Number((await this.server(name).ask('postgres', text))[0]!.at) }
      }),
    )
    return found.sort((one, other) => other.at - one.at)[0]!.name
  }

  /** The former primary and the other standby are rebuilt as standbys of it by `rebuild`. */
  async promote(name: Name): Promise<void> {
    await this.server(name).ask('postgres', 'SELECT pg_promote()')
    this.#primary = name
  }

  /** Whatever a server has is replaced by a copy of the primary. */
  async rebuild(name: Name): Promise<void> {
    const former = this.server(name)
    await former.stop('SIGQUIT')
    await this.#copy(name)
    await former.remove()
  }

  async #copy(name: Name): Promise<void> {
    const port = this.#servers.get(name)?.port
    const server = await PostgresServer.start(this.#scope as never, this.primary, { name, ...(port && { port }) })
    this.#servers.set(name, server!)
  }
}
