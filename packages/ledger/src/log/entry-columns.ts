// The columns beside an entry's leaf: taken from the leaf, for queries.
import type { LogEvent } from './events.ts'

export type EntryColumns = {
  readonly at: string
  readonly type: string
  readonly sender: string | null
  readonly document_id: string | null
  readonly code: string | null
}

export function columnsOf(event: LogEvent): EntryColumns {
  return {
    at: event.at,
    type: event.type,
    sender: 'sender' in event ? event.sender : null,
    document_id: 'document' in event ? event.document : null,
    code: event.type === 'conflict' ? 'document-id-conflict' : 'code' in event ? event.code : null,
  }
}
