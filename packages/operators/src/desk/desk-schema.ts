// The tables of the desk, by migration.
import type { Migrations } from '@seg/ledger'

/** Of the database beside the ledger. */
export const DESK_FILE = 'desk.sqlite'

/** Filters of which one value may have very many rows. */
const byKind = ['partner', 'document', 'sha256', 'code', 'certificate', 'address']

const SUMS_OF_HOURS = `SELECT minute / 60 AS hour, kind, outcome, partner, SUM(events) AS events, SUM(bytes) AS bytes
  FROM minutes GROUP BY 1, 2, 3, 4`
const SUMS_OF_DAYS = `SELECT hour / 24 AS day, kind, outcome, partner, SUM(events) AS events, SUM(bytes) AS bytes
  FROM hours GROUP BY 1, 2, 3, 4`

/**
 * Columns that are one of few texts hold the id of a term. SQLite puts the primary key behind the
 * columns of an index, so the rows of a filter come in the order of time without sorting. Lists are
 * of one kind: an index that did not begin with it would have rows of all other kinds between.
 */
export const deskMigrations: Migrations = {
  '0001-desk': [
    'CREATE TABLE terms (id INTEGER NOT NULL PRIMARY KEY, text TEXT NOT NULL UNIQUE)',
    // `position`: milliseconds since 1970, times 4096, and a number within the millisecond.
    // `is_recorded` is 0 for a row that only the ledger or the outbox reported.
    `CREATE TABLE facts (
      position INTEGER NOT NULL PRIMARY KEY,
      kind INTEGER NOT NULL,
      outcome INTEGER NOT NULL,
      is_recorded INTEGER NOT NULL,
      leaf_index INTEGER,
      entry INTEGER,
      partner INTEGER,
      document TEXT,
      bytes INTEGER,
      sha256 BLOB,
      code INTEGER,
      detail TEXT,
      certificate BLOB,
      tls_version INTEGER,
      cipher INTEGER,
      tls_group INTEGER,
      canonicalization INTEGER,
      digest_algorithm INTEGER,
      signature_algorithm INTEGER,
      canonical_bytes INTEGER,
      receive_us INTEGER,
      verify_us INTEGER,
      decide_us INTEGER,
      commit_us INTEGER,
      total_us INTEGER,
      request BLOB,
      address TEXT,
      target INTEGER,
      tries INTEGER,
      count INTEGER
    )`,
    'CREATE UNIQUE INDEX facts_leaf_index ON facts (leaf_index) WHERE leaf_index IS NOT NULL',
    'CREATE UNIQUE INDEX facts_entry ON facts (entry) WHERE entry IS NOT NULL',
    'CREATE INDEX facts_kind ON facts (kind)',
    'CREATE INDEX facts_outcome ON facts (outcome)',
    ...['partner', 'document', 'sha256', 'code', 'certificate', 'request', 'address'].map(
      column => `CREATE INDEX facts_${column} ON facts (${column}) WHERE ${column} IS NOT NULL`,
    ),
    // Rows by minute since 1970; `partner` is 0 where none is known.
    `CREATE TABLE minutes (
      minute INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      outcome INTEGER NOT NULL,
      partner INTEGER NOT NULL,
      events INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (minute, kind, outcome, partner)
    ) WITHOUT ROWID`,
    // Facts as they came, in JSON, until there is time to enter them.
    'CREATE TABLE spool (number INTEGER NOT NULL PRIMARY KEY, facts TEXT NOT NULL)',
    // How far the ledger and the outbox were read: the next index, the last number.
    'CREATE TABLE cursors (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
  ],
  '0002-values': [
    // What expressions have found in accepted documents; `name` is a term.
    `CREATE TABLE indexed (
      name INTEGER NOT NULL,
      value TEXT NOT NULL,
      position INTEGER NOT NULL,
      PRIMARY KEY (name, value, position)
    ) WITHOUT ROWID`,
    'CREATE INDEX indexed_position ON indexed (position)',
    // What could not be evaluated, and why; the name '' is that of all values of a document.
    `CREATE TABLE not_indexed (
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (position, name)
    ) WITHOUT ROWID`,
    `CREATE TRIGGER facts_deleted AFTER DELETE ON facts WHEN OLD.leaf_index IS NOT NULL BEGIN
      DELETE FROM indexed WHERE position = OLD.position;
      DELETE FROM not_indexed WHERE position = OLD.position;
    END`,
  ],
  '0003-indexes-by-kind': [
    ...['kind', 'outcome', ...byKind].map(column => `DROP INDEX facts_${column}`),
    'CREATE INDEX facts_kind_outcome ON facts (kind, outcome)',
    ...byKind.map(
      column =>
        // Rows of nobody are looked for, too.
        `CREATE INDEX facts_${column} ON facts (kind, outcome, ${column})` +
        (column === 'partner' ? '' : ` WHERE ${column} IS NOT NULL`),
    ),
    'CREATE INDEX facts_partner_code ON facts (kind, outcome, partner, code) WHERE code IS NOT NULL',
    'CREATE INDEX facts_open ON facts (outcome, entry) WHERE entry IS NOT NULL',
  ],
  '0004-hours': [
    // As `minutes`, so that sums of months read thousands of rows and not millions.
    `CREATE TABLE hours (
      hour INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      outcome INTEGER NOT NULL,
      partner INTEGER NOT NULL,
      events INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (hour, kind, outcome, partner)
    ) WITHOUT ROWID`,
    `INSERT INTO hours ${SUMS_OF_HOURS}`,
    'CREATE INDEX hours_partner ON hours (partner, hour)',
  ],
  '0005-days': [
    // As `hours`; of the days of UTC.
    `CREATE TABLE days (
      day INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      outcome INTEGER NOT NULL,
      partner INTEGER NOT NULL,
      events INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (day, kind, outcome, partner)
    ) WITHOUT ROWID`,
    `INSERT INTO days ${SUMS_OF_DAYS}`,
    'CREATE INDEX days_partner ON days (partner, day)',
  ],
}

/** How a reader sees a desk that no gateway of this version has opened. */
export const deskViews: Migrations = {
  '0002-values': [
    'CREATE TEMP TABLE indexed (name INTEGER, value TEXT, position INTEGER)',
    'CREATE TEMP TABLE not_indexed (position INTEGER, name TEXT, reason TEXT)',
  ],
  '0004-hours': [`CREATE TEMP VIEW hours AS ${SUMS_OF_HOURS}`],
  '0005-days': [`CREATE TEMP VIEW days AS ${SUMS_OF_DAYS}`],
}
