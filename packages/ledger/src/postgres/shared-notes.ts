// What the nodes of one ledger share beside it: short notes by kind and id, of which the latest
// counts. No part of the log, and evidence of nothing.
import { PostgresConnections } from './connections.ts'
import type { PostgresPlace } from './postgres-place.ts'

/** `at`: milliseconds since 1970. */
export type SharedNote = { readonly kind: string; readonly id: string; readonly at: number; readonly text: string }

export type SharedNotes = {
  /**
   * Keeps ours, each where it is later than what is kept, and returns all of one kind, the latest
   * first. Throws the Fault `storage-unavailable`.
   */
  exchange(kind: string, ours: readonly SharedNote[]): Promise<SharedNote[]>
  close(): Promise<void>
}

/** Milliseconds for an answer. */
const PATIENCE = 5000
/** Notes that are read of one kind. */
const MOST = 1000

const KEEP = `INSERT INTO notes AS n (kind, id, at, note)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
  ON CONFLICT (kind, id) DO UPDATE SET at = excluded.at, note = excluded.note WHERE n.at < excluded.at`
const READ = `SELECT kind, id, at, note FROM notes WHERE kind = $1 ORDER BY at DESC LIMIT ${MOST}`

export function openPostgresNotes(place: PostgresPlace): SharedNotes {
  const connections = new PostgresConnections(place, { purpose: 'notes', patience: PATIENCE }, 1)
  return {
    async exchange(kind, ours) {
      if (ours.length > 0)
        await connections.rows('keep notes for other nodes', KEEP, [
          ours.map(note => note.kind),
          ours.map(note => note.id),
          ours.map(note => note.at),
          ours.map(note => note.text),
        ])
      const rows = await connections.rows('read the notes of other nodes', READ, [kind])
      return rows.map(({ id, at, note }) => ({ kind, id: String(id), at: Number(at), text: String(note) }))
    },
    close: () => connections.close(),
  }
}
