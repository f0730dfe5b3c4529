// Entries of the outbox as rows of its table, and back.
import type { FaultCode } from '@seg/core'
import type { OutboxEntry, OutboxReason, OutboxState, OwnSignature } from './outbox.ts'

type Value = string | number | null
type Row = Readonly<Record<string, unknown>>

/** What a row says of its entry, column by column; the receipt is read and written apart. */
const columns: Readonly<Record<string, (entry: OutboxEntry) => Value | undefined>> = {
  number: entry => entry.number,
  delivery: entry => entry.delivery,
  receiver: entry => entry.receiver,
  file: entry => entry.file,
  document: entry => entry.document.path,
  bytes: entry => entry.document.bytes,
  sha256: entry => entry.document.sha256,
  document_id: entry => entry.document.id,
  receiver_id: entry => entry.document.receiverId,
  signature_offset: entry => entry.document.own?.offset,
  tail_bytes: entry => entry.document.own?.tailBytes,
  fills_time: entry => entry.document.own && Number(entry.document.own.fillsTime),
  queued_at: entry => entry.queuedAt,
  expires_at: entry => entry.expiresAt,
  state: entry => entry.state,
  tries: entry => entry.tries,
  next_try: entry => entry.nextTry,
  lease: entry => entry.lease,
  leases: entry => entry.leases,
  hurried: entry => Number(entry.isHurried),
  settled_at: entry => entry.settledAt,
  code: entry => entry.reason?.code,
  detail: entry => entry.reason?.detail,
  reason_at: entry => entry.reason?.at,
}

export const entryColumns: readonly string[] = Object.keys(columns)

/** In the order of `entryColumns`. */
export function writeEntryRow(entry: OutboxEntry): Value[] {
  return Object.values(columns).map(read => read(entry) ?? null)
}

export function readEntryRow(row: Row): OutboxEntry {
  return {
    number: Number(row.number),
    delivery: String(row.delivery),
    receiver: String(row.receiver),
    file: String(row.file),
    document: {
      path: String(row.document),
      bytes: Number(row.bytes),
      sha256: String(row.sha256),
      id: textOf(row.document_id),
      receiverId: textOf(row.receiver_id),
      own: readOwnSignature(row),
    },
    queuedAt: Number(row.queued_at),
    expiresAt: Number(row.expires_at),
    state: String(row.state) as OutboxState,
    tries: Number(row.tries),
    nextTry: Number(row.next_try),
    lease: textOf(row.lease),
    leases: Number(row.leases),
    isHurried: row.hurried === 1,
    settledAt: row.settled_at === null ? undefined : Number(row.settled_at),
    reason: readReason(row),
  }
}

function readOwnSignature({ signature_offset, tail_bytes, fills_time }: Row): OwnSignature | undefined {
  if (signature_offset === null) return undefined
  return { offset: Number(signature_offset), tailBytes: Number(tail_bytes), fillsTime: fills_time === 1 }
}

function readReason({ code, detail, reason_at }: Row): OutboxReason | undefined {
  return code === null ? undefined : { code: String(code) as FaultCode, detail: String(detail), at: Number(reason_at) }
}

function textOf(value: unknown): string | undefined {
  return value === null ? undefined : String(value)
}
