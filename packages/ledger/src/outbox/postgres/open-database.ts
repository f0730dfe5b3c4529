// Opening the outbox on PostgreSQL: a server that keeps what it commits, and its tables.
import type { Fault } from '@seg/core'
import { connectToPrimary } from '../../postgres/connect.ts'
import { migrateSchema } from '../../postgres/migrate-schema.ts'
import { isLoginRefused, loginRefused, onPostgres } from '../../postgres/postgres-fault.ts'
import { describePlace, type PostgresPlace } from '../../postgres/postgres-place.ts'
import { checkDatabaseServer } from '../../postgres/server-settings.ts'
import { CLOCK_COLUMN, checkClock } from '../../postgres/writer/node-clock.ts'
import { OUTBOX_SCHEMA, outboxTables } from './outbox-tables.ts'
import { outboxForm } from './outbox-transactions.ts'

/** Of who makes or changes the tables. */
const SCHEMA_LOCK = 0x5e610d

/**
 * Throws the Faults `storage-unavailable`, `clock-behind` (lifetimes go by the clock of each
 * sender), and `configuration` for a server that must not be written to, and for tables of a later
 * version. Crash on the way: tables or none, and the next opening does the same.
 */
export async function prepareOutbox(place: PostgresPlace): Promise<void> {
  const connection = await connectToPrimary(place, outboxForm).catch(error => {
    throw isLoginRefused(error) ? loginRefused(describePlace(place), 'outbox', error as Fault) : error
  })
  try {
    await onPostgres(`open ${describePlace(place)}`, async () => {
      await checkDatabaseServer(connection, place.standbys)
      const [row] = await connection.rows(`SELECT ${CLOCK_COLUMN}`)
      checkClock(Date.now(), Number(row!.clock))
      await connection.rows(`SELECT pg_advisory_lock(${SCHEMA_LOCK})`)
      await migrateSchema(connection, outboxTables, { schema: OUTBOX_SCHEMA, of: 'outbox' })
    })
  } finally {
    await connection.close()
  }
}
