// The tables of the outbox on PostgreSQL, by migration: those of SQLite, with the processes that
// hold leases and the bytes of the documents. The database itself refuses what `advance` never
// does.
import type { Migrations } from '../../migrations/migrations.ts'

/** Beside that of a ledger, which may be in the same database. */
export const OUTBOX_SCHEMA = 'seg_outbox'

export const outboxTables: Migrations = {
  '0001-outbox': [
    // Times in milliseconds since 1970. `document` is the path of its bytes.
    `CREATE TABLE outbox (
      number bigint PRIMARY KEY,
      delivery text COLLATE "C" NOT NULL,
      receiver text COLLATE "C" NOT NULL,
      file text NOT NULL,
      document text NOT NULL,
      bytes bigint NOT NULL,
      sha256 text NOT NULL,
      document_id text COLLATE "C",
      receiver_id text,
      signature_offset bigint,
      tail_bytes bigint,
      fills_time integer,
      queued_at bigint NOT NULL,
      expires_at bigint NOT NULL,
      state text NOT NULL CHECK (state IN ('queued', 'delivered', 'refused', 'expired', 'cancelled')),
      tries integer NOT NULL,
      next_try bigint NOT NULL,
      lease text COLLATE "C",
      leases bigint NOT NULL,
      hurried integer NOT NULL,
      settled_at bigint,
      code text,
      detail text,
      reason_at bigint,
      receipt bytea,
      CHECK ((state = 'delivered') = (receipt IS NOT NULL)),
      CHECK ((state = 'queued') = (settled_at IS NULL)),
      CHECK (lease IS NULL OR state = 'queued')
    )`,
    'ALTER TABLE outbox ALTER COLUMN receipt SET STORAGE EXTERNAL',
    // However many ask for a delivery at once, one entry is under way for it.
    "CREATE UNIQUE INDEX outbox_queued ON outbox (delivery) WHERE state = 'queued'",
    "CREATE INDEX outbox_due ON outbox (receiver, next_try, number) WHERE state = 'queued'",
    'CREATE INDEX outbox_leased ON outbox (lease) WHERE lease IS NOT NULL',
    'CREATE INDEX outbox_deliveries ON outbox (delivery, number)',
    'CREATE INDEX outbox_documents ON outbox (document_id, number)',
    // Attempts that ended, by their number within the entry; `duration` in milliseconds.
    `CREATE TABLE attempts (
      entry bigint,
      number integer,
      started_at bigint NOT NULL,
      duration double precision NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('postponed', 'delivered', 'refused', 'expired')),
      code text,
      detail text,
      status integer,
      address text,
      request text,
      PRIMARY KEY (entry, number)
    )`,
    // Processes that lease: one that did not renew its row in time is taken to have ended.
    'CREATE TABLE holders (id text COLLATE "C" PRIMARY KEY, until timestamptz NOT NULL) WITH (fillfactor = 50)',
    // A document is whole with its row here.
    'CREATE TABLE documents (path text COLLATE "C" PRIMARY KEY, bytes bigint NOT NULL)',
    `CREATE TABLE pieces (
      path text COLLATE "C",
      n integer,
      octets bytea NOT NULL,
      PRIMARY KEY (path, n)
    ) WITH (toast_tuple_target = 8160)`,
    'ALTER TABLE pieces ALTER COLUMN octets SET STORAGE EXTERNAL',
    // What is known of the receivers' logs.
    `CREATE TABLE seen_checkpoints (
      log text COLLATE "C" PRIMARY KEY,
      tree_size bigint NOT NULL,
      root bytea NOT NULL,
      note text NOT NULL,
      ended integer NOT NULL DEFAULT 0
    )`,
    `CREATE TABLE checkpoints (
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      log text COLLATE "C" NOT NULL,
      tree_size bigint NOT NULL,
      root bytea NOT NULL,
      note text NOT NULL,
      seen_at bigint NOT NULL,
      UNIQUE (log, tree_size, root)
    )`,
    'CREATE INDEX checkpoints_of_log ON checkpoints (log, number)',
    `CREATE TABLE log_doubts (
      log text COLLATE "C" PRIMARY KEY,
      since bigint NOT NULL,
      looks integer NOT NULL,
      refusals integer NOT NULL,
      reason text NOT NULL
    )`,
    'CREATE TABLE log_versions (name text COLLATE "C" PRIMARY KEY, last_shown bigint, first_blinded bigint)',
  ],
}
