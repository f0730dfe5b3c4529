// Opening the ledger on PostgreSQL for writing: a server that keeps what it commits, its tables,
// and a log that is bound to one key.
import { Fault } from '@seg/core'
import { type LogKey, verifierKeyOf } from '../../log/checkpoint.ts'
import { checkBound } from '../../log/log-keys.ts'
import { connectToPrimary, type PostgresConnection } from '../connect.ts'
import { isLoginRefused, onPostgres } from '../postgres-fault.ts'
import { describePlace, type PostgresPlace } from '../postgres-place.ts'
import { postgresMigrations, SCHEMA } from '../schema.ts'
import { checkDatabaseServer } from '../server-settings.ts'
import { checkNotMoved } from './log-end.ts'
import { LOG_LOCK } from './postgres-writer.ts'
import { writerForm } from './writer-limits.ts'

/** Hours after which pieces that no document names are those of a request that failed. */
const ORPHANED = 24
const DROP_ORPHANS = `DELETE FROM pieces p WHERE at < now() - interval '${ORPHANED} hours'
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.content_id = p.content_id)`
/** Beside that of the log, which batches hold. */
const SCHEMA_LOCK = LOG_LOCK + 2

/**
 * Throws the Faults `storage-unavailable`, and `configuration` for a server that must not be
 * written to. Crash on the way: tables or none, bound or not, and the next start does the same.
 */
export async function prepareDatabase(place: PostgresPlace, key: LogKey): Promise<void> {
  const connection = await connectToPrimary(place, writerForm).catch(error => {
    throw isLoginRefused(error) ? refused(place, error as Fault) : error
  })
  try {
    await onPostgres(`open ${describePlace(place)}`, async () => {
      await prepareSchema(connection, place.standbys)
      // Several nodes may start at once.
      await connection.rows(`SELECT pg_advisory_lock(${LOG_LOCK})`)
      await checkWhole(connection)
      await bindKey(connection, verifierKeyOf(key))
      await connection.rows(`SELECT pg_advisory_unlock(${LOG_LOCK})`)
    })
    // What is not removed in time, the next start removes.
    await connection.rows(DROP_ORPHANS).catch(() => {})
  } finally {
    await connection.close()
  }
}

/**
 * A server that keeps what it commits, and the tables. Throws the Fault `configuration` for a
 * server that must not be written to, and for tables of a later version.
 */
export async function prepareSchema(connection: PostgresConnection, standbys: number): Promise<void> {
  await checkDatabaseServer(connection, standbys)
  await connection.rows(`SELECT pg_advisory_lock(${SCHEMA_LOCK})`)
  await migrateSchema(connection)
  await connection.rows(`SELECT pg_advisory_unlock(${SCHEMA_LOCK})`)
}

async function checkWhole(connection: PostgresConnection): Promise<void> {
  const [head] = await connection.rows('SELECT is_copying, has_moved FROM log_head')
  if (head !== undefined) checkNotMoved(head)
  if (head?.is_copying !== true) return
  throw new Fault(
    'configuration',
    'a ledger is being copied into this database, and not all of it is there: run `receiver migrate` again',
  )
}

async function migrateSchema(connection: PostgresConnection): Promise<void> {
  const applied = await appliedMigrations(connection)
  const unknown = applied.find(name => !Object.hasOwn(postgresMigrations, name))
  if (unknown !== undefined)
    throw new Fault(
      'configuration',
      `the ledger in the database was made by a later version of this program: it has the migration ${unknown}`,
    )
  if (applied.length === Object.keys(postgresMigrations).length) return
  const { runMigrations } = await import('../../migrations/kysely.ts')
  await runMigrations(connection.client, postgresMigrations, SCHEMA)
}

async function appliedMigrations(connection: PostgresConnection): Promise<string[]> {
  const [found] = await connection.rows(`SELECT to_regclass('${SCHEMA}.kysely_migration') IS NOT NULL AS is_there`)
  if (found?.is_there !== true) return []
  const rows = await connection.rows(`SELECT name FROM ${SCHEMA}.kysely_migration ORDER BY name`)
  return rows.map(({ name }) => String(name))
}

/** A ledger belongs to one log with one key: another key opens it no more. */
async function bindKey(connection: PostgresConnection, present: string): Promise<void> {
  await connection.rows(
    'INSERT INTO log_keys (from_size, verifier_key) SELECT 0, $1 WHERE NOT EXISTS (SELECT 1 FROM log_keys)',
    [present],
  )
  const [row] = await connection.rows('SELECT verifier_key FROM log_keys ORDER BY from_size DESC LIMIT 1')
  checkBound(String(row!.verifier_key), present)
}

function refused(place: PostgresPlace, cause: Fault): Fault {
  return new Fault(
    'configuration',
    `${describePlace(place)}: ${cause.detail}; ` +
      'expected the user and the database of --ledger, with the password in the file of --ledger-password',
    { cause },
  )
}
