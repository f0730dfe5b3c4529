// Brings a database's schema up to date, in one transaction. Kysely's migrator does that on
// PostgreSQL; here it would take longer to load than all else that a process opens a database for,
// in each thread that has one.
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import type { Migrations } from '../migrations/migrations.ts'

/** As Kysely makes it, which made it in earlier versions. */
const TABLE =
  'CREATE TABLE IF NOT EXISTS kysely_migration ' +
  '(name varchar(255) NOT NULL PRIMARY KEY, timestamp varchar(255) NOT NULL)'

/**
 * Crash on the way: the schema is the old one, and the next start makes it new. Several processes
 * may do it at once. Throws the Fault `configuration` for a schema of a later version.
 */
export function migrate(database: DatabaseSync, migrations: Migrations): void {
  if (missingMigrations(database, migrations).length === 0) return
  // The right to write comes before the look at what is missing: of several processes one migrates.
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(TABLE)
    const remember = database.prepare('INSERT INTO kysely_migration VALUES (?, ?)')
    for (const name of missingMigrations(database, migrations)) {
      for (const statement of migrations[name]!) database.exec(statement)
      remember.run(name, new Date().toISOString())
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/**
 * Those that the database does not have yet. Throws the Fault `configuration` when a later version
 * of this program made the database, or one migration in the middle is missing.
 */
export function missingMigrations(database: DatabaseSync, migrations: Migrations): string[] {
  const names = Object.keys(migrations)
  const applied = appliedMigrations(database)
  const unknown = applied.find(name => !Object.hasOwn(migrations, name))
  if (unknown !== undefined) throw unusable(database, `was made by a later version of this program: it has`, unknown)
  const missing = names.filter(name => !applied.includes(name))
  if (applied.some(name => name > missing[0]!))
    throw unusable(database, 'is damaged: it has later ones, but not', missing[0]!)
  return missing
}

function unusable(database: DatabaseSync, why: string, name: string): Fault {
  return new Fault('configuration', `${database.location()} ${why} the migration ${name}`)
}

function appliedMigrations(database: DatabaseSync): string[] {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'kysely_migration'").get()
  if (known === undefined) return []
  return database
    .prepare('SELECT name FROM kysely_migration ORDER BY name')
    .all()
    .map(row => String(row.name))
}
