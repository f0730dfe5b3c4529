// The attempts of a delivery as rows, the same on every database: one for each that came to an end,
// written in the transaction that ends it.
import type { FaultCode } from '@seg/core'
import type { OutboxEvent } from './advance.ts'
import type { Attempt, AttemptOutcome, FollowedEntry, OutboxEntry } from './outbox.ts'
import { readEntryRow } from './outbox-rows.ts'

/** Beside the first attempt of an entry, so many of the latest are kept. */
export const LATEST_KEPT = 99
/** Characters of a detail, which may have words of the receiver. */
const LONGEST_DETAIL = 1000

const outcomes: Readonly<Partial<Record<OutboxEvent['type'], AttemptOutcome>>> = {
  postpone: 'postponed',
  deliver: 'delivered',
  refuse: 'refused',
  giveUp: 'expired',
}

type Row = Readonly<Record<string, unknown>>

export const attemptColumns: readonly string[] = [
  ...['entry', 'number', 'started_at', 'duration', 'outcome', 'code', 'detail', 'status', 'address', 'request'],
]

/** `entry` as it is after the event. Undefined for an event that ends no attempt. */
export function writeAttemptRow(entry: OutboxEntry, event: OutboxEvent): (string | number | null)[] | undefined {
  const outcome = outcomes[event.type]
  if (outcome === undefined || !('attempt' in event)) return undefined
  const { startedAt, duration, status, address, request } = event.attempt
  return [
    ...[entry.number, entry.tries, startedAt, duration, outcome],
    ...[entry.reason?.code ?? null, boundDetail(entry.reason?.detail), status ?? null],
    ...[address ?? null, request ?? null],
  ]
}

export function readAttemptRow(row: Row): Attempt {
  return {
    number: Number(row.number),
    startedAt: Number(row.started_at),
    duration: Number(row.duration),
    outcome: String(row.outcome) as AttemptOutcome,
    code: textOf(row.code) as FaultCode | undefined,
    detail: textOf(row.detail),
    status: row.status === null ? undefined : Number(row.status),
    address: textOf(row.address),
    request: textOf(row.request),
  }
}

function boundDetail(detail: string | undefined): string | null {
  if (detail === undefined) return null
  return detail.length <= LONGEST_DETAIL
    ? detail
    : `${detail.slice(0, LONGEST_DETAIL).replace(/[\ud800-\udbff]$/, '')}…`
}

function textOf(value: unknown): string | undefined {
  return value === null ? undefined : String(value)
}

/** A row of an entry, and of its latest attempt if that is there. */
export function readFollowedRow(row: Row): FollowedEntry {
  const { address, request } = row
  return {
    ...readEntryRow(row),
    ...(address !== null && { address: String(address) }),
    ...(request !== null && { request: String(request) }),
  }
}
