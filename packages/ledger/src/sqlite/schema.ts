// The tables of the ledger, by migration. `leaf_index` is the place of an entry in the log, from 0,
// without gaps.
import type { Migrations } from '../migrations/migrations.ts'

/** Of the database in the data folder. */
export const LEDGER_FILE = 'ledger.sqlite'

export const migrations: Migrations = {
  '0001-ledger': [
    // One row an entry of the log; the columns beside the leaf repeat its values, for queries
    // by them.
    `CREATE TABLE transactions (
      leaf_index INTEGER NOT NULL PRIMARY KEY,
      at TEXT NOT NULL,
      type TEXT NOT NULL,
      sender TEXT,
      document_id TEXT,
      code TEXT,
      leaf BLOB NOT NULL
    )`,
    `CREATE TABLE documents (
      leaf_index INTEGER NOT NULL PRIMARY KEY REFERENCES transactions (leaf_index),
      sender TEXT NOT NULL,
      document_id TEXT NOT NULL,
      accepted_at TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      sha256 TEXT NOT NULL,
      reference_digest TEXT NOT NULL,
      UNIQUE (sender, document_id)
    )`,
    // The bytes of small documents, and the names of the files of the others: one row of the one or
    // the other for each document.
    'CREATE TABLE contents (leaf_index INTEGER NOT NULL PRIMARY KEY REFERENCES documents (leaf_index), ' +
      'octets BLOB NOT NULL)',
    `CREATE TABLE content_files (
      name TEXT NOT NULL PRIMARY KEY,
      leaf_index INTEGER NOT NULL UNIQUE REFERENCES documents (leaf_index)
    )`,
    'CREATE TABLE receipts (leaf_index INTEGER NOT NULL PRIMARY KEY REFERENCES documents (leaf_index), ' +
      'octets BLOB NOT NULL)',
    // Full tiles only, each written once. The root, a hash of the level above, is what a tile there
    // is read from while it is not full.
    `CREATE TABLE tiles (
      level INTEGER NOT NULL,
      tile_index INTEGER NOT NULL,
      hashes BLOB NOT NULL,
      root BLOB NOT NULL,
      PRIMARY KEY (level, tile_index)
    )`,
    'CREATE TABLE checkpoints (tree_size INTEGER NOT NULL PRIMARY KEY, note TEXT NOT NULL)',
    // The last entry that a target of the hand-off has taken.
    'CREATE TABLE cursors (name TEXT NOT NULL PRIMARY KEY, leaf_index INTEGER NOT NULL)',
  ],
  '0002-hand-off': [
    'CREATE INDEX documents_of_sender ON documents (sender, leaf_index)',
    // Documents that a target of the hand-off did not take.
    `CREATE TABLE dead_letters (
      cursor TEXT NOT NULL,
      leaf_index INTEGER NOT NULL REFERENCES documents (leaf_index),
      at TEXT NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (cursor, leaf_index)
    )`,
  ],
  '0004-log-keys': [
    // The verifier key of the checkpoints of trees larger than `from_size`; the first row binds the
    // ledger to its log.
    'CREATE TABLE log_keys (from_size INTEGER NOT NULL PRIMARY KEY, verifier_key TEXT NOT NULL)',
  ],
  '0005-evidence': [
    // What opens the leaf; NULL for a leaf of version 1, which shows its facts, and where it was
    // erased (docs/log.md).
    'ALTER TABLE transactions ADD COLUMN facts BLOB',
    'ALTER TABLE transactions ADD COLUMN nonce BLOB',
    'ALTER TABLE transactions ADD COLUMN erased_at TEXT',
    // Certificates by the SHA-256 of their DER, in hexadecimal, each once.
    'CREATE TABLE certificates (fingerprint TEXT NOT NULL PRIMARY KEY, der BLOB NOT NULL)',
    // What documents were verified with: fingerprints between commas, from the sender's certificate
    // to the CA's.
    'CREATE TABLE chains (id INTEGER NOT NULL PRIMARY KEY, fingerprints TEXT NOT NULL UNIQUE)',
    // NULL for a document that was accepted before certificates were kept.
    'ALTER TABLE documents ADD COLUMN chain INTEGER REFERENCES chains (id)',
  ],
}

/**
 * How a reader sees a database without a migration: what that makes is there, and empty. Whoever
 * only reads changes nothing, and a ledger of an earlier version is listed, exported and verified
 * before a receiver has opened it.
 */
export const emptyViews: Migrations = {
  '0002-hand-off': ['CREATE TEMP TABLE dead_letters (cursor TEXT, leaf_index INTEGER, at TEXT, reason TEXT)'],
  '0005-evidence': [
    `CREATE TEMP VIEW transactions AS SELECT leaf_index, at, type, sender, document_id, code, leaf,
      NULL AS facts, NULL AS nonce, NULL AS erased_at FROM main.transactions`,
    `CREATE TEMP VIEW documents AS SELECT leaf_index, sender, document_id, accepted_at, bytes, sha256, reference_digest,
      NULL AS chain FROM main.documents`,
    'CREATE TEMP TABLE certificates (fingerprint TEXT, der BLOB)',
    'CREATE TEMP TABLE chains (id INTEGER, fingerprints TEXT)',
  ],
}
