// The tables of the audit trail, by migration.
import type { Migrations } from '@seg/ledger'

/** Of the database in the data folder. */
export const AUDIT_FILE = 'audit.sqlite'

export const auditMigrations: Migrations = {
  '0001-audit': [
    // `record`: the canonical JSON, which its digest is of. `leaf_index`: its entry of the log,
    // once it has one.
    `CREATE TABLE records (
      number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      digest TEXT NOT NULL UNIQUE,
      record TEXT NOT NULL,
      leaf_index INTEGER
    )`,
    'CREATE INDEX records_not_entered ON records (number) WHERE leaf_index IS NULL',
    // What the log calls an actor: partners read the log, and learn no name.
    'CREATE TABLE pseudonyms (actor TEXT NOT NULL PRIMARY KEY, pseudonym TEXT NOT NULL UNIQUE)',
    // The last record that a sink has taken.
    'CREATE TABLE forwarded (sink TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL)',
  ],
}
