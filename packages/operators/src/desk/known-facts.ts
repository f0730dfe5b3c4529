// What the ledger and the outbox know of an event, as facts: all that a desk can have again that is
// made again.
import type { FollowedEntry, LogEvent } from '@seg/ledger'
import type { Fact } from './fact.ts'

/** Undefined for entries that are about no document. */
export function factOfEvent(index: number, event: LogEvent): Fact | undefined {
  const at = Date.parse(event.at)
  switch (event.type) {
    case 'accepted': {
      const { sender: partner, document, bytes, sha256, certificate } = event
      const known = { kind: 'document', outcome: 'accepted', at, index, partner, document, bytes } as const
      return { ...known, sha256: hex(sha256), certificate: hex(certificate) }
    }
    case 'refused':
      return {
        kind: 'refusal',
        outcome: 'refused',
        at,
        index,
        partner: event.sender,
        code: event.code,
        sha256: hex(event.sha256),
      }
    case 'conflict': {
      const { sender: partner, document, sha256 } = event
      const code = 'document-id-conflict'
      return { kind: 'refusal', outcome: 'conflict', at, index, partner, document, code, sha256: hex(sha256) }
    }
    case 'omitted': {
      const detail = `refusals and conflicts without an entry in the log since ${event.since}`
      return { kind: 'refusal', outcome: 'omitted', at, index, partner: event.sender, count: event.count, detail }
    }
    default:
      return undefined
  }
}

export function factOfDelivery(entry: FollowedEntry): Fact {
  const { document, reason, state, tries, settledAt, queuedAt, address, request } = entry
  return {
    kind: 'delivery',
    outcome: state,
    at: queuedAt,
    entry: entry.number,
    partner: document.receiverId,
    document: document.id,
    bytes: document.bytes,
    sha256: document.sha256,
    target: entry.receiver,
    tries,
    code: reason?.code,
    detail: reason?.detail,
    ...{ address, request },
    totalTime: settledAt === undefined ? undefined : settledAt - queuedAt,
  }
}

function hex(base64: string | null): string | undefined {
  return base64 === null ? undefined : Buffer.from(base64, 'base64').toString('hex')
}
