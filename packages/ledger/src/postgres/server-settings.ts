// What a server must be set to, so that what it commits survives: asked at the start, and again in
// each transaction, for an operator may change it meanwhile.
import { Fault } from '@seg/core'
import type { PostgresConnection, PostgresRow } from './connect.ts'

/** 14 is the oldest with support when this was written. */
const OLDEST_VERSION = 140_000

type Requirement = {
  readonly name: string
  /** SQL that gives the value. */
  readonly found: string
  readonly expected: string
  isMet(value: string, standbys: number): boolean
}

const on = (name: string): Requirement => ({
  name,
  found: `current_setting('${name}')`,
  expected: 'on',
  isMet: value => value === 'on',
})

/** Those that a reload can change. */
const lasting: readonly Requirement[] = [
  on('fsync'),
  on('full_page_writes'),
  {
    name: 'synchronous_commit',
    found: "current_setting('synchronous_commit')",
    expected: 'on or remote_apply',
    isMet: value => value === 'on' || value === 'remote_apply',
  },
  {
    name: 'synchronous_standby_names',
    found: "current_setting('synchronous_standby_names')",
    expected: 'ANY n (…) or FIRST n (…) with named standbys, n at least what standbys= of --ledger says',
    isMet: (value, standbys) => standbys === 0 || quorumOf(value) >= standbys,
  },
]

const lookedAtOnce: readonly Requirement[] = [
  {
    name: 'server_version_num',
    found: "current_setting('server_version_num')",
    expected: `${OLDEST_VERSION} or later`,
    isMet: value => Number(value) >= OLDEST_VERSION,
  },
  {
    name: 'server_encoding',
    found: "current_setting('server_encoding')",
    expected: 'UTF8',
    isMet: value => value === 'UTF8',
  },
  {
    name: 'zero_damaged_pages',
    found: "current_setting('zero_damaged_pages')",
    expected: 'off',
    isMet: value => value === 'off',
  },
  {
    name: 'default_transaction_isolation',
    found: "current_setting('default_transaction_isolation')",
    expected: 'read committed',
    isMet: value => value === 'read committed',
  },
  {
    name: 'transaction_read_only',
    found: "current_setting('transaction_read_only')",
    expected: 'off',
    isMet: value => value === 'off',
  },
]

/** Columns for a query whose row `checkLasting` gets. */
export const LASTING_COLUMNS = columnsFor(lasting)

/** Throws the Fault `configuration` for the first setting that could lose what is committed. */
export async function checkDatabaseServer(connection: PostgresConnection, standbys: number): Promise<void> {
  const all = [...lookedAtOnce, ...lasting]
  const [row] = await connection.rows(`SELECT ${columnsFor(all)}`)
  const problem = findUnmet(all, row!, standbys)
  if (problem !== undefined) throw new Fault('configuration', problem)
}

/** Throws the Fault `storage-unavailable`: nothing is acknowledged that could be lost. */
export function checkLasting(row: PostgresRow, standbys: number): void {
  const problem = findUnmet(lasting, row, standbys)
  if (problem !== undefined) throw new Fault('storage-unavailable', problem)
}

function findUnmet(requirements: readonly Requirement[], row: PostgresRow, standbys: number): string | undefined {
  const unmet = requirements.find(({ name, isMet }) => !isMet(String(row[name]), standbys))
  return (
    unmet &&
    `PostgreSQL has ${unmet.name} = '${row[unmet.name]}', expected ${unmet.expected}: what is committed could be lost`
  )
}

function columnsFor(requirements: readonly Requirement[]): string {
  return requirements.map(({ name, found }) => `${found} AS ${name}`).join(', ')
}

/**
 * How many standbys a commit waits for. `*` is no quorum: any connection could name itself a
 * standby.
 */
function quorumOf(names: string): number {
  const [, method, count, list = ''] = /^\s*(?:(ANY|FIRST)\s+)?(\d+)\s*\(([^()]*)\)\s*$/i.exec(names) ?? []
  const standbys = list.split(',').map(name => name.trim().replace(/^"|"$/g, ''))
  if (count === undefined || standbys.some(name => name === '' || name === '*')) return 0
  return method === undefined ? Math.min(Number(count), standbys.length) : Number(count)
}
