// The tables of the alerts, by migration.
import type { Migrations } from '@seg/ledger'

/** Of the database in the data folder. */
export const ALERTS_FILE = 'alerts.sqlite'

export const alertMigrations: Migrations = {
  '0001-alerts': [
    // Times in milliseconds since 1970. Written by the gateway alone.
    `CREATE TABLE alerts (
      id TEXT NOT NULL PRIMARY KEY,
      alert TEXT NOT NULL
    ) WITHOUT ROWID`,
    'CREATE TABLE channels (name TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID',
    // Written by commands, read by the gateway. `since`: of the alert that is meant, not of a later
    // one.
    `CREATE TABLE acknowledgements (
      id TEXT NOT NULL PRIMARY KEY,
      since INTEGER NOT NULL,
      by TEXT NOT NULL,
      at INTEGER NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE mutes (
      rule TEXT NOT NULL PRIMARY KEY,
      until INTEGER NOT NULL,
      by TEXT NOT NULL,
      why TEXT NOT NULL
    ) WITHOUT ROWID`,
  ],
  '0002-mutes-of-nodes': [
    // When it was said: of several nodes the latest counts, also of an end (`until` is then 0).
    'ALTER TABLE mutes ADD COLUMN at INTEGER NOT NULL DEFAULT 0',
  ],
}
