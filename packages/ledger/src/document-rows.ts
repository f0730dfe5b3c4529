// Accepted documents and dead letters from the rows of any store, which name their columns alike.
import type { AcceptedDocument, DeadLetter } from './ledger.ts'

type Row = Readonly<Record<string, unknown>>

export function readDeadLetter(row: Row): DeadLetter {
  return { cursor: String(row.cursor), document: readDocument(row), at: String(row.at), reason: String(row.reason) }
}

export function readDocument(row: Row): AcceptedDocument {
  return {
    sender: String(row.sender),
    id: String(row.document_id),
    acceptedAt: String(row.accepted_at),
    bytes: Number(row.bytes),
    sha256: String(row.sha256),
    referenceDigest: String(row.reference_digest),
    index: Number(row.leaf_index),
  }
}
