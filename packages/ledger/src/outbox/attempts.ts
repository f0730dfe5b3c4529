// The attempts of a delivery: a row for each that came to an end, written in the transaction that
// ends it.
import type { DatabaseSync } from 'node:sqlite'
import type { FaultCode } from '@seg/core'
import type { OutboxEvent } from './advance.ts'
import type { Attempt, AttemptNotes, AttemptOutcome, OutboxEntry } from './outbox.ts'

/** Beside the first attempt of an entry, so many of the latest are kept. */
const LATEST_KEPT = 99
/** Characters of a detail, which may have words of the receiver. */
const LONGEST_DETAIL = 1000

const outcomes: Readonly<Partial<Record<OutboxEvent['type'], AttemptOutcome>>> = {
  postpone: 'postponed',
  deliver: 'delivered',
  refuse: 'refused',
  giveUp: 'expired',
}

type Row = Readonly<Record<string, unknown>>

const attemptColumns = [
  ...['number', 'started_at', 'duration', 'outcome', 'code', 'detail', 'status', 'address', 'request'],
] as const

/**
 * `entry` as it is after the event. Does nothing for an event that ends no attempt. Called in the
 * transaction of the event: there is no end without its row, and no row without its end.
 */
export function writeAttempt(database: DatabaseSync, entry: OutboxEntry, event: OutboxEvent): void {
  const outcome = outcomes[event.type]
  if (outcome === undefined || !('attempt' in event)) return
  const { startedAt, duration, status, address, request }: AttemptNotes = event.attempt
  const places = attemptColumns.map(() => '?').join(', ')
  database
    .prepare(`INSERT INTO attempts (entry, ${attemptColumns.join(', ')}) VALUES (?, ${places})`)
    .run(
      ...[entry.number, entry.tries, startedAt, duration, outcome],
      ...[entry.reason?.code ?? null, boundDetail(entry.reason?.detail), status ?? null],
      ...[address ?? null, request ?? null],
    )
  database
    .prepare('DELETE FROM attempts WHERE entry = ? AND number > 1 AND number <= ?')
    .run(entry.number, entry.tries - LATEST_KEPT)
}

/** The latest first. */
export function readAttempts(database: DatabaseSync, entry: number): Attempt[] {
  const sql = `SELECT ${attemptColumns.join(', ')} FROM attempts WHERE entry = ? ORDER BY number DESC`
  return database.prepare(sql).all(entry).map(readAttemptRow)
}

function readAttemptRow(row: Row): Attempt {
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
