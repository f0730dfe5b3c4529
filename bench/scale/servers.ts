// A primary of PostgreSQL on a real disk and the standbys that its commits wait for, on ways that
// may be long.
import { until } from '@seg/core/testing/until'
import { MISSING, PostgresServer } from '../../packages/ledger/src/testing/postgres-server.ts'
import { openDelayedWay } from './delayed-way.ts'

/** On a disk (hier(7)), and open to the user that servers run as, which `data/` may not be. */
const HOME = '/var/tmp'

export type Servers = {
  readonly primary: PostgresServer
  readonly standbys: readonly PostgresServer[]
  /** Address of a new database on them, as `--ledger` takes it. */
  makeLedger(): Promise<string>
}

/** `delay`: milliseconds from one server to another. */
export async function openServers(
  undo: AsyncDisposableStack,
  { standbys: count, delay }: { readonly standbys: number; readonly delay: number },
): Promise<Servers> {
  const scope = { teardown: (end: () => unknown) => undo.defer(async () => void (await end())) }
  const primary = await PostgresServer.start(scope as never, undefined, { home: HOME })
  if (primary === undefined) throw new Error(MISSING)
  const names = Array.from({ length: count }, (_, i) => `standby${i + 1}`)
  const standbys: PostgresServer[] = []
  for (const name of names) {
    const standby = (await PostgresServer.start(scope as never, primary, { home: HOME, name }))!
    standbys.push(standby)
    if (delay === 0) continue
    const port = await openDelayedWay(undo, primary, delay)
    await standby.ask('postgres', `ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres'`)
    await standby.set()
  }
  if (count > 0) {
    await primary.set(`synchronous_standby_names = 'ANY 1 (${names.join(', ')})'`)
    const quorum = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'quorum'"
    await until(async () => (await primary.ask('postgres', quorum)).length === count)
  }
  const makeLedger = async () => `${await primary.makeDatabase()}&standbys=${Math.min(count, 1)}`
  return { primary, standbys, makeLedger }
}
