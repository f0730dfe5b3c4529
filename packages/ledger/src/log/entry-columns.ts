// What the columns beside an entry's leaf say: taken from the leaf, for whoever asks by them.
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
