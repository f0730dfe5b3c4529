// The tables of the ledger on PostgreSQL, by migration: those of SQLite, with the head of the log
// in a row that each batch changes. `leaf_index` is the place of an entry in the log, from 0,
// without gaps. No foreign keys: they cost the server up to half as much again, and `log verify`
// checks what they would hold.
import { EMPTY_ROOT } from '../log/merkle.ts'
import type { Migrations } from '../migrations/migrations.ts'

export const SCHEMA = 'seg'

/** Octets as they are, in rows of up to a page: they do not compress. */
function octetsTable(name: string, columns: string, key: string): string[] {
  return [
    `CREATE TABLE ${name} (${columns}, octets bytea NOT NULL, PRIMARY KEY (${key})) WITH (toast_tuple_target = 8160)`,
    `ALTER TABLE ${name} ALTER COLUMN octets SET STORAGE EXTERNAL`,
  ]
}

export const postgresMigrations: Migrations = {
  '0001-ledger': [
    // The end of the log, which a batch moves from what it found to what it made, or not at all.
    // `latest`: the latest time since the last start.
    `CREATE TABLE log_head (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      size bigint NOT NULL,
      root bytea NOT NULL,
      latest text
    ) WITH (fillfactor = 10)`,
    `INSERT INTO log_head (size, root) VALUES (0, '\\x${EMPTY_ROOT.toString('hex')}')`,
    `CREATE TABLE transactions (
      leaf_index bigint PRIMARY KEY,
      at text NOT NULL,
      type text NOT NULL,
      sender text,
      document_id text,
      code text,
      leaf bytea NOT NULL,
      facts bytea,
      nonce bytea,
      erased_at text
    )`,
    'CREATE TABLE chains (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, fingerprints text NOT NULL UNIQUE)',
    'CREATE TABLE certificates (fingerprint text PRIMARY KEY, der bytea NOT NULL)',
    // `content_id` names the pieces of a document too large for a row.
    `CREATE TABLE documents (
      leaf_index bigint PRIMARY KEY,
      sender text COLLATE "C" NOT NULL,
      document_id text COLLATE "C" NOT NULL,
      accepted_at text COLLATE "C" NOT NULL,
      bytes bigint NOT NULL,
      sha256 text NOT NULL,
      reference_digest text NOT NULL,
      chain integer NOT NULL,
      content_id uuid UNIQUE,
      UNIQUE (sender, document_id)
    )`,
    'CREATE INDEX documents_of_sender ON documents (sender, leaf_index)',
    ...octetsTable('contents', 'leaf_index bigint', 'leaf_index'),
    ...octetsTable('receipts', 'leaf_index bigint', 'leaf_index'),
    ...octetsTable('pieces', 'content_id uuid, n integer, at timestamptz NOT NULL DEFAULT now()', 'content_id, n'),
    `CREATE TABLE tiles (
      level integer,
      tile_index bigint,
      hashes bytea NOT NULL,
      root bytea NOT NULL,
      PRIMARY KEY (level, tile_index)
    )`,
    'CREATE TABLE checkpoints (tree_size bigint PRIMARY KEY, note text NOT NULL)',
    'CREATE TABLE log_keys (from_size bigint PRIMARY KEY, verifier_key text NOT NULL)',
    'CREATE TABLE cursors (name text PRIMARY KEY, leaf_index bigint NOT NULL) WITH (fillfactor = 50)',
    `CREATE TABLE dead_letters (
      cursor text COLLATE "C",
      leaf_index bigint,
      at text NOT NULL,
      reason text NOT NULL,
      PRIMARY KEY (cursor, leaf_index)
    )`,
  ],
  '0002-migration': [
    // While a ledger is being copied into the database no receiver starts with it.
    'ALTER TABLE log_head ADD COLUMN is_copying boolean NOT NULL DEFAULT false',
    // NULL for a document that was accepted before certificates were kept.
    'ALTER TABLE documents ALTER COLUMN chain DROP NOT NULL',
  ],
  '0003-leases': [
    // Who did a task last; `number` grows with each, and an act under an earlier one is refused.
    `CREATE TABLE leases (
      task text PRIMARY KEY,
      number bigint NOT NULL,
      node text NOT NULL,
      since timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 50)`,
  ],
  '0004-notes': [
    // What nodes share beside the ledger; `at` in milliseconds since 1970.
    'CREATE TABLE notes (kind text, id text, at bigint NOT NULL, note text NOT NULL, PRIMARY KEY (kind, id))',
  ],
  '0005-moved': [
    // The ledger was copied elsewhere, and is continued there.
    'ALTER TABLE log_head ADD COLUMN has_moved boolean NOT NULL DEFAULT false',
  ],
  '0006-moved-to': [
    // The id of the one copy that may be finished then.
    'ALTER TABLE log_head ADD COLUMN moved_to text',
  ],
}
