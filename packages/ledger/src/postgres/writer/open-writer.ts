// Opening the ledger on PostgreSQL for writing: a server that keeps what it commits, its tables,
// and a log that is bound to one key.
import { Fault } from '@seg/core'
import { type LogKey, verifierKeyOf } from '../../log/checkpoint.ts'
import { checkBound } from '../../log/log-keys.ts'
import { connectToPrimary, type PostgresConnection } from '../connect.ts'
import { migrateSchema } from '../migrate-schema.ts'
import { isLoginRefused, loginRefused, onPostgres } from '../postgres-fault.ts'
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
    throw isLoginRefused(error) ? loginRefused(describePlace(place), 'ledger', error as Fault) : error
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
  await migrateSchema(connection, postgresMigrations, { schema: SCHEMA, of: 'ledger' })
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

/** A ledger belongs to one log with one key: another key opens it no more. */
async function bindKey(connection: PostgresConnection, present: string): Promise<void> {
  await connection.rows(
    'INSERT INTO log_keys (from_size, verifier_key) SELECT 0, $1 WHERE NOT EXISTS (SELECT 1 FROM log_keys)',
    [present],
  )
  const [row] = await connection.rows('SELECT verifier_key FROM log_keys ORDER BY from_size DESC LIMIT 1')
  checkBound(String(row!.verifier_key), present)
}
