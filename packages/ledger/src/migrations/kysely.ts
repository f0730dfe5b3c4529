// Kysely's migrator over the databases of the ledger; nothing else of Kysely is used.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  PostgresDialect,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
} from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migrations } from './migrations.ts'

/** Runs those that the database does not have yet, all in one transaction. */
export async function runMigrations(dialect: Dialect, migrations: Migrations, schema?: string): Promise<void> {
  const db = new Kysely<unknown>({ dialect })
  const provider = { getMigrations: async () => asMigrations(migrations) }
  const migrator = new Migrator({ db, provider, ...(schema && { migrationTableSchema: schema }) })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

/** One connection, which the caller closes. */
export function postgresDialect(client: PostgresClient): Dialect {
  const connection = { query: client.query.bind(client), release: () => {} }
  const pool = { connect: async () => connection, end: async () => {}, options: {} }
  return new PostgresDialect({ pool: pool as unknown as PostgresPool })
}

export function sqliteDialect(database: DatabaseSync): Dialect {
  return new NodeSqliteDialect(database)
}

/** What is needed of a client of pg. */
type PostgresClient = { query(text: string, values: readonly unknown[]): Promise<unknown> }
type PostgresPool = Extract<ConstructorParameters<typeof PostgresDialect>[0]['pool'], object>

function asMigrations(migrations: Migrations) {
  const run = (statements: readonly string[]) => async (db: Kysely<unknown>) => {
    for (const statement of statements) await db.executeQuery(CompiledQuery.raw(statement))
  }
  return Object.fromEntries(Object.entries(migrations).map(([name, statements]) => [name, { up: run(statements) }]))
}

class NodeSqliteDialect extends SqliteDialect {
  readonly #config: ConstructorParameters<typeof SqliteDriver>[0]

  constructor(database: DatabaseSync) {
    const config = { database: { prepare: (sql: string) => adaptStatement(database, sql), close: () => {} } }
    super(config)
    this.#config = config
  }

  override createDriver() {
    return new ImmediateDriver(this.#config)
  }

  override createAdapter() {
    return new TransactionalAdapter()
  }
}

/**
 * Takes the right to write before it reads what has been migrated: of several processes that
 * start at once, one migrates.
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'))
  }
}

/** SQLite can undo a half-made schema; Kysely's own adapter does not make use of it. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true
  }
}

function adaptStatement(database: DatabaseSync, sql: string) {
  const statement = database.prepare(sql)
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters: readonly unknown[]) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...(parameters as SQLInputValue[])),
  }
}
