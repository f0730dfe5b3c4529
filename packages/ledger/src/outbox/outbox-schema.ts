// The tables of the outbox, by migration. The database itself refuses what `advance` never does.
import type { Migrations } from '../migrations/migrations.ts'

/** Of the database in the sender's data folder. */
export const OUTBOX_FILE = 'outbox.sqlite'

export const outboxMigrations: Migrations = {
  '0001-outbox': [
    // Times in milliseconds since 1970. `document` is the name of a file.
    `CREATE TABLE outbox (
      number INTEGER NOT NULL PRIMARY KEY,
      delivery TEXT NOT NULL,
      receiver TEXT NOT NULL,
      file TEXT NOT NULL,
      document TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      sha256 TEXT NOT NULL,
      document_id TEXT,
      receiver_id TEXT,
      signature_offset INTEGER,
      tail_bytes INTEGER,
      fills_time INTEGER,
      queued_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('queued', 'delivered', 'refused', 'expired', 'cancelled')),
      tries INTEGER NOT NULL,
      next_try INTEGER NOT NULL,
      lease TEXT,
      settled_at INTEGER,
      code TEXT,
      detail TEXT,
      reason_at INTEGER,
      receipt BLOB,
      CHECK ((state = 'delivered') = (receipt IS NOT NULL)),
      CHECK ((state = 'queued') = (settled_at IS NULL)),
      CHECK (lease IS NULL OR state = 'queued')
    )`,
    // However many ask for a delivery at once, one entry is under way for it.
    "CREATE UNIQUE INDEX outbox_queued ON outbox (delivery) WHERE state = 'queued'",
    "CREATE INDEX outbox_due ON outbox (receiver, next_try, number) WHERE state = 'queued'",
    'CREATE INDEX outbox_leases ON outbox (lease) WHERE lease IS NOT NULL',
    'CREATE INDEX outbox_deliveries ON outbox (delivery, number)',
    'CREATE INDEX outbox_documents ON outbox (document_id, number)',
    // The last checkpoint of each log that was proven to continue the one before.
    `CREATE TABLE seen_checkpoints (
      log TEXT NOT NULL PRIMARY KEY,
      tree_size INTEGER NOT NULL,
      root BLOB NOT NULL,
      note TEXT NOT NULL
    )`,
  ],
  '0002-hurried': ['ALTER TABLE outbox ADD COLUMN hurried INTEGER NOT NULL DEFAULT 0'],
  '0003-log-memory': [
    // Every checkpoint that came with a receipt, each tree once.
    `CREATE TABLE checkpoints (
      number INTEGER NOT NULL PRIMARY KEY,
      log TEXT NOT NULL,
      tree_size INTEGER NOT NULL,
      root BLOB NOT NULL,
      note TEXT NOT NULL,
      seen_at INTEGER NOT NULL,
      UNIQUE (log, tree_size, root)
    )`,
    'CREATE INDEX checkpoints_of_log ON checkpoints (log, number)',
    `INSERT INTO checkpoints (log, tree_size, root, note, seen_at)
      SELECT log, tree_size, root, note, 0 FROM seen_checkpoints`,
    'ALTER TABLE seen_checkpoints ADD COLUMN ended INTEGER NOT NULL DEFAULT 0',
    // Logs that were not shown when a proof was due.
    `CREATE TABLE log_doubts (
      log TEXT NOT NULL PRIMARY KEY,
      since INTEGER NOT NULL,
      looks INTEGER NOT NULL,
      refusals INTEGER NOT NULL,
      reason TEXT NOT NULL
    )`,
  ],
  '0004-log-versions': [
    // Where the versions of the entries changed, as far as our receipts show, by the log's name.
    `CREATE TABLE log_versions (
      name TEXT NOT NULL PRIMARY KEY,
      last_shown INTEGER,
      first_blinded INTEGER
    )`,
  ],
  '0005-lease-numbers': [
    // How often an entry was leased: what is written under an earlier lease is refused.
    'ALTER TABLE outbox ADD COLUMN leases INTEGER NOT NULL DEFAULT 0',
  ],
  '0006-attempts': [
    // Attempts that ended, by their number within the entry; `duration` in milliseconds. Those from
    // before have none.
    `CREATE TABLE attempts (
      entry INTEGER NOT NULL,
      number INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      duration REAL NOT NULL,
      outcome TEXT NOT NULL CHECK (outcome IN ('postponed', 'delivered', 'refused', 'expired')),
      code TEXT,
      detail TEXT,
      status INTEGER,
      address TEXT,
      request TEXT,
      PRIMARY KEY (entry, number)
    ) WITHOUT ROWID`,
  ],
}
