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
  /** What follows where it is not met. */
  readonly harm?: string
  isMet(value: string, standbys: number): boolean
}

const be = (name: string, expected: string): Requirement => ({
  name,
  found: `current_setting('${name}')`,
  expected,
  isMet: value => value === expected,
})

/** Who may make a function there that is called instead of one of PostgreSQL. */
const CREATORS = `(SELECT
  COALESCE(string_agg(CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END, ', '), '')
  FROM pg_namespace, aclexplode(nspacl) WHERE nspname = current_setting('search_path') AND privilege_type = 'CREATE'
  AND grantee <> nspowner AND grantee <> (SELECT oid FROM pg_roles WHERE rolname = current_user))`

/** Those that a reload can change. */
const lasting: readonly Requirement[] = [
  be('fsync', 'on'),
  be('full_page_writes', 'on'),
  {
    name: 'synchronous_commit',
    found: "current_setting('synchronous_commit')",
    expected: 'on or remote_apply',
    isMet: value => value === 'on' || value === 'remote_apply',
  },
  {
    name: 'synchronous_standby_names',
    found: "current_setting('synchronous_standby_names')",
    expected: 'ANY n (…) or FIRST n (…) with named standbys, n at least what standbys= of its address says',
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
  be('server_encoding', 'UTF8'),
  be('data_checksums', 'on'),
  be('ignore_checksum_failure', 'off'),
  be('zero_damaged_pages', 'off'),
  be('default_transaction_isolation', 'read committed'),
  be('transaction_read_only', 'off'),
  {
    name: 'schema_creators',
    found: CREATORS,
    expected: 'nobody but its owner who may create in the schema (REVOKE CREATE ON SCHEMA seg, or seg_outbox, FROM …)',
    harm: 'others could replace functions that are called here',
    isMet: value => value === '',
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
    `PostgreSQL has ${unmet.name} = '${row[unmet.name]}', expected ${unmet.expected}: ` +
      (unmet.harm ?? 'what is committed could be lost')
  )
}

function columnsFor(requirements: readonly Requirement[]): string {
  return requirements.map(({ name, found }) => `${found} AS ${name}`).join(', ')
}

/**
 * How many standbys a commit waits for; names alone are FIRST 1 (PostgreSQL, 20.6.2), as Patroni
 * writes one. `*` is no quorum: any connection could name itself a standby.
 */
function quorumOf(names: string): number {
  const [, method, count, listed] = /^\s*(?:(ANY|FIRST)\s+)?(\d+)\s*\(([^()]*)\)\s*$/i.exec(names) ?? []
  const list = listed ?? (/[()]/.test(names) ? '' : names)
  const standbys = list.split(',').map(name => name.trim().replace(/^"|"$/g, ''))
  if (standbys.some(name => name === '' || name === '*')) return 0
  if (count === undefined) return 1
  return method === undefined ? Math.min(Number(count), standbys.length) : Number(count)
}
