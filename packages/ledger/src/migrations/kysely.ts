// Kysely's migrator over the ledger on PostgreSQL; nothing else of Kysely is used.
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migrations } from './migrations.ts'

/** What is needed of a client of pg. */
type PostgresClient = { query(text: string, values: readonly unknown[]): Promise<unknown> }
type PostgresPool = Extract<ConstructorParameters<typeof PostgresDialect>[0]['pool'], object>

/**
 * Runs those that the database does not have yet, all in one transaction of this connection, which
 * the caller closes.
 */
export async function runMigrations(client: PostgresClient, migrations: Migrations, schema: string): Promise<void> {
  const connection = { query: client.query.bind(client), release: () => {} }
  const pool = { connect: async () => connection, end: async () => {}, options: {} }
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: pool as unknown as PostgresPool }) })
  const provider = { getMigrations: async () => asMigrations(migrations) }
  const { error } = await new Migrator({ db, provider, migrationTableSchema: schema }).migrateToLatest()
  if (error !== undefined) throw error
}

function asMigrations(migrations: Migrations) {
  const run = (statements: readonly string[]) => async (db: Kysely<unknown>) => {
    for (const statement of statements) await db.executeQuery(CompiledQuery.raw(statement))
  }
  return Object.fromEntries(Object.entries(migrations).map(([name, statements]) => [name, { up: run(statements) }]))
}
