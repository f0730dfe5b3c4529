// Brings a database's schema up to date, in one transaction.
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import type { Migrations } from '../migrations/migrations.ts'

/**
 * Crash on the way: the schema is the old one, and the next start makes it new. Several processes
 * may do it at once. Throws the Fault `configuration` for a schema of a later version.
 */
export async function migrate(database: DatabaseSync, migrations: Migrations): Promise<void> {
  if (missingMigrations(database, migrations).length === 0) return
  // Most starts have nothing to migrate and need not load what does it.
  const { runMigrations, sqliteDialect } = await import('../migrations/kysely.ts')
  await runMigrations(sqliteDialect(database), migrations)
}

/**
 * Throws the Fault `configuration` when the database was made by a later version of this program.
 */
function checkSchema(database: DatabaseSync, migrations: Migrations): void {
  const unknown = appliedMigrations(database).filter(name => !Object.hasOwn(migrations, name))
  if (unknown.length === 0) return
  throw new Fault(
    'configuration',
    `${database.location()} was made by a later version of this program: it has the migration ${unknown[0]}`,
  )
}

/** Those that the database does not have yet. Throws as `checkSchema` does. */
export function missingMigrations(database: DatabaseSync, migrations: Migrations): string[] {
  checkSchema(database, migrations)
  const applied = new Set(appliedMigrations(database))
  return Object.keys(migrations).filter(name => !applied.has(name))
}

function appliedMigrations(database: DatabaseSync): string[] {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'kysely_migration'").get()
  if (known === undefined) return []
  return database
    .prepare('SELECT name FROM kysely_migration ORDER BY name')
    .all()
    .map(row => String(row.name))
}
