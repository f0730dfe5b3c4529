// Brings the tables of a schema up to date, under a lock that the caller holds.
import { Fault } from '@seg/core'
import type { Migrations } from '../migrations/migrations.ts'
import type { PostgresConnection } from './connect.ts'

/**
 * Crash on the way: the tables are the old ones. `of`: what they are the tables of. Throws the
 * Fault `configuration` for tables of a later version.
 */
export async function migrateSchema(
  connection: PostgresConnection,
  migrations: Migrations,
  { schema, of }: { readonly schema: string; readonly of: string },
): Promise<void> {
  const applied = await appliedMigrations(connection, schema)
  const unknown = applied.find(name => !Object.hasOwn(migrations, name))
  if (unknown !== undefined)
    throw new Fault(
      'configuration',
      `the ${of} in the database was made by a later version of this program: it has the migration ${unknown}`,
    )
  if (applied.length === Object.keys(migrations).length) return
  const { runMigrations } = await import('../migrations/kysely.ts')
  await runMigrations(connection.client, migrations, schema)
}

async function appliedMigrations(connection: PostgresConnection, schema: string): Promise<string[]> {
  const [found] = await connection.rows(`SELECT to_regclass('${schema}.kysely_migration') IS NOT NULL AS is_there`)
  if (found?.is_there !== true) return []
  const rows = await connection.rows(`SELECT name FROM ${schema}.kysely_migration ORDER BY name`)
  return rows.map(({ name }) => String(name))
}
