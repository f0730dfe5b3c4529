// The table of decisions, by migration.
import type { Migrations } from '@seg/ledger'

/** Of the database in the data folder. */
export const LETTERS_FILE = 'dead-letters.sqlite'

export const letterMigrations: Migrations = {
  '0001-decisions': [
    // The letters themselves stay in the ledger. Times in milliseconds since 1970.
    `CREATE TABLE decisions (
      leaf_index INTEGER NOT NULL,
      target TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('open', 'retrying', 'taken', 'discarded')),
      by TEXT NOT NULL,
      why TEXT NOT NULL,
      at INTEGER NOT NULL,
      tries INTEGER NOT NULL,
      tried_at INTEGER,
      reason TEXT,
      PRIMARY KEY (leaf_index, target)
    ) WITHOUT ROWID`,
    "CREATE INDEX decisions_retrying ON decisions (target, at, leaf_index) WHERE state = 'retrying'",
    "CREATE INDEX decisions_over ON decisions (target) WHERE state IN ('taken', 'discarded')",
  ],
}
