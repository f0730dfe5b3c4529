// The tables of who may log in, by migration.
import type { Migrations } from '@seg/ledger'

/** Of the database in the data folder. */
export const ACCESS_FILE = 'access.sqlite'

/**
 * Secrets stand as their SHA-256: each has 256 random bits, so that nobody finds one by trying.
 * Times are milliseconds since 1970.
 */
export const accessMigrations: Migrations = {
  '0001-access': [
    `CREATE TABLE keys (
      id TEXT NOT NULL PRIMARY KEY,
      hash BLOB NOT NULL UNIQUE,
      name TEXT NOT NULL,
      role TEXT NOT NULL,
      made_by TEXT NOT NULL,
      made_at INTEGER NOT NULL,
      ends_at INTEGER NOT NULL,
      used_at INTEGER,
      revoked_at INTEGER
    )`,
    `CREATE TABLE links (
      hash BLOB NOT NULL PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      actor TEXT NOT NULL,
      role TEXT NOT NULL,
      ends_at INTEGER NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE sessions (
      hash BLOB NOT NULL PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      actor TEXT NOT NULL,
      role TEXT NOT NULL,
      method TEXT NOT NULL,
      credential TEXT NOT NULL,
      address TEXT NOT NULL,
      made_at INTEGER NOT NULL,
      seen_at INTEGER NOT NULL,
      revoked_at INTEGER
    ) WITHOUT ROWID`,
    // Where the listener of this data folder can be reached, for links.
    'CREATE TABLE listener (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), url TEXT NOT NULL)',
  ],
  // Who approved a key was given its text.
  '0002-approved-keys': ['ALTER TABLE keys ADD COLUMN approved_by TEXT'],
  // Of a key that a key made: who is behind that one, as a JSON array; its row may be gone.
  '0003-persons-behind-keys': ['ALTER TABLE keys ADD COLUMN behind TEXT'],
  // Of the persons behind a key, as a JSON array, those whose rights came from seg.yaml; and why it
  // does not count for the time being.
  '0004-suspended-keys': [
    'ALTER TABLE keys ADD COLUMN recorded TEXT',
    'ALTER TABLE keys ADD COLUMN suspended_why TEXT',
  ],
}
